//! Up to where each room was told, so that nothing is left out and nothing told twice whatever
//! arrives in whatever way.

use std::collections::{BTreeMap, BTreeSet};

use chat_shared::protocol::{RoomInfo, ServerFrame};
use chat_shared::{RoomName, Seq};

#[derive(Debug, Default)]
pub(super) struct Follow {
    /// The seq that was told last, for each room that is followed.
    told: BTreeMap<RoomName, Seq>,
    /// Rooms of which something is missing.
    missing: BTreeSet<RoomName>,
    /// The one room that counts, where there is one.
    only: Option<RoomName>,
}

/// What to do with a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Tell,
    /// It was told, is of no room that is followed, or has to wait for what is missing.
    Skip,
}

impl Follow {
    pub(super) fn new(only: Option<RoomName>) -> Self {
        Self {
            only,
            ..Self::default()
        }
    }

    /// Follows a room from its last event on; what is followed already goes on where it was.
    pub(super) fn begin(&mut self, room: &RoomInfo) {
        if self.only.as_ref().is_none_or(|only| *only == room.room) {
            self.told.entry(room.room.clone()).or_insert(room.last_seq);
        }
    }

    /// Goes back in a room: what came after `since` is missing.
    pub(super) fn since(&mut self, room: &RoomName, since: Seq) {
        self.told.insert(room.clone(), since);
        self.missing.insert(room.clone());
    }

    /// A frame that was told live, or came in a page of events.
    pub(super) fn on(&mut self, frame: &ServerFrame) -> Step {
        match frame {
            ServerFrame::Room { room, .. } => self.begin(room),
            ServerFrame::RoomsState(state) => state.rooms.iter().for_each(|room| self.begin(room)),
            ServerFrame::RoomGone(gone) => {
                self.told.remove(&gone.room);
                self.missing.remove(&gone.room);
            }
            ServerFrame::Limited(limited) => {
                if limited.reset {
                    // The log is another one, with numbers of its own.
                    self.told.insert(limited.room.clone(), limited.last_seq);
                    self.missing.remove(&limited.room);
                } else if self.told.contains_key(&limited.room) {
                    self.missing.insert(limited.room.clone());
                }
            }
            frame => return self.on_event(frame),
        }
        Step::Skip
    }

    fn on_event(&mut self, frame: &ServerFrame) -> Step {
        let Some((room, seq)) = frame.place() else {
            return Step::Skip;
        };
        let Some(told) = self.told.get_mut(room).filter(|told| **told < seq) else {
            return Step::Skip;
        };
        if seq == *told + 1 {
            *told = seq;
            return Step::Tell;
        }
        self.missing.insert(room.clone());
        Step::Skip
    }

    /// A frame that is thrown away while a page is waited for: what it was is missing then.
    pub(super) fn pass_over(&mut self, frame: &ServerFrame) {
        match frame.place() {
            Some((room, seq)) => {
                if self.told.get(room).is_some_and(|told| *told < seq) {
                    self.missing.insert(room.clone());
                }
            }
            None => drop(self.on(frame)),
        }
    }

    /// A room to ask for, and after which seq.
    pub(super) fn wanted(&self) -> Option<(RoomName, Seq)> {
        let room = self.missing.first()?;
        Some((room.clone(), *self.told.get(room)?))
    }

    /// All that there was of this room was asked for.
    pub(super) fn complete(&mut self, room: &RoomName) {
        self.missing.remove(room);
    }

    pub(super) fn is_followed(&self, room: &RoomName) -> bool {
        self.told.contains_key(room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{message, room};

    fn chat(seq: Seq) -> ServerFrame {
        ServerFrame::Chat(message("lobby", seq, "ann", "hi"))
    }

    fn at(last_seq: Seq) -> Follow {
        let mut follow = Follow::new(None);
        let mut lobby = room("lobby");
        lobby.last_seq = last_seq;
        follow.begin(&lobby);
        follow
    }

    #[test]
    fn each_event_is_told_once_and_in_order() {
        let mut follow = at(3);
        assert_eq!(follow.on(&chat(3)), Step::Skip);
        assert_eq!(follow.on(&chat(4)), Step::Tell);
        assert_eq!(follow.on(&chat(4)), Step::Skip);
        assert_eq!(follow.wanted(), None);
        assert_eq!(follow.on(&chat(6)), Step::Skip);
        assert_eq!(follow.wanted(), Some((RoomName::lobby(), 4)));
        assert_eq!(follow.on(&chat(5)), Step::Tell);
        assert_eq!(follow.on(&chat(6)), Step::Tell);
        follow.complete(&RoomName::lobby());
        assert_eq!(follow.wanted(), None);
    }

    #[test]
    fn what_came_while_a_page_was_waited_for_is_asked_for() {
        let mut follow = at(3);
        follow.pass_over(&chat(3));
        assert_eq!(follow.wanted(), None);
        follow.pass_over(&chat(4));
        assert_eq!(follow.wanted(), Some((RoomName::lobby(), 3)));
    }

    #[test]
    fn only_the_room_that_was_asked_for() {
        let mut follow = Follow::new(Some(RoomName::parse("rust").unwrap()));
        follow.begin(&room("lobby"));
        follow.begin(&room("rust"));
        assert!(follow.is_followed(&RoomName::parse("rust").unwrap()));
        assert_eq!(follow.on(&chat(1)), Step::Skip);
    }
}
