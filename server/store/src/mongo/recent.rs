//! Keeps the newest messages of each room in memory, cut into words.
//!
//! They serve two purposes. Their search entries are written from here, so that following the log
//! does not read back what this server has just appended. And a search that they answer completely
//! needs no entries: a message is found as soon as it is acknowledged, however far the entries are
//! behind.
//!
//! A room's messages here are those of one unbroken range of its log, which ends at the last event
//! that this server appended. Where another server appends in between, a new range begins.

use std::collections::{HashMap, VecDeque};

use chat_shared::{RoomName, Seq};
use parking_lot::Mutex;

use super::documents::{SearchDoc, int};
use super::entries::{Rewording, entry_of, read_cursor};
use super::statements::Statement;
use crate::{Found, Search};
use chat_server_rules::LogEvent;

/// Memory for all rooms, by estimate: some 30,000 messages of ten words.
const BYTES_MAX: usize = 16 << 20;

/// Memory of a room, of a message or a change beside its words, and of a word beside its letters.
const TAIL_BYTES: usize = 512;
const ENTRY_BYTES: usize = 256;
const WORD_BYTES: usize = 40;

/// The newest messages of all rooms.
pub(super) struct Recent(Mutex<Rooms>);

struct Rooms {
    tails: HashMap<RoomName, Tail>,
    bytes: usize,
    bytes_max: usize,
    /// Counts the appends.
    appends: u64,
}

/// The messages of one room, and their changes, with `after < seq <= last`.
struct Tail {
    after: Seq,
    last: Seq,
    /// The time of the first event behind `after`. No earlier event of the room is later.
    since: u64,
    /// The messages as they are now, by seq.
    entries: VecDeque<SearchDoc>,
    /// Changes that the search entries may not have yet, by seq.
    changes: VecDeque<Rewording>,
    bytes: usize,
    /// Which of all appends was the last one to this room.
    appended: u64,
}

/// A part of a room's log as its search entries need it.
pub(super) struct Part {
    /// The part ends here.
    pub(super) last: Seq,
    pub(super) messages: Vec<SearchDoc>,
    pub(super) changes: Vec<Statement>,
}

impl Default for Recent {
    fn default() -> Self {
        Self::with_bytes(BYTES_MAX)
    }
}

impl Recent {
    fn with_bytes(bytes_max: usize) -> Self {
        Self(Mutex::new(Rooms {
            tails: HashMap::new(),
            bytes: 0,
            bytes_max,
            appends: 0,
        }))
    }

    /// Takes in events that this server appended after the event `after`.
    pub(super) fn add(&self, room: &RoomName, after: Seq, events: &[LogEvent]) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return;
        };
        let entries: Vec<_> = events.iter().filter_map(|e| entry_of(room, e)).collect();
        let changes: Vec<_> = events.iter().filter_map(Rewording::of).collect();
        let mut rooms = self.0.lock();
        rooms.appends += 1;
        let mut tail = match rooms.take(room) {
            Some(tail) if tail.last == after => tail,
            _ => Tail::new(after, first.ts),
        };
        tail.last = last.seq;
        tail.appended = rooms.appends;
        for entry in entries {
            tail.bytes += bytes_of(&entry.words);
            tail.entries.push_back(entry);
        }
        for change in changes {
            tail.apply(&change);
            tail.bytes += bytes_of(&change.words);
            tail.changes.push_back(change);
        }
        tail.shorten(rooms.bytes_max);
        rooms.put(room.clone(), tail);
        rooms.make_place();
    }

    /// Returns up to `max` messages that follow the event `reached`, with the changes among them.
    /// `None` if they are not in memory, or there are no events.
    pub(super) fn part(&self, room: &RoomName, reached: Seq, max: usize) -> Option<Part> {
        let rooms = self.0.lock();
        let tail = rooms.tails.get(room)?;
        if !(tail.after..tail.last).contains(&reached) {
            return None;
        }
        let begin = tail.entries.partition_point(|entry| entry.seq <= reached);
        let messages: Vec<_> = tail.entries.range(begin..).take(max).cloned().collect();
        let last = match messages.last() {
            Some(message) if messages.len() == max => message.seq,
            _ => tail.last,
        };
        let among = |change: &&Rewording| change.rev > reached && change.rev <= last;
        let changes = tail.changes.iter().filter(among);
        let changes = changes.map(|change| change.statement(room)).collect();
        Some(Part {
            last,
            messages,
            changes,
        })
    }

    /// Forgets changes that the search entries have.
    pub(super) fn followed(&self, room: &RoomName, reached: Seq) {
        let mut rooms = self.0.lock();
        if let Some(mut tail) = rooms.take(room) {
            tail.forget_changes(reached);
            rooms.put(room.clone(), tail);
        }
    }

    /// Searches, if the answer can't have a message that is not in memory. `tip` is the last event
    /// of a room that this server knows of.
    pub(super) fn find(
        &self,
        search: &Search,
        tip: impl Fn(&RoomName) -> Option<Seq>,
    ) -> Option<Found> {
        let rooms = self.0.lock();
        let mut tails = Vec::with_capacity(search.rooms.len());
        for room in &search.rooms {
            let tail = rooms.tails.get(room)?;
            if tip(room) != Some(tail.last) {
                return None;
            }
            tails.push(tail);
        }
        let older = tails.iter().filter(|tail| tail.after > 0);
        let older = older.map(|tail| tail.since).max();
        let before = match &search.cursor {
            Some(cursor) => Some(read_cursor(cursor)?),
            None => None,
        };
        let mut hits: Vec<&SearchDoc> = Vec::new();
        for tail in &tails {
            let found = tail.entries.iter().rev().filter(|entry| {
                older.is_none_or(|older| entry.ts > older)
                    && before.is_none_or(|before| (int(entry.ts), &*entry.id) < before)
                    && entry.matches(search)
            });
            hits.extend(found.take(search.limit.saturating_add(1)));
        }
        hits.sort_by_key(|hit| std::cmp::Reverse((hit.ts, &hit.id)));
        if older.is_some() && hits.len() < search.limit {
            return None;
        }
        let more = older.is_some() || hits.len() > search.limit;
        hits.truncate(search.limit);
        Some(Found {
            cursor: hits.last().filter(|_| more).map(|last| last.cursor()),
            messages: hits.iter().map(|hit| (hit.room.clone(), hit.seq)).collect(),
        })
    }

    /// Keeps nothing from now on, so that a test meets the search entries.
    #[cfg(test)]
    pub(super) fn disable(&self) {
        *self.0.lock() = Self::with_bytes(0).0.into_inner();
    }
}

