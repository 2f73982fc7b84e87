//! The first frames of a connection: `hello` and `welcome`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::{HEARTBEAT_MS, Limits};
use crate::{PROTOCOL_VERSION, RoomName, Seq, TimestampMs, Username};

/// The client's first frame: who it is and which events it has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Hello {
    /// The protocol version. Another version than the server's closes with 4406.
    pub version: u32,
    /// The session's token, if the upgrade carried neither a bearer token nor the cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub token: Option<String>,
    /// The client's name and version, for the server's log: `chat-tui/0.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub client: Option<String>,
    /// The id of the log that the seqs in `resume` belong to, from the last `welcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub log: Option<String>,
    /// The cursor of each room: the seq of the last event that the client has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub resume: BTreeMap<RoomName, Seq>,
}

/// A [`Hello`] with its `type`, as it is sent.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "hello")]
pub struct HelloFrame<'a> {
    #[serde(flatten)]
    hello: &'a Hello,
}

impl Hello {
    /// The frame to send.
    pub fn to_frame(&self) -> HelloFrame<'_> {
        HelloFrame { hello: self }
    }
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello")
            .field("version", &self.version)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("client", &self.client)
            .field("log", &self.log)
            .field("resume", &self.resume)
            .finish()
    }
}

/// A frame of the FastAPI demo's page: the first names the user, later ones carry a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoFrame {
    /// The name that the page believes it has. The session decides, not this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Username>,
    /// The text, absent in the first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The server's first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Welcome {
    /// The protocol version that this connection speaks.
    pub version: u32,
    /// The id of the log that every seq of this server belongs to.
    pub log: String,
    /// The username of this connection.
    pub username: Username,
    /// The session's id, as in `GET /sessions`.
    pub session: String,
    /// The server's clock.
    pub now: TimestampMs,
    /// Milliseconds between the server's pings.
    pub heartbeat_ms: u64,
    /// The user's rooms, the most recently active first.
    pub rooms: Vec<RoomInfo>,
    /// Whether `rooms_state` frames follow with more rooms.
    pub more: bool,
    /// Everyone whom the user has blocked, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub blocked: Vec<Username>,
    /// The limits of this server.
    pub limits: Limits,
}

impl Welcome {
    /// Greets a user who is in no room yet, with the limits of this version.
    pub fn new(log: impl Into<String>, username: Username) -> Self {
        Self {
            version: PROTOCOL_VERSION,
            log: log.into(),
            username,
            session: String::new(),
            now: 0,
            heartbeat_ms: HEARTBEAT_MS,
            rooms: Vec::new(),
            more: false,
            blocked: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// A room as one member sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoomInfo {
    /// Its name.
    pub room: RoomName,
    /// Says who can find and enter it.
    pub kind: RoomKind,
    /// Its topic; empty if it has none.
    pub topic: String,
    /// The seq of its last event, 0 if there is none. Every event above it follows live.
    pub last_seq: Seq,
    /// The user's read marker: the seq up to which they have read.
    pub read_seq: Seq,
    /// Messages above `read_seq`.
    pub unread: u64,
    /// Unread messages that mention the user.
    pub mentions: u64,
    /// The user's role.
    pub role: Role,
    /// How many members it has, online or not.
    pub members: u64,
    /// In a direct room, the other person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub with: Option<Username>,
}

impl RoomInfo {
    /// Describes a room in which nothing has happened yet, to its only member.
    pub fn new(room: RoomName, kind: RoomKind) -> Self {
        Self {
            room,
            kind,
            topic: String::new(),
            last_seq: 0,
            read_seq: 0,
            unread: 0,
            mentions: 0,
            role: Role::Member,
            members: 1,
            with: None,
        }
    }
}

/// Says who can find and enter a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Everyone can find and join it.
    Public,
    /// Only invited users can enter it; to others it does not exist.
    Private,
    /// It has two members and nobody can be added.
    Direct,
}

/// The rights of a member in a room. Each role may do everything that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends, edits and deletes own messages, reads all of the room's past.
    Member,
    /// Also deletes any message, kicks, bans, mutes, invites, sets the topic.
    Moderator,
    /// Also gives roles.
    Owner,
}
