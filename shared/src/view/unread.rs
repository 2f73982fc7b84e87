//! How much of a room is unread: the server's count, and what came since.
//!
//! `unread` counts the messages above the read marker, deleted ones too. `mentions` counts those of
//! them that name the reader now. Both are counted from the messages where every message above the
//! marker is held, else carried on from what the server counted.
//!
//! A user's own message moves the marker to itself, so it is never unread and a mention in it never
//! counts.

use crate::protocol::{ChatEvent, RoomInfo};
use crate::{Seq, Username};

/// Up to which seq the server's count reaches.
#[derive(Debug, Clone)]
pub(super) struct CountedByServer {
    up_to: Seq,
}

impl CountedByServer {
    pub(super) fn new(info: &RoomInfo) -> Self {
        Self {
            up_to: info.last_seq,
        }
    }

    /// Whether what happened at `seq` is in the server's count, its list of members and its topic.
    pub(super) fn includes(&self, seq: Seq) -> bool {
        seq <= self.up_to
    }

    /// Whether `seq` is the last event in the count.
    pub(super) fn ends_at(&self, seq: Seq) -> bool {
        seq == self.up_to
    }

    /// Whether events that are in the count are still to be replayed after `seq`.
    pub(super) fn is_ahead_of(&self, seq: Seq) -> bool {
        seq < self.up_to
    }

    pub(super) fn restart_at(&mut self, seq: Seq) {
        self.up_to = seq;
    }

    /// Counts a new message.
    pub(super) fn take_message(&self, chat: &ChatEvent, me: &Username, info: &mut RoomInfo) {
        if chat.username == *me {
            info.read_seq = info.read_seq.max(chat.seq);
            if !self.includes(chat.seq) {
                (info.unread, info.mentions) = (0, 0);
            }
        } else if !self.includes(chat.seq) && chat.seq > info.read_seq {
            info.unread += 1;
            info.mentions += u64::from(chat.mentions.contains(me));
        }
    }

    /// Counts that the message `target` did or didn't name the reader, and now does or doesn't.
    pub(super) fn take_change(&self, seq: Seq, target: Seq, named: [bool; 2], info: &mut RoomInfo) {
        if self.includes(seq) || target <= info.read_seq {
            return;
        }
        match named {
            [false, true] => info.mentions += 1,
            [true, false] => info.mentions = info.mentions.saturating_sub(1),
            _ => {}
        }
    }
}
