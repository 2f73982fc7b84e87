use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Nonce, RequestId, RoomName, Seq, Username};

/// A command with the `id` that its one reply carries as `re`. Without an `id` only `send` is
/// answered (by its ack), and errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandFrame {
    /// Chosen by the client; unique among its unanswered commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The command.
    #[serde(flatten)]
    pub command: Command,
}

/// What a client asks of the server. [`crate::codec::decode_client_frame`] reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// Say something in a room. Answered by `ack` once stored.
    Send(Send),
    /// A page of messages as they stand now. Answered by `history`.
    History(History),
    /// A page of events, as a resume would send them. Answered by `events`.
    Events(Events),
    /// Public rooms by name. Answered by `rooms`.
    Rooms(Rooms),
    /// A room's members by name. Answered by `members`.
    Members(Members),
    /// Make a room and own it. Answered by `room`.
    Create(Create),
    /// Enter a room. Answered by `ok`.
    Join(Join),
    /// Leave a room. Answered by `ok`.
    Leave(Leave),
    /// Replay what was missed since, as `hello` does. Answered by `ok`, then the events.
    Resume(Resume),
    /// Answered by `pong`.
    Ping,
}

/// See [`Command::Send`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// Where to.
    pub room: RoomName,
    /// The text; [`crate::MessageText`] says what it must be.
    pub text: String,
    /// Repeated, it gets the first answer and does nothing.
    pub nonce: Nonce,
    /// The seq of the message that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
}

/// See [`Command::History`]. At most one of `before`, `after` and `around`; none is the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Of which room.
    pub room: RoomName,
    /// Messages under this seq, the nearest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// Messages above this seq, the nearest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// Messages on both sides of this seq.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Seq>,
    /// 1 to [`crate::limits::HISTORY_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// See [`Command::Events`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Of which room.
    pub room: RoomName,
    /// Events above this seq.
    pub after: Seq,
    /// 1 to [`crate::limits::EVENTS_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// See [`Command::Rooms`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// Only names that begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Only names after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// 1 to [`crate::limits::LIST_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// See [`Command::Members`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Of which room.
    pub room: RoomName,
    /// Only names after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Username>,
    /// 1 to [`crate::limits::LIST_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// See [`Command::Create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Create {
    /// The new room's name.
    pub room: RoomName,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Whether it is hidden from who is not in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Join`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Which room.
    pub room: RoomName,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Leave`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// Which room.
    pub room: RoomName,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Resume`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The last seq one has, for each room.
    pub rooms: BTreeMap<RoomName, Seq>,
}
