use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Role;
use crate::{Emoji, Nonce, RequestId, RoomName, Seq, Username};

/// A command with the `id` that its one reply carries as `re`. Without an `id` only `send` is
/// answered (by its ack), and errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CommandFrame {
    /// Chosen by the client; unique among its unanswered commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub id: Option<RequestId>,
    /// The command.
    #[serde(flatten)]
    pub command: Command,
}

/// What a client asks of the server. [`crate::codec::decode_client_frame`] reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// Say something in a room. Answered by `ack` once stored.
    Send(Send),
    /// Give one's own message another text. Answered by `ok`.
    Edit(Edit),
    /// Take a message's text away for good. Answered by `ok`.
    Delete(Delete),
    /// Put a reaction on a message, or take it back. Answered by `ok`.
    React(React),
    /// A page of messages as they stand now. Answered by `history`.
    History(History),
    /// A page of events, as a resume would send them. Answered by `events`.
    Events(Events),
    /// Messages with these words, newest first, in rooms one is in. Answered by `results`.
    Search(Search),
    /// Say that one is writing; it holds for [`crate::limits::TYPING_MS`]. Answered by `ok`.
    Typing(Typing),
    /// Say up to where one has read; the marker only moves forward. Answered by `ok`.
    Read(Read),
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
    /// Let someone into a room. Answered by `ok`.
    Invite(About),
    /// Put someone out of a room. Answered by `ok`.
    Kick(About),
    /// Put someone out of a room and keep them out. Answered by `ok`.
    Ban(AboutFor),
    /// Let someone who is banned come back. Answered by `ok`.
    Unban(About),
    /// Let someone only read. Answered by `ok`.
    Mute(AboutFor),
    /// Let someone who is muted speak again. Answered by `ok`.
    Unmute(About),
    /// Say what a member may do. Answered by `ok`.
    Role(GiveRole),
    /// Say what a room is about. Answered by `ok`.
    Topic(Topic),
    /// The direct room with someone, made when needed. Answered by `room`.
    Dm(Dm),
    /// Change the name that others see. Answered by `ok`.
    Profile(Profile),
    /// Replay what was missed since, as `hello` does. Answered by `ok`, then the events.
    Resume(Resume),
    /// Answered by `pong`.
    Ping,
}

/// See [`Command::Send`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Send {
    /// Where to.
    pub room: RoomName,
    /// The text; [`crate::MessageText`] says what it must be.
    pub text: String,
    /// Repeated, it gets the first answer and does nothing.
    pub nonce: Nonce,
    /// The seq of the message that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_to: Option<Seq>,
}

/// See [`Command::History`]. At most one of `before`, `after` and `around`; none is the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct History {
    /// Of which room.
    pub room: RoomName,
    /// Messages under this seq, the nearest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub before: Option<Seq>,
    /// Messages above this seq, the nearest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<Seq>,
    /// Messages on both sides of this seq.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub around: Option<Seq>,
    /// 1 to [`crate::limits::HISTORY_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

impl History {
    /// Asks for the messages of `room` that `kind` names, at most `limit` of them.
    pub fn new(room: RoomName, kind: PageKind, limit: Option<u32>) -> Self {
        let (mut before, mut after, mut around) = (None, None, None);
        match kind {
            PageKind::Newest => {}
            PageKind::Before(seq) => before = Some(seq),
            PageKind::After(seq) => after = Some(seq),
            PageKind::Around(seq) => around = Some(seq),
        }
        Self {
            room,
            before,
            after,
            around,
            limit,
        }
    }

    /// Which messages are asked for.
    pub fn kind(&self) -> PageKind {
        match (self.before, self.after, self.around) {
            (Some(seq), ..) => PageKind::Before(seq),
            (None, Some(seq), _) => PageKind::After(seq),
            (None, None, Some(seq)) => PageKind::Around(seq),
            (None, None, None) => PageKind::Newest,
        }
    }
}

/// Which messages of a room a [`History`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// The newest ones.
    Newest,
    /// The nearest ones below this seq.
    Before(Seq),
    /// The nearest ones above this seq.
    After(Seq),
    /// Those on both sides of this seq, and the message at it.
    Around(Seq),
}

/// See [`Command::Events`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Events {
    /// Of which room.
    pub room: RoomName,
    /// Events above this seq.
    pub after: Seq,
    /// 1 to [`crate::limits::EVENTS_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`Command::Rooms`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rooms {
    /// Only names that begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub prefix: Option<String>,
    /// Only names after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<String>,
    /// 1 to [`crate::limits::LIST_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`Command::Members`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Members {
    /// Of which room.
    pub room: RoomName,
    /// Only names after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<Username>,
    /// 1 to [`crate::limits::LIST_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`Command::Create`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Create {
    /// The new room's name.
    pub room: RoomName,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub topic: Option<String>,
    /// Whether it is hidden from who is not in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub private: bool,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Join`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Join {
    /// Which room.
    pub room: RoomName,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Leave`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Leave {
    /// Which room.
    pub room: RoomName,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Resume`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Resume {
    /// The last seq one has, for each room.
    pub rooms: BTreeMap<RoomName, Seq>,
}

/// See [`Command::Edit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Edit {
    /// Where it was said.
    pub room: RoomName,
    /// Which message; one's own.
    pub seq: Seq,
    /// The new text; [`crate::MessageText`] says what it must be.
    pub text: String,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Delete`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Delete {
    /// Where it was said.
    pub room: RoomName,
    /// Which message; one's own, or any for a moderator.
    pub seq: Seq,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::React`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct React {
    /// Where it was said.
    pub room: RoomName,
    /// Which message.
    pub seq: Seq,
    /// With what; [`crate::limits::REACTIONS_MAX`] different ones a message.
    pub emoji: Emoji,
    /// Put on, or taken back.
    pub on: bool,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Search`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Search {
    /// Words, all of which must occur, and `"a phrase"` in double quotes.
    pub query: String,
    /// Only in this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub room: Option<RoomName>,
    /// Only what this person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from: Option<Username>,
    /// Where the last page ended, as its `results` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cursor: Option<String>,
    /// 1 to [`crate::limits::SEARCH_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`Command::Typing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Typing {
    /// Where.
    pub room: RoomName,
}

/// See [`Command::Read`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Read {
    /// Where.
    pub room: RoomName,
    /// The last event one has seen.
    pub seq: Seq,
}

/// What is done about someone in a room: [`Command::Invite`], [`Command::Kick`],
/// [`Command::Unban`], [`Command::Unmute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct About {
    /// Where.
    pub room: RoomName,
    /// About whom.
    pub username: Username,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// What is done about someone in a room for a time: [`Command::Ban`], [`Command::Mute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AboutFor {
    /// Where.
    pub room: RoomName,
    /// About whom.
    pub username: Username,
    /// Seconds, 1 to [`crate::limits::FOR_S_MAX`]; without it, until it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub for_s: Option<u64>,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Role`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GiveRole {
    /// Where.
    pub room: RoomName,
    /// To whom.
    pub username: Username,
    /// What they may do from now on.
    pub role: Role,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Topic`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Topic {
    /// Which room.
    pub room: RoomName,
    /// What it is about; empty takes the topic away.
    pub topic: String,
    /// Repeated, it gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Dm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Dm {
    /// With whom.
    pub username: Username,
}

/// See [`Command::Profile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Profile {
    /// The name that others see; [`crate::check_display_name`] says what it must be.
    pub display_name: String,
}
