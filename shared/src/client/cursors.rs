//! The cursor of each room: how far its log was received, and whether an event is new, known or
//! preceded by a gap.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::ResumePoint;
use crate::limits::RESUME_ROOMS_MAX;
use crate::protocol::{Limited, RoomGone, RoomInfo, ServerFrame, Welcome};
use crate::{RoomName, Seq};

/// The room and seq of a durable event whose type this version doesn't know.
///
/// Only durable events and answers have a room, a seq and a time. An event of an unknown type is
/// not handed to the user, but its seq counts: otherwise the next event would look like a gap.
pub(crate) fn unknown_place(text: &str) -> Option<(RoomName, Seq)> {
    #[derive(Deserialize)]
    struct Durable {
        room: RoomName,
        seq: Seq,
        #[serde(rename = "ts")]
        _ts: crate::TimestampMs,
        re: Option<serde::de::IgnoredAny>,
    }
    let event: Durable = serde_json::from_str(text).ok()?;
    event.re.is_none().then_some((event.room, event.seq))
}

/// How an event relates to a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is the next one.
    New,
    /// It was received before.
    Known,
    /// Events before it are missing.
    Gap,
    /// The same events are missing after a resume: the server does not have them either.
    Skip,
}

/// The cursor of each room, through all connections.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    log: String,
    rooms: BTreeMap<RoomName, Seq>,
    /// The rooms that this connection resumes.
    resumed: BTreeSet<RoomName>,
    /// Rooms of the last connection that this one has not described yet.
    undescribed: BTreeMap<RoomName, Seq>,
    log_changed: bool,
    /// The last gap: the room, and the cursor it was above.
    gap: Option<(RoomName, Seq)>,
}

impl Cursors {
    pub(crate) fn new(from: ResumePoint) -> Self {
        Self {
            log: from.log,
            rooms: from.rooms,
            ..Self::default()
        }
    }

    pub(crate) fn log(&self) -> Option<&str> {
        (!self.log.is_empty()).then_some(&self.log)
    }

    /// The cursors for the `hello` of a new connection. A room above the bound is treated as
    /// `limited`.
    pub(crate) fn resume(&mut self) -> BTreeMap<RoomName, Seq> {
        if !self.log_changed {
            self.rooms.append(&mut self.undescribed);
        }
        self.undescribed.clear();
        let resumed = self.rooms.iter().take(RESUME_ROOMS_MAX);
        let resumed: BTreeMap<_, _> = resumed.map(|(room, seq)| (room.clone(), *seq)).collect();
        self.resumed = resumed.keys().cloned().collect();
        resumed
    }

    /// Takes the rooms of a `welcome`. Returns the frames that the user of the SDK must get besides:
    /// `limited` for rooms that do not continue, `room_gone` for rooms that are gone.
    pub(crate) fn welcome(&mut self, welcome: &Welcome) -> Vec<ServerFrame> {
        self.undescribed = std::mem::take(&mut self.rooms);
        self.log_changed = self.log != welcome.log;
        self.log.clone_from(&welcome.log);
        self.describe(&welcome.rooms, welcome.more)
    }

    /// Takes the rooms of a `welcome` or `rooms_state`. `more` is whether further frames describe more
    /// rooms; after the last one, rooms that were not described are gone.
    pub(crate) fn describe(&mut self, rooms: &[RoomInfo], more: bool) -> Vec<ServerFrame> {
        let mut frames = Vec::new();
        for info in rooms {
            let (room, last_seq) = (info.room.clone(), info.last_seq);
            match self.undescribed.remove(&room) {
                Some(cursor) if self.resumed.contains(&room) => {
                    let cursor = if self.log_changed { last_seq } else { cursor };
                    self.rooms.insert(room, cursor);
                }
                Some(cursor) => {
                    self.rooms.insert(room.clone(), last_seq);
                    if self.log_changed || cursor != last_seq {
                        let reset = self.log_changed;
                        frames.push(ServerFrame::Limited(Limited {
                            room,
                            last_seq,
                            reset,
                        }));
                    }
                }
                None => self.added(info),
            }
        }
        if !more {
            let gone = std::mem::take(&mut self.undescribed).into_keys();
            frames.extend(gone.map(|room| ServerFrame::RoomGone(RoomGone { room })));
        }
        frames
    }

    /// The user was added to a room. The cursor of a known room stays: events on their way count.
    pub(crate) fn added(&mut self, info: &RoomInfo) {
        self.rooms.entry(info.room.clone()).or_insert(info.last_seq);
    }

    pub(crate) fn gone(&mut self, room: &RoomName) {
        self.rooms.remove(room);
        self.undescribed.remove(room);
    }

    pub(crate) fn limited(&mut self, room: &RoomName, last_seq: Seq) {
        self.undescribed.remove(room);
        self.rooms.insert(room.clone(), last_seq);
    }

