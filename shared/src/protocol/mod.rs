//! The types of the wire. `PROTOCOL.md` describes them for authors of clients.

mod admins;
mod audit;
mod close;
mod command;
mod error;
mod event;
mod hello;
mod history;
pub mod http;
mod invites;
mod reply;

pub use admins::AdminRight;
pub use audit::{Audit, AuditInfo, AuditPage};
pub use close::{CloseCode, Reconnect};
pub use command::{
    About, AboutFor, Block, Command, CommandFrame, Create, Delete, Dm, Edit, Events, GiveRole,
    Join, Leave, Members, Profile, React, Read, Resume, Rooms, Search, Send, Topic, Typing,
};
pub use error::{ErrorCode, ErrorFrame};
pub use event::{
    BlockedEvent, Bye, ChatEvent, DeletedEvent, EditedEvent, Limited, PresenceEvent, ProfileEvent,
    ReactedEvent, Reaction, ReadEvent, RoomGone, RoomsState, SystemEvent, SystemKind, TypingEvent,
};
pub use hello::{DemoFrame, Hello, HelloFrame, Role, RoomInfo, RoomKind, Welcome};
pub use history::{History, PageKind};
pub use invites::{
    InviteInfo, InviteLink, InviteLinks, InvitesPage, NewInviteLink, NewResetLink, ResetLink,
    RevokeInvite,
};
pub use reply::{
    Ack, EventsPage, HistoryPage, MemberInfo, MembersPage, ResultsPage, RoomListing, RoomsPage,
};

use serde::{Deserialize, Serialize};

use crate::{RequestId, RoomName, Seq};

/// A frame that the server sends.
///
/// A frame of a type that this version doesn't know reads as [`ServerFrame::Unknown`] and is
/// ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServerFrame {
    /// The first frame of a connection.
    Welcome(Welcome),
    /// More rooms than `welcome` could hold.
    RoomsState(RoomsState),
    /// A message.
    Chat(ChatEvent),
    /// A message was edited.
    Edited(EditedEvent),
    /// A message was deleted.
    Deleted(DeletedEvent),
    /// A reaction was added or removed.
    Reacted(ReactedEvent),
    /// An event about the room or its members, durable if it has a `seq`.
    System(SystemEvent),
    /// Lists the users who are typing.
    Typing(TypingEvent),
    /// The user's read marker moved.
    Read(ReadEvent),
    /// A user's profile changed.
    Profile(ProfileEvent),
    /// Whom the user has blocked now, after a `block` or an `unblock`.
    Blocked(BlockedEvent),
    /// Lists the users who came online and went offline; at most one a second.
    Presence(PresenceEvent),
    /// The user is now in a room; with `re`, the answer to `create` or `dm`.
    Room {
        /// The `id` of the command that this answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        re: Option<RequestId>,
        /// The room.
        room: RoomInfo,
    },
    /// The user is no longer in a room; no later frame names it.
    RoomGone(RoomGone),
    /// More was missed than a resume replays.
    Limited(Limited),
    /// The server is about to close the connection.
    Bye(Bye),
    /// A `send` is stored.
    Ack(Ack),
    /// A page of messages.
    History(HistoryPage),
    /// A page of events.
    Events(EventsPage),
    /// The results of a search.
    Results(ResultsPage),
    /// A page of public rooms.
    Rooms(RoomsPage),
    /// A page of members.
    Members(MembersPage),
    /// A new invite link.
    InviteLink(NewInviteLink),
    /// A new link to reset a password.
    ResetLink(NewResetLink),
    /// A page of invite links.
    InviteLinks(InvitesPage),
    /// A page of the audit.
    Audit(AuditPage),
    /// A command took effect, or there was nothing to change.
    Ok {
        /// The `id` of the command that this answers.
        re: RequestId,
    },
    /// The answer to `ping`.
    Pong {
        /// The `id` of the command that this answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        re: Option<RequestId>,
    },
    /// The server refused a command or did not understand a frame.
    Error(ErrorFrame),
    /// A type that this version doesn't know.
    #[cfg_attr(feature = "ts", ts(skip))]
    #[serde(other)]
    Unknown,
}

impl ServerFrame {
    /// The room and seq of a durable event; `None` for everything else.
    pub fn place(&self) -> Option<(&RoomName, Seq)> {
        // Every type is listed, so that a new durable one is not forgotten here.
        match self {
            Self::Chat(chat) => Some((&chat.room, chat.seq)),
            Self::Edited(edited) => Some((&edited.room, edited.seq)),
            Self::Deleted(deleted) => Some((&deleted.room, deleted.seq)),
            Self::Reacted(reacted) => Some((&reacted.room, reacted.seq)),
            Self::System(line) => line.seq.map(|seq| (&line.room, seq)),
            Self::Welcome(_)
            | Self::RoomsState(_)
            | Self::Typing(_)
            | Self::Read(_)
            | Self::Profile(_)
            | Self::Blocked(_)
            | Self::Presence(_)
            | Self::Room { .. }
            | Self::RoomGone(_)
            | Self::Limited(_)
            | Self::Bye(_)
            | Self::Ack(_)
            | Self::History(_)
            | Self::Events(_)
            | Self::Results(_)
            | Self::Rooms(_)
            | Self::Members(_)
            | Self::InviteLink(_)
            | Self::InviteLinks(_)
            | Self::ResetLink(_)
            | Self::Audit(_)
            | Self::Ok { .. }
            | Self::Pong { .. }
            | Self::Error(_)
            | Self::Unknown => None,
        }
    }
}
