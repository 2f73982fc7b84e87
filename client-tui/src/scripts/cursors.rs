//! Tracks the last printed event of each room, so that `tail` prints every event once and in order,
//! whether it arrives live or in a page.

use std::collections::{BTreeMap, BTreeSet};

use chat_shared::protocol::{RoomInfo, ServerFrame};
use chat_shared::{RoomName, Seq};

#[derive(Debug, Default)]
pub(super) struct RoomCursors {
    /// The seq of the last printed event of each room that is followed.
    printed: BTreeMap<RoomName, Seq>,
    /// Rooms with missing events.
    missing: BTreeSet<RoomName>,
    /// The only room to follow, if there is one.
    only: Option<RoomName>,
}

/// Whether `tail` prints a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PrintDecision {
    Print,
    /// The frame is not an event, was printed before, belongs to no followed room, or must wait for
    /// missing events.
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
    pub(super) fn follow(&mut self, room: &RoomInfo) {
        if self.only.as_ref().is_none_or(|only| *only == room.room) {
            self.printed
                .entry(room.room.clone())
                .or_insert(room.last_seq);
        }
    }

    /// Moves a room's cursor back: what came after `since` is missing.
    pub(super) fn rewind(&mut self, room: &RoomName, since: Seq) {
        self.printed.insert(room.clone(), since);
        self.missing.insert(room.clone());
    }

    /// Handles a frame that arrived live or in a page of events.
    pub(super) fn handle(&mut self, frame: &ServerFrame) -> PrintDecision {
        match frame {
            ServerFrame::Room { room, .. } => self.follow(room),
            ServerFrame::RoomsState(state) => state.rooms.iter().for_each(|room| self.follow(room)),
            ServerFrame::RoomGone(gone) => {
                self.printed.remove(&gone.room);
                self.missing.remove(&gone.room);
            }
            ServerFrame::Limited(limited) => {
                if limited.reset {
                    // The log is another one, with other sequence numbers.
                    self.printed.insert(limited.room.clone(), limited.last_seq);
                    self.missing.remove(&limited.room);
                } else if self.printed.contains_key(&limited.room) {
                    self.missing.insert(limited.room.clone());
                }
            }
            frame => return self.on_event(frame),
        }
        PrintDecision::Skip
    }

    fn on_event(&mut self, frame: &ServerFrame) -> PrintDecision {
        let Some((room, seq)) = frame.place() else {
            return PrintDecision::Skip;
        };
        let Some(printed) = self.printed.get_mut(room).filter(|printed| **printed < seq) else {
            return PrintDecision::Skip;
        };
        if seq == *printed + 1 {
            *printed = seq;
            return PrintDecision::Print;
        }
        self.missing.insert(room.clone());
        PrintDecision::Skip
    }

    /// Handles a frame that arrived while a reply was awaited and was not printed. An event after the
    /// cursor is missing now; any other frame is applied.
    pub(super) fn note_unprinted(&mut self, frame: &ServerFrame) {
        match frame.place() {
            Some((room, seq)) => {
                if self.printed.get(room).is_some_and(|printed| *printed < seq) {
                    self.missing.insert(room.clone());
                }
            }
            None => drop(self.handle(frame)),
        }
    }

    /// A room to request events of, and the seq after which they start.
    pub(super) fn next_request(&self) -> Option<(RoomName, Seq)> {
        let room = self.missing.first()?;
        Some((room.clone(), *self.printed.get(room)?))
    }

    /// The last page of this room's missing events has arrived.
    pub(super) fn mark_complete(&mut self, room: &RoomName) {
        self.missing.remove(room);
    }

    pub(super) fn is_followed(&self, room: &RoomName) -> bool {
        self.printed.contains_key(room)
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
        cursors.follow(&lobby);
        cursors
    }

    #[test]
    fn each_event_is_printed_once_and_in_order() {
        let mut cursors = at(3);
        assert_eq!(cursors.handle(&chat(3)), PrintDecision::Skip);
        assert_eq!(cursors.handle(&chat(4)), PrintDecision::Print);
        assert_eq!(cursors.handle(&chat(4)), PrintDecision::Skip);
        assert_eq!(cursors.next_request(), None);
        assert_eq!(cursors.handle(&chat(6)), PrintDecision::Skip);
        assert_eq!(cursors.next_request(), Some((RoomName::lobby(), 4)));
        assert_eq!(cursors.handle(&chat(5)), PrintDecision::Print);
        assert_eq!(cursors.handle(&chat(6)), PrintDecision::Print);
        cursors.mark_complete(&RoomName::lobby());
        assert_eq!(cursors.next_request(), None);
    }

    #[test]
    fn events_that_came_during_a_page_are_requested() {
        let mut cursors = at(3);
        cursors.note_unprinted(&chat(3));
        assert_eq!(cursors.next_request(), None);
        cursors.note_unprinted(&chat(4));
        assert_eq!(cursors.next_request(), Some((RoomName::lobby(), 3)));
    }

    #[test]
    fn only_the_room_that_was_asked_for() {
        let mut cursors = RoomCursors::new(Some(RoomName::parse("rust").unwrap()));
        cursors.follow(&room("lobby"));
        cursors.follow(&room("rust"));
        assert!(cursors.is_followed(&RoomName::parse("rust").unwrap()));
        assert_eq!(cursors.handle(&chat(1)), PrintDecision::Skip);
    }
}
