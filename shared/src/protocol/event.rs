//! Durable and ephemeral events, and the other frames that answer no command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Role, RoomInfo};
use crate::{Emoji, Nonce, RoomName, Seq, TimestampMs, Username};

/// A message: as it was sent, or as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChatEvent {
    /// Its room.
    pub room: RoomName,
    /// Its position in the room.
    pub seq: Seq,
    /// In a page of history, the seq of the last event that changed it; absent in an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub rev: Option<Seq>,
    /// When it was stored.
    pub ts: TimestampMs,
    /// Its sender.
    pub username: Username,
    /// The text.
    pub message: String,
    /// The nonce that its sender gave it.
    pub nonce: Nonce,
    /// Whether its sender is a bot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub bot: bool,
    /// The seq of the message that this one replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_to: Option<Seq>,
    /// When it was last edited; absent in an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub edited_ts: Option<TimestampMs>,
    /// Whether it was deleted; then its text is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub deleted: bool,
    /// The reactions of people; absent in an event.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub reactions: BTreeMap<Emoji, Reaction>,
    /// The users whom the text mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub mentions: Vec<Username>,
}

impl ChatEvent {
    /// Makes a message with the fields that every message has.
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

/// One emoji on a message, as the user who asked sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reaction {
    /// How many people added it.
    pub n: u64,
    /// Whether the user is one of them.
    pub me: bool,
    /// The first of them, [`crate::limits::REACTION_WHO_MAX`] at most.
    pub who: Vec<Username>,
}

/// A message was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EditedEvent {
    /// The room.
    pub room: RoomName,
    /// The position of this event in the room.
    pub seq: Seq,
    /// When it happened.
    pub ts: TimestampMs,
    /// The seq of the message.
    pub target: Seq,
    /// The user who edited it, its sender.
    pub username: Username,
    /// The new text.
    pub message: String,
    /// Whether the message was deleted since then; the text is then empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub deleted: bool,
    /// The users whom the new text mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub mentions: Vec<Username>,
}

/// A message was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DeletedEvent {
    /// The room.
    pub room: RoomName,
    /// The position of this event in the room.
    pub seq: Seq,
    /// When it happened.
    pub ts: TimestampMs,
    /// The seq of the message.
    pub target: Seq,
    /// The user who deleted it.
    pub username: Username,
}

/// Somebody added a reaction to a message, or removed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReactedEvent {
    /// The room.
    pub room: RoomName,
    /// The position of this event in the room.
    pub seq: Seq,
    /// When it happened.
    pub ts: TimestampMs,
    /// The seq of the message.
    pub target: Seq,
    /// The user.
    pub username: Username,
    /// The emoji.
    pub emoji: Emoji,
    /// Whether it was added or removed.
    pub on: bool,
}

/// An event about a room or its members. Durable kinds have a `seq`, ephemeral ones have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SystemEvent {
    /// The room.
    pub room: RoomName,
    /// Its position in the room, if it is durable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub seq: Option<Seq>,
    /// When it happened.
    pub ts: TimestampMs,
    /// The kind of event.
    pub event: SystemKind,
    /// The sentence for people.
    pub message: String,
    /// The user whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub username: Option<Username>,
    /// The users whom it is about, if one line is about several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub usernames: Vec<Username>,
    /// How many users it is about, if one line is about several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub count: Option<u64>,
    /// The user who did it, if that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub by: Option<Username>,
    /// `topic`, `created`: the new topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub topic: Option<String>,
    /// `role`: the new role of `username`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub role: Option<Role>,
    /// `banned`, `muted`: when it ends, if it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub until: Option<TimestampMs>,
    /// `left`: the new owner, if the last owner left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub heir: Option<Username>,
}

impl SystemEvent {
    /// Makes an ephemeral event about no user.
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

/// The kind of a [`SystemEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SystemKind {
    /// Durable: the room was created.
    Created,
    /// Durable: a user joined.
    Joined,
    /// Durable: a member left.
    Left,
    /// Durable: `by` made a user a member.
    Invited,
    /// Durable: `by` removed a member.
    Kicked,
    /// Durable: `by` banned a user.
    Banned,
    /// Durable: `by` lifted a ban.
    Unbanned,
    /// Durable: `by` muted a user.
    Muted,
    /// Durable: `by` lifted a mute.
    Unmuted,
    /// Durable: `by` gave a member a role.
    Role,
    /// Durable: the topic changed.
    Topic,
    /// Ephemeral: a user came online.
    JoinedChat,
    /// Ephemeral: a user went offline.
    LeftChat,
    /// Ephemeral: a sentence from the server for this connection alone.
    Notice,
    /// A kind that this version doesn't know; its sentence can be shown all the same.
    #[cfg_attr(feature = "ts", ts(skip))]
    #[serde(other)]
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

/// Lists the users who came online and went offline since the last one; at most one a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PresenceEvent {
    /// The room.
    pub room: RoomName,
    /// The users who came online. Empty in a room above
    /// [`crate::limits::PRESENCE_NAMES_MEMBERS_MAX`] members.
    pub online: Vec<Username>,
    /// The users who went offline. Empty in such a room too.
    pub offline: Vec<Username>,
    /// How many members are online.
    pub count: u64,
}

/// Lists the users who are typing in a room. All members get the same frame; a client leaves its own user out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TypingEvent {
    /// The room.
    pub room: RoomName,
    /// The users who are typing, at most [`crate::limits::TYPING_NAMES_MAX`]. It is over after
    /// [`crate::limits::TYPING_MS`] unless repeated; an empty list ends it at once.
    pub usernames: Vec<Username>,
}

/// The user's read marker, sent to all of their connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReadEvent {
    /// The room.
    pub room: RoomName,
    /// The seq up to which the user has read.
    pub seq: Seq,
    /// Messages above it when this was sent.
    pub unread: u64,
    /// Messages above it that mention the user.
    pub mentions: u64,
}

/// A user's public profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProfileEvent {
    /// The user.
    pub username: Username,
    /// The display name.
    pub display_name: String,
    /// The path of their picture on this server.
    pub avatar: String,
}

/// Everyone whom the user has blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BlockedEvent {
    /// Their usernames, by name.
    pub usernames: Vec<Username>,
}

/// The user is no longer in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoomGone {
    /// The room.
    pub room: RoomName,
}

/// More was missed than a resume replays: drop what is cached of the room and read `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Limited {
    /// The room.
    pub room: RoomName,
    /// The seq of its last event. Events above it follow live.
    pub last_seq: Seq,
    /// Whether the log is another one, so that the client's seqs mean nothing.
    pub reset: bool,
}

/// More of the user's rooms than `welcome` could hold.
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
    /// The reason, as a sentence.
    pub reason: String,
    /// Milliseconds to wait before connecting again.
    pub reconnect_after_ms: u64,
}
