use serde::{Deserialize, Serialize};

use super::RoomInfo;
use crate::{Nonce, RoomName, Seq, TimestampMs, Username};

/// A message, live or as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatEvent {
    /// Where it was said.
    pub room: RoomName,
    /// Its position in the room.
    pub seq: Seq,
    /// In a page of history, the seq of the last event that changed it; absent in an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<Seq>,
    /// When it was stored.
    pub ts: TimestampMs,
    /// Who said it.
    pub username: Username,
    /// The text.
    pub message: String,
    /// What its sender marked it with.
    pub nonce: Nonce,
    /// Whether its sender is a bot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
    /// The seq of the message that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
}

/// A sentence about a room. Durable kinds have a `seq`, ephemeral ones have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemEvent {
    /// Where.
    pub room: RoomName,
    /// Its position in the room, for a durable kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// When.
    pub ts: TimestampMs,
    /// What happened.
    pub event: SystemKind,
    /// The sentence for people.
    pub message: String,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Username>,
    /// Whom it is about, where several are told in one line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usernames: Vec<Username>,
    /// How many it is about, where several are told in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Who did it, where that is someone else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Username>,
}

/// What a [`SystemEvent`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SystemKind {
    /// Durable: the room was made.
    Created,
    /// Durable: someone is now a member.
    Joined,
    /// Durable: someone is no longer a member.
    Left,
    /// Ephemeral: someone is online now.
    JoinedChat,
    /// Ephemeral: someone is no longer online.
    LeftChat,
    /// Ephemeral: a word from the server to this connection alone.
    Notice,
    /// A kind that this version doesn't know; its sentence still reads well.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// Who of a room came and went since the last one; one a second at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceEvent {
    /// Where.
    pub room: RoomName,
    /// Who is online now and was not before. Empty in a room above
    /// [`crate::limits::PRESENCE_NAMES_MEMBERS_MAX`] members.
    pub online: Vec<Username>,
    /// Who was online and is not any more. Empty in such a room too.
    pub offline: Vec<Username>,
    /// How many are online.
    pub count: u64,
}

/// One is no longer in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomGone {
    /// The room.
    pub room: RoomName,
}

/// More was missed than a resume replays: drop what you cached of the room and page `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limited {
    /// The room.
    pub room: RoomName,
    /// The seq of its last event; those above it follow live.
    pub last_seq: Seq,
    /// Whether the log is another one, so that the numbers one has mean nothing any more.
    pub reset: bool,
}

/// More of the rooms one is in than `welcome` could hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomsState {
    /// The rooms.
    pub rooms: Vec<RoomInfo>,
    /// Whether another such frame follows.
    pub more: bool,
}

/// The server is about to close the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// Why, as a sentence.
    pub reason: String,
    /// Milliseconds to wait before connecting again.
    pub reconnect_after_ms: u64,
}
