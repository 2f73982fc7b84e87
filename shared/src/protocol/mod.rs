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
    About, AboutFor, Command, CommandFrame, Create, Delete, Dm, Edit, Events, GiveRole, History,
    Join, Leave, Members, PageKind, Profile, React, Read, Resume, Rooms, Search, Send, Topic,
    Typing,
};
pub use error::{ErrorCode, ErrorFrame};
pub use event::{
    Bye, ChatEvent, DeletedEvent, EditedEvent, Limited, PresenceEvent, ProfileEvent, ReactedEvent,
    Reaction, ReadEvent, RoomGone, RoomsState, SystemEvent, SystemKind, TypingEvent,
};
pub use hello::{DemoFrame, Hello, HelloFrame, Role, RoomInfo, RoomKind, Welcome};
pub use reply::{
    Ack, EventsPage, HistoryPage, MemberInfo, MembersPage, ResultsPage, RoomListing, RoomsPage,
};

use serde::{Deserialize, Serialize};

use crate::{RequestId, RoomName, Seq};

/// A frame that the server sends.
///
/// A frame of a type that this version doesn't know reads as [`ServerFrame::Unknown`], to be
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
    /// A message has another text.
    Edited(EditedEvent),
    /// A message's text is gone.
    Deleted(DeletedEvent),
    /// A reaction was put on a message or taken back.
    Reacted(ReactedEvent),
    /// A sentence about the room, durable where it has a `seq`.
    System(SystemEvent),
    /// Who is writing.
    Typing(TypingEvent),
    /// Up to where one has read.
    Read(ReadEvent),
    /// Someone's profile changed.
    Profile(ProfileEvent),
    /// Who came and went, one a second at most.
    Presence(PresenceEvent),
    /// One was added to a room, or (with `re`) the answer to `create`.
    Room {
        /// The `id` of the command that this answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
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
    /// What a search found.
    Results(ResultsPage),
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
        #[cfg_attr(feature = "ts", ts(optional))]
        re: Option<RequestId>,
    },
    /// A command was refused, or a frame was not understood.
    Error(ErrorFrame),
    /// A type that this version doesn't know.
    #[cfg_attr(feature = "ts", ts(skip))]
    #[serde(other, skip_serializing)]
    Unknown,
}

impl ServerFrame {
    /// The room and seq of a durable event; `None` for everything else.
    pub fn place(&self) -> Option<(&RoomName, Seq)> {
        // Every type is named, so that a new durable one can't be forgotten here.
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
            | Self::Ok { .. }
            | Self::Pong { .. }
            | Self::Error(_)
            | Self::Unknown => None,
        }
    }
}
