//! Unread messages, where not all of them are held: what the server counted, and what came since.

use crate::Seq;
use crate::Username;
use crate::protocol::{ChatEvent, RoomInfo};

#[derive(Debug, Clone)]
pub(super) struct Counted {
    /// Messages up to here are in the server's count.
    pub(super) up_to: Seq,
}

impl Counted {
    pub(super) fn new(info: &RoomInfo) -> Self {
        Self {
            up_to: info.last_seq,
        }
    }

    pub(super) fn reset(&mut self, up_to: Seq) {
        self.up_to = self.up_to.max(up_to);
    }

    pub(super) fn said(&mut self, chat: &ChatEvent, me: &Username, info: &mut RoomInfo) {
        if chat.username == *me {
            if chat.seq > info.read_seq {
                info.read_seq = chat.seq;
            }
            if chat.seq > self.up_to {
                (info.unread, info.mentions) = (0, 0);
            }
        } else if chat.seq > self.up_to && chat.seq > info.read_seq {
            info.unread += 1;
            info.mentions += u64::from(chat.mentions.contains(me));
        }
    }
}
