//! Where in each room's log one is: what is new, what one has, and whether something is missing.

use crate::protocol::ServerFrame;
use crate::{RoomName, Seq};

/// The room and seq of a durable event; `None` for everything else.
pub(crate) fn place(frame: &ServerFrame) -> Option<(&RoomName, Seq)> {
    match frame {
        ServerFrame::Chat(chat) => Some((&chat.room, chat.seq)),
        ServerFrame::System(line) => line.seq.map(|seq| (&line.room, seq)),
        _ => None,
    }
}
