//! How far each room was printed, so that `tail` prints every event once and in order, in whatever
//! way it arrives.

use std::collections::{BTreeMap, BTreeSet};

use chat_shared::protocol::{RoomInfo, ServerFrame};
use chat_shared::{RoomName, Seq};

#[derive(Debug, Default)]
pub(super) struct RoomCursors {
    /// The seq of the last printed event of each room that is followed.
    delivered: BTreeMap<RoomName, Seq>,
    /// Rooms with missing events.
    missing: BTreeSet<RoomName>,
    /// The only room to follow, if there is one.
    only: Option<RoomName>,
}

/// What to do with a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Print,
    /// It was printed, is in no followed room, or has to wait for missing events.
    Skip,
}

impl RoomCursors {
    pub(super) fn new(only: Option<RoomName>) -> Self {
        Self {
            only,
            ..Self::default()
        }
    }

    /// Follows a room from its last event on; a room that is followed already keeps its cursor.
    pub(super) fn begin(&mut self, room: &RoomInfo) {
        if self.only.as_ref().is_none_or(|only| *only == room.room) {
            self.delivered
                .entry(room.room.clone())
                .or_insert(room.last_seq);
        }
    }

    /// Moves a room's cursor back: what came after `since` is missing.
    pub(super) fn since(&mut self, room: &RoomName, since: Seq) {
        self.delivered.insert(room.clone(), since);
        self.missing.insert(room.clone());
    }

    /// Handles a frame that arrived live or in a page of events.
    pub(super) fn on(&mut self, frame: &ServerFrame) -> Delivery {
        match frame {
            ServerFrame::Room { room, .. } => self.begin(room),
            ServerFrame::RoomsState(state) => state.rooms.iter().for_each(|room| self.begin(room)),
            ServerFrame::RoomGone(gone) => {
                self.delivered.remove(&gone.room);
                self.missing.remove(&gone.room);
            }
            ServerFrame::Limited(limited) => {
                if limited.reset {
                    // The log is another one, with other sequence numbers.
                    self.delivered
                        .insert(limited.room.clone(), limited.last_seq);
                    self.missing.remove(&limited.room);
                } else if self.delivered.contains_key(&limited.room) {
                    self.missing.insert(limited.room.clone());
                }
            }
            frame => return self.on_event(frame),
        }
        Delivery::Skip
    }

    fn on_event(&mut self, frame: &ServerFrame) -> Delivery {
        let Some((room, seq)) = frame.place() else {
            return Delivery::Skip;
        };
        let Some(delivered) = self
            .delivered
            .get_mut(room)
            .filter(|delivered| **delivered < seq)
        else {
            return Delivery::Skip;
        };
        if seq == *delivered + 1 {
            *delivered = seq;
            return Delivery::Print;
        }
        self.missing.insert(room.clone());
        Delivery::Skip
    }

    /// Notes a frame that was dropped while a page was awaited: its event is missing now.
    pub(super) fn pass_over(&mut self, frame: &ServerFrame) {
        match frame.place() {
            Some((room, seq)) => {
                if self
                    .delivered
                    .get(room)
                    .is_some_and(|delivered| *delivered < seq)
                {
                    self.missing.insert(room.clone());
                }
            }
            None => drop(self.on(frame)),
        }
    }

    /// A room to request events of, and the seq after which they start.
    pub(super) fn wanted(&self) -> Option<(RoomName, Seq)> {
        let room = self.missing.first()?;
        Some((room.clone(), *self.delivered.get(room)?))
    }

    /// The last page of this room's missing events has arrived.
    pub(super) fn complete(&mut self, room: &RoomName) {
        self.missing.remove(room);
    }

    pub(super) fn is_followed(&self, room: &RoomName) -> bool {
        self.delivered.contains_key(room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{message, room};

    fn chat(seq: Seq) -> ServerFrame {
        ServerFrame::Chat(message("lobby", seq, "ann", "hi"))
    }

    fn at(last_seq: Seq) -> RoomCursors {
        let mut cursors = RoomCursors::new(None);
        let mut lobby = room("lobby");
        lobby.last_seq = last_seq;
        cursors.begin(&lobby);
        cursors
    }

    #[test]
    fn each_event_is_told_once_and_in_order() {
        let mut cursors = at(3);
        assert_eq!(cursors.on(&chat(3)), Delivery::Skip);
        assert_eq!(cursors.on(&chat(4)), Delivery::Print);
        assert_eq!(cursors.on(&chat(4)), Delivery::Skip);
        assert_eq!(cursors.wanted(), None);
        assert_eq!(cursors.on(&chat(6)), Delivery::Skip);
        assert_eq!(cursors.wanted(), Some((RoomName::lobby(), 4)));
        assert_eq!(cursors.on(&chat(5)), Delivery::Print);
        assert_eq!(cursors.on(&chat(6)), Delivery::Print);
        cursors.complete(&RoomName::lobby());
        assert_eq!(cursors.wanted(), None);
    }

    #[test]
    fn what_came_while_a_page_was_waited_for_is_asked_for() {
        let mut cursors = at(3);
        cursors.pass_over(&chat(3));
        assert_eq!(cursors.wanted(), None);
        cursors.pass_over(&chat(4));
        assert_eq!(cursors.wanted(), Some((RoomName::lobby(), 3)));
    }

    #[test]
    fn only_the_room_that_was_asked_for() {
        let mut cursors = RoomCursors::new(Some(RoomName::parse("rust").unwrap()));
        cursors.begin(&room("lobby"));
        cursors.begin(&room("rust"));
        assert!(cursors.is_followed(&RoomName::parse("rust").unwrap()));
        assert_eq!(cursors.on(&chat(1)), Delivery::Skip);
    }
}