    /// Compares an event with the cursor, and moves the cursor to it unless it is known or a gap.
    pub(crate) fn step(&mut self, room: &RoomName, seq: Seq) -> Step {
        if let Some(cursor) = self.undescribed.remove(room) {
            self.rooms.insert(room.clone(), cursor);
        }
        let Some(cursor) = self.rooms.get_mut(room) else {
            self.rooms.insert(room.clone(), seq);
            return Step::New;
        };
        if seq <= *cursor {
            return Step::Known;
        }
        let step = if seq == *cursor + 1 {
            Step::New
        } else {
            let gap = (room.clone(), *cursor);
            if self.gap.as_ref() != Some(&gap) {
                self.gap = Some(gap);
                return Step::Gap;
            }
            self.gap = None;
            Step::Skip
        };
        *cursor = seq;
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::client_state::samples::{room, room_info, welcome};

    fn cursors(rooms: &[(&str, Seq)]) -> Cursors {
        let rooms = rooms.iter().map(|(name, seq)| (room(name), *seq)).collect();
        Cursors::new(ResumePoint {
            log: "log".to_owned(),
            rooms,
        })
    }

    fn gone(name: &str) -> ServerFrame {
        ServerFrame::RoomGone(RoomGone { room: room(name) })
    }

    fn limited(name: &str, last_seq: Seq, reset: bool) -> ServerFrame {
        ServerFrame::Limited(Limited {
            room: room(name),
            last_seq,
            reset,
        })
    }

    #[test]
    fn a_room_starts_at_its_tip_and_counts_on() {
        let mut cursors = Cursors::default();
        assert!(cursors.welcome(&welcome(&[("a", 4)])).is_empty());
        assert_eq!(cursors.step(&room("a"), 4), Step::Known);
        assert_eq!(cursors.step(&room("a"), 5), Step::New);
        assert_eq!(cursors.step(&room("a"), 5), Step::Known);
        assert_eq!(cursors.resume(), [(room("a"), 5)].into());
    }

    #[test]
    fn missed_events_are_requested_and_new() {
        let mut cursors = cursors(&[("a", 4)]);
        assert_eq!(cursors.resume(), [(room("a"), 4)].into());
        assert!(cursors.welcome(&welcome(&[("a", 6), ("b", 9)])).is_empty());
        assert_eq!(cursors.step(&room("a"), 5), Step::New);
        assert_eq!(cursors.step(&room("b"), 10), Step::New);
        assert_eq!(cursors.step(&room("a"), 6), Step::New);
    }

    #[test]
    fn a_gap_is_healed_by_a_resume_or_skipped_the_second_time() {
        let mut cursors = cursors(&[("a", 4)]);
        assert_eq!(cursors.step(&room("a"), 6), Step::Gap);
        assert_eq!(cursors.resume(), [(room("a"), 4)].into());
        assert_eq!(cursors.step(&room("a"), 6), Step::Skip);
        assert_eq!(cursors.step(&room("a"), 7), Step::New);
        assert_eq!(cursors.step(&room("a"), 9), Step::Gap);
    }

    #[test]
    fn rooms_left_meanwhile_are_reported_after_the_last_part() {
        let mut cursors = cursors(&[("a", 1), ("b", 1), ("c", 1)]);
        cursors.resume();
        let mut first = welcome(&[("a", 1)]);
        first.more = true;
        assert!(cursors.welcome(&first).is_empty());
        assert_eq!(cursors.describe(&[room_info("c", 1)], false), [gone("b")]);
        assert_eq!(cursors.resume(), [(room("a"), 1), (room("c"), 1)].into());
    }

    #[test]
    fn a_connection_that_ends_before_the_last_part_forgets_no_room() {
        let mut cursors = cursors(&[("a", 1), ("b", 1)]);
        cursors.resume();
        let mut first = welcome(&[("a", 1)]);
        first.more = true;
        cursors.welcome(&first);
        assert_eq!(cursors.resume(), [(room("a"), 1), (room("b"), 1)].into());
    }

    #[test]
    fn another_log_starts_at_its_own_tips() {
        let mut cursors = cursors(&[("a", 100)]);
        cursors.resume();
        let mut other = welcome(&[("a", 3)]);
        other.log = "another".to_owned();
        assert!(cursors.welcome(&other).is_empty());
        cursors.limited(&room("a"), 3);
        assert_eq!(cursors.step(&room("a"), 4), Step::New);
        assert_eq!(cursors.log(), Some("another"));
    }

    #[test]
    fn rooms_above_the_bound_of_a_resume_are_limited() {
        let names: Vec<_> = (0..=RESUME_ROOMS_MAX).map(|n| format!("r{n:05}")).collect();
        let rooms: Vec<_> = names.iter().map(|name| (name.as_str(), 7)).collect();
        let mut cursors = cursors(&rooms);
        assert_eq!(cursors.resume().len(), RESUME_ROOMS_MAX);
        let now: Vec<_> = names.iter().map(|name| (name.as_str(), 8)).collect();
        assert_eq!(
            cursors.welcome(&welcome(&now)),
            [limited("r01000", 8, false)]
        );
        assert_eq!(cursors.step(&room("r00000"), 8), Step::New);
        assert_eq!(cursors.step(&room("r01000"), 9), Step::New);
    }

    #[test]
    fn an_unknown_durable_event_has_a_place() {
        let check = |text: &str, expect: Option<(&str, Seq)>| {
            let expect = expect.map(|(name, seq)| (room(name), seq));
            assert_eq!(unknown_place(text), expect, "{text}");
        };
        check(
            r#"{"type":"poll","room":"a","seq":4,"ts":9,"x":[]}"#,
            Some(("a", 4)),
        );
        check(r#"{"type":"read","room":"a","seq":4}"#, None);
        check(
            r#"{"type":"polled","re":"1","room":"a","seq":4,"ts":9}"#,
            None,
        );
        check(r#"{"type":"typing","room":"a"}"#, None);
    }
}
