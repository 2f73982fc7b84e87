use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Role, RoomInfo};
use crate::{Emoji, Nonce, RoomName, Seq, TimestampMs, Username};

/// A message, live or as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChatEvent {
    /// Where it was said.
    pub room: RoomName,
    /// Its position in the room.
    pub seq: Seq,
    /// In a page of history, the seq of the last event that changed it; absent in an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
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
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub bot: bool,
    /// The seq of the message that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_to: Option<Seq>,
    /// When its text was changed last; absent in an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub edited_ts: Option<TimestampMs>,
    /// Whether it was deleted; then its text is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub deleted: bool,
    /// What people put on it; absent in an event.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub reactions: BTreeMap<Emoji, Reaction>,
    /// Whom the text names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub mentions: Vec<Username>,
}

impl ChatEvent {
    /// A message as it is told live, with nothing but what every message has.
    pub fn new(
        room: RoomName,
        seq: Seq,
        ts: TimestampMs,
        username: Username,
        message: impl Into<String>,
        nonce: Nonce,
    ) -> Self {
        Self {
            room,
            seq,
            rev: None,
            ts,
            username,
            message: message.into(),
            nonce,
            bot: false,
            reply_to: None,
            edited_ts: None,
            deleted: false,
            reactions: BTreeMap::new(),
            mentions: Vec::new(),
        }
    }
}

/// One emoji on a message, as the one who asked sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reaction {
    /// How many people put it there.
    pub n: u64,
    /// Whether one is among them.
    pub me: bool,
    /// The first of them, [`crate::limits::REACTION_WHO_MAX`] at most.
    pub who: Vec<Username>,
}

/// A message has another text from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EditedEvent {
    /// Where.
    pub room: RoomName,
    /// The position of this event in the room.
    pub seq: Seq,
    /// When.
    pub ts: TimestampMs,
    /// Which message.
    pub target: Seq,
    /// Who changed it: its sender.
    pub username: Username,
    /// The new text.
    pub message: String,
    /// Whether the message was deleted since; then the text is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub deleted: bool,
    /// Whom the new text names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub mentions: Vec<Username>,
}

/// A message's text is gone for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DeletedEvent {
    /// Where.
    pub room: RoomName,
    /// The position of this event in the room.
    pub seq: Seq,
    /// When.
    pub ts: TimestampMs,
    /// Which message.
    pub target: Seq,
    /// Who deleted it.
    pub username: Username,
}

/// Someone put a reaction on a message, or took it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReactedEvent {
    /// Where.
    pub room: RoomName,
    /// The position of this event in the room.
    pub seq: Seq,
    /// When.
    pub ts: TimestampMs,
    /// Which message.
    pub target: Seq,
    /// Who.
    pub username: Username,
    /// With what.
    pub emoji: Emoji,
    /// Put on, or taken back.
    pub on: bool,
}

/// A sentence about a room. Durable kinds have a `seq`, ephemeral ones have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SystemEvent {
    /// Where.
    pub room: RoomName,
    /// Its position in the room, for a durable kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub seq: Option<Seq>,
    /// When.
    pub ts: TimestampMs,
    /// What happened.
    pub event: SystemKind,
    /// The sentence for people.
    pub message: String,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub username: Option<Username>,
    /// Whom it is about, where several are told in one line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub usernames: Vec<Username>,
    /// How many it is about, where several are told in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub count: Option<u64>,
    /// Who did it, where that is someone else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub by: Option<Username>,
    /// `topic`, `created`: what the room is about from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub topic: Option<String>,
    /// `role`: what `username` may do from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub role: Option<Role>,
    /// `banned`, `muted`: until when, where it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub until: Option<TimestampMs>,
    /// `left`: who owns the room from here on, where its last owner left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub heir: Option<Username>,
}

impl SystemEvent {
    /// An ephemeral line about nobody in particular.
    pub fn new(
        room: RoomName,
        ts: TimestampMs,
        event: SystemKind,
        message: impl Into<String>,
    ) -> Self {
        Self {
            room,
            seq: None,
            ts,
            event,
            message: message.into(),
            username: None,
            usernames: Vec::new(),
            count: None,
            by: None,
            topic: None,
            role: None,
            until: None,
            heir: None,
        }
    }
}

/// What a [`SystemEvent`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SystemKind {
    /// Durable: the room was made.
    Created,
    /// Durable: someone is now a member.
    Joined,
    /// Durable: someone is no longer a member.
    Left,
    /// Durable: `by` made someone a member.
    Invited,
    /// Durable: `by` put someone out.
    Kicked,
    /// Durable: `by` put someone out, who can't come back.
    Banned,
    /// Durable: `by` let someone come back who was banned.
    Unbanned,
    /// Durable: `by` took someone's right to speak.
    Muted,
    /// Durable: `by` gave it back.
    Unmuted,
    /// Durable: `by` said what someone may do.
    Role,
    /// Durable: someone said what the room is about.
    Topic,
    /// Ephemeral: someone is online now.
    JoinedChat,
    /// Ephemeral: someone is no longer online.
    LeftChat,
    /// Ephemeral: a word from the server to this connection alone.
    Notice,
    /// A kind that this version doesn't know; its sentence still reads well.
    #[cfg_attr(feature = "ts", ts(skip))]
    #[serde(other, skip_serializing)]
    Unknown,
}

impl SystemKind {
    /// Every kind that this version knows.
    pub const ALL: [Self; 14] = [
        Self::Created,
        Self::Joined,
        Self::Left,
        Self::Invited,
        Self::Kicked,
        Self::Banned,
        Self::Unbanned,
        Self::Muted,
        Self::Unmuted,
        Self::Role,
        Self::Topic,
        Self::JoinedChat,
        Self::LeftChat,
        Self::Notice,
    ];
}

/// Who of a room came and went since the last one; one a second at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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

/// Who is writing in a room. All members are told the same; a client leaves its own user out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TypingEvent {
    /// Where.
    pub room: RoomName,
    /// All who are, [`crate::limits::TYPING_NAMES_MAX`] at most; it is over after
    /// [`crate::limits::TYPING_MS`] unless told again. Nobody: it is over.
    pub usernames: Vec<Username>,
}

/// Up to where one has read, told to all one's connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReadEvent {
    /// Where.
    pub room: RoomName,
    /// Up to which event.
    pub seq: Seq,
    /// Messages above it when this was sent.
    pub unread: u64,
    /// Messages above it that mention one.
    pub mentions: u64,
}

/// What others see of someone who shares a room with one, or of oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProfileEvent {
    /// Who.
    pub username: Username,
    /// The name to show.
    pub display_name: String,
    /// Where their picture is, as a path of this server.
    pub avatar: String,
}

/// One is no longer in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoomGone {
    /// The room.
    pub room: RoomName,
}

/// More was missed than a resume replays: drop what you cached of the room and page `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoomsState {
    /// The rooms.
    pub rooms: Vec<RoomInfo>,
    /// Whether another such frame follows.
    pub more: bool,
}

/// The server is about to close the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Bye {
    /// Why, as a sentence.
    pub reason: String,
    /// Milliseconds to wait before connecting again.
    pub reconnect_after_ms: u64,
}