impl Rooms {
    fn take(&mut self, room: &RoomName) -> Option<Tail> {
        let tail = self.tails.remove(room)?;
        self.bytes -= tail.bytes;
        Some(tail)
    }

    fn put(&mut self, room: RoomName, tail: Tail) {
        self.bytes += tail.bytes;
        self.tails.insert(room, tail);
    }

    /// Drops the rooms that nobody has written in for longest. It leaves a quarter of the memory
    /// free, so that this is seldom needed.
    fn make_place(&mut self) {
        if self.bytes <= self.bytes_max {
            return;
        }
        let mut by_age: Vec<_> = self
            .tails
            .iter()
            .map(|(room, tail)| (tail.appended, room.clone()))
            .collect();
        by_age.sort_unstable();
        for (_, room) in by_age {
            if self.bytes <= self.bytes_max / 4 * 3 {
                break;
            }
            self.take(&room);
        }
    }
}

impl Tail {
    fn new(after: Seq, since: u64) -> Self {
        Self {
            after,
            last: after,
            since,
            entries: VecDeque::new(),
            changes: VecDeque::new(),
            bytes: TAIL_BYTES,
            appended: 0,
        }
    }

    /// Gives a message that is here its new words.
    fn apply(&mut self, change: &Rewording) {
        let at = self
            .entries
            .binary_search_by_key(&change.target, |entry| entry.seq);
        let Some(entry) = at.ok().and_then(|at| self.entries.get_mut(at)) else {
            return;
        };
        if entry.rev < change.rev {
            self.bytes = self.bytes + bytes_of(&change.words) - bytes_of(&entry.words);
            entry.words.clone_from(&change.words);
            entry.rev = change.rev;
        }
    }

    /// Drops the oldest messages of a room that has more than half of all memory, until it has a
    /// quarter.
    fn shorten(&mut self, bytes_max: usize) {
        if self.bytes <= bytes_max / 2 {
            return;
        }
        while self.bytes > bytes_max / 4 {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= bytes_of(&oldest.words);
            self.after = oldest.seq;
            self.since = oldest.ts;
        }
        self.forget_changes(self.after);
    }

    fn forget_changes(&mut self, reached: Seq) {
        while self
            .changes
            .front()
            .is_some_and(|change| change.rev <= reached)
        {
            let change = self.changes.pop_front();
            self.bytes -= change.map_or(0, |change| bytes_of(&change.words));
        }
    }
}

fn bytes_of(words: &[String]) -> usize {
    let words = words.iter().map(|word| WORD_BYTES + word.len());
    ENTRY_BYTES + words.sum::<usize>()
}

#[cfg(test)]
mod tests;
