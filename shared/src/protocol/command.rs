//! The commands that a client sends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AdminRight, Audit, History, InviteLink, InviteLinks, ResetLink, RevokeInvite, Role};
use crate::{Emoji, Nonce, RequestId, RoomName, Seq, Username};

/// A command with the `id` that its one reply carries as `re`. Without an `id`, `ok` is not sent.
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

/// A command of a client. [`crate::codec::decode_client_frame`] reads it from a frame.
///
/// Unlike what servers send, this is not `non_exhaustive`: only a server takes commands apart, and
/// the compiler then finds one that it does not handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Sends a message. Answered by `ack` once it is stored.
    Send(Send),
    /// Changes the text of the user's own message. Answered by `ok`.
    Edit(Edit),
    /// Deletes a message, which can't be undone. Answered by `ok`.
    Delete(Delete),
    /// Adds a reaction to a message, or removes it. Answered by `ok`.
    React(React),
    /// Asks for a page of messages as they are now. Answered by `history`.
    History(History),
    /// Asks for a page of events, as a resume would send them. Answered by `events`.
    Events(Events),
    /// Searches the messages of the user's rooms, newest first. Answered by `results`.
    Search(Search),
    /// Says that the user is typing, for [`crate::limits::TYPING_MS`]. Answered by `ok`.
    Typing(Typing),
    /// Moves the user's read marker, only forward. Answered by `ok`.
    Read(Read),
    /// Lists public rooms by name. Answered by `rooms`.
    Rooms(Rooms),
    /// Lists a room's members by name. Answered by `members`.
    Members(Members),
    /// Creates a room that the user owns. Answered by `room`.
    Create(Create),
    /// Joins a room. Answered by `ok`.
    Join(Join),
    /// Leaves a room. Answered by `ok`.
    Leave(Leave),
    /// Makes another user a member of a room. Answered by `ok`.
    Invite(About),
    /// Removes a user from a room; they may come back. Answered by `ok`.
    Kick(About),
    /// Removes a user from a room and keeps them out. Answered by `ok`.
    Ban(AboutFor),
    /// Lifts a ban. Answered by `ok`.
    Unban(About),
    /// Mutes a user, who may then only read. Answered by `ok`.
    Mute(AboutFor),
    /// Lifts a mute. Answered by `ok`.
    Unmute(About),
    /// Gives a member a role. Answered by `ok`.
    Role(GiveRole),
    /// Sets the topic of a room. Answered by `ok`.
    Topic(Topic),
    /// Opens the direct room with another user, created if needed. Answered by `room`.
    Dm(Dm),
    /// Changes the user's display name. Answered by `ok`.
    Profile(Profile),
    /// Keeps another user from reaching this one directly. Answered by `ok`.
    Block(Block),
    /// Lifts a block. Answered by `ok`.
    Unblock(Block),
    /// Makes a link by which people sign up; only the server's admin may. Answered by `invite_link`.
    InviteLink(InviteLink),
    /// Lists the invite links; only the server's admin may. Answered by `invite_links`.
    InviteLinks(InviteLinks),
    /// Ends an invite link; only the server's admin may. Answered by `ok`.
    RevokeInvite(RevokeInvite),
    /// Makes a link by which a user gets a new password once; only the server's admin may. Answered
    /// by `reset_link`.
    ResetLink(ResetLink),
    /// Makes a user an admin of the server; only an admin may. Answered by `ok`.
    MakeAdmin(AdminRight),
    /// Takes the admin's right from a user; only an admin may. Answered by `ok`.
    UnmakeAdmin(AdminRight),
    /// Lists who signed in and who changed what; only an admin may. Answered by `audit`.
    Audit(Audit),
    /// Replays the events that were missed, as `hello` does. Answered by `ok`, then the events.
    Resume(Resume),
    /// Asks for a sign of life. Answered by `pong`.
    Ping,
}

/// See [`Command::Send`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Send {
    /// The room to send it to.
    pub room: RoomName,
    /// The text; [`crate::MessageText`] has its rules.
    pub text: String,
    /// A repeated nonce gets the first answer and does nothing.
    pub nonce: Nonce,
    /// The seq of the message that this one replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_to: Option<Seq>,
}

/// See [`Command::Events`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Events {
    /// The room.
    pub room: RoomName,
    /// Events above this seq.
    pub after: Seq,
    /// Events at most: 1 to [`crate::limits::EVENTS_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`Command::Rooms`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rooms {
    /// Only names with this prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub prefix: Option<String>,
    /// Only names after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<String>,
    /// Rows at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`Command::Members`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Members {
    /// The room.
    pub room: RoomName,
    /// Only names after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<Username>,
    /// Rows at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
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
    /// Its topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub topic: Option<String>,
    /// Whether only its members can find it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub private: bool,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Join`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Join {
    /// The room.
    pub room: RoomName,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Leave`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Leave {
    /// The room.
    pub room: RoomName,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Resume`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Resume {
    /// The cursor of each room: the seq of the last event that the client has.
    pub rooms: BTreeMap<RoomName, Seq>,
}

/// See [`Command::Edit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Edit {
    /// The message's room.
    pub room: RoomName,
    /// The seq of the message, which must be the user's own.
    pub seq: Seq,
    /// The new text; [`crate::MessageText`] has its rules.
    pub text: String,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Delete`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Delete {
    /// The message's room.
    pub room: RoomName,
    /// The seq of the message: the user's own, or any for a moderator.
    pub seq: Seq,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::React`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct React {
    /// The message's room.
    pub room: RoomName,
    /// The seq of the message.
    pub seq: Seq,
    /// The emoji. A message takes [`crate::limits::REACTIONS_MAX`] different ones.
    pub emoji: Emoji,
    /// Whether it is added or removed.
    pub on: bool,
    /// A repeated nonce gets the first answer and does nothing.
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
    /// Only messages of this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from: Option<Username>,
    /// The `cursor` of the last page of `results`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cursor: Option<String>,
    /// Messages at most: 1 to [`crate::limits::SEARCH_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`Command::Typing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Typing {
    /// The room.
    pub room: RoomName,
}

/// See [`Command::Read`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Read {
    /// The room.
    pub room: RoomName,
    /// The seq of the last event that the user has seen.
    pub seq: Seq,
}

/// A command about a user in a room: [`Command::Invite`], [`Command::Kick`], [`Command::Unban`] or
/// [`Command::Unmute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct About {
    /// The room.
    pub room: RoomName,
    /// The user whom it is about.
    pub username: Username,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// A command about a user in a room, for a time: [`Command::Ban`] or [`Command::Mute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AboutFor {
    /// The room.
    pub room: RoomName,
    /// The user whom it is about.
    pub username: Username,
    /// How long, in seconds: 1 to [`crate::limits::FOR_S_MAX`]. Without it, until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub for_s: Option<u64>,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Role`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GiveRole {
    /// The room.
    pub room: RoomName,
    /// The member who gets it.
    pub username: Username,
    /// The new role.
    pub role: Role,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Topic`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Topic {
    /// The room.
    pub room: RoomName,
    /// The new topic; an empty one clears it.
    pub topic: String,
    /// A repeated nonce gets the first answer and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
}

/// See [`Command::Dm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Dm {
    /// The other user.
    pub username: Username,
}

/// See [`Command::Profile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Profile {
    /// The new display name; [`crate::check_display_name`] has its rules.
    pub display_name: String,
}

/// See [`Command::Block`] and [`Command::Unblock`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Block {
    /// The other user.
    pub username: Username,
}
