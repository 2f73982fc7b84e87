//! The shapes of the wire. `PROTOCOL.md` says what they mean to a client's author.

mod close;
mod command;
mod error;
mod event;
mod hello;
pub mod http;
mod reply;

pub use close::{CloseCode, Reconnect};
pub use command::{
    Command, CommandFrame, Create, Events, History, Join, Leave, Members, Resume, Rooms, Send,
};
pub use error::{ErrorCode, ErrorFrame};
pub use event::{
    Bye, ChatEvent, Limited, PresenceEvent, RoomGone, RoomsState, SystemEvent, SystemKind,
};
pub use hello::{DemoFrame, Hello, HelloFrame, Role, RoomInfo, RoomKind, Welcome};
pub use reply::{Ack, EventsPage, HistoryPage, MemberInfo, MembersPage, RoomListing, RoomsPage};

use serde::{Deserialize, Serialize};

use crate::RequestId;

/// A frame that the server sends.
///
/// A frame of a type that this version doesn't know reads as [`ServerFrame::Unknown`], to be
/// ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServerFrame {
    /// The first frame of a connection.
    Welcome(Welcome),
    /// More rooms than `welcome` could hold.
    RoomsState(RoomsState),
    /// A message.
    Chat(ChatEvent),
    /// A sentence about the room, durable where it has a `seq`.
    System(SystemEvent),
    /// Who came and went, one a second at most.
    Presence(PresenceEvent),
    /// One was added to a room, or (with `re`) the answer to `create`.
    Room {
        /// The `id` of the command that this answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        re: Option<RequestId>,
        /// The room.
        room: RoomInfo,
    },
    /// One is no longer in a room; no later frame names it.
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
    /// A page of public rooms.
    Rooms(RoomsPage),
    /// A page of members.
    Members(MembersPage),
    /// A command took effect, or there was nothing to change.
    Ok {
        /// The `id` of the command that this answers.
        re: RequestId,
    },
    /// The answer to `ping`.
    Pong {
        /// The `id` of the command that this answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        re: Option<RequestId>,
    },
    /// A command was refused, or a frame was not understood.
    Error(ErrorFrame),
    /// A type that this version doesn't know.
    #[serde(other, skip_serializing)]
    Unknown,
}
