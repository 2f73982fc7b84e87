//! Keeps the newest messages of each room in memory, as they were said and cut into words.
//!
//! They serve three purposes. Their search entries are written from here, so that following the log
//! does not read back what this server has just appended. A search that they answer completely
//! needs no entries: a message is found as soon as it is acknowledged, however far the entries are
//! behind. And what it finds is not read from the log.
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

/// Memory for all rooms, by estimate: some 16,000 messages of ten words.
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
    /// The messages, by seq.
    messages: VecDeque<Message>,
    /// Changes that the search entries may not have yet, by seq.
    changes: VecDeque<Rewording>,
    bytes: usize,
    /// Which of all appends was the last one to this room.
    appended: u64,
}

struct Message {
    /// Its search entry as it is now.
    entry: SearchDoc,
    /// The event, unless the message was changed since: a deleted text is kept nowhere.
    event: Option<LogEvent>,
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
        let messages = events.iter().filter_map(|event| Message::of(room, event));
        let messages: Vec<_> = messages.collect();
        let changes: Vec<_> = events.iter().filter_map(Rewording::of).collect();
        let mut rooms = self.0.lock();
        rooms.appends += 1;
        let mut tail = match rooms.take(room) {
            Some(tail) if tail.last == after => tail,
            _ => Tail::new(after, first.ts),
        };
        tail.last = last.seq;
        tail.appended = rooms.appends;
        for message in messages {
            tail.bytes += message.bytes();
            tail.messages.push_back(message);
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
        let begin = tail
            .messages
            .partition_point(|message| message.entry.seq <= reached);
        let messages = tail.messages.range(begin..).take(max);
        let messages: Vec<_> = messages.map(|message| message.entry.clone()).collect();
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

    /// Returns the events of messages, if all are in memory and were not changed.
    pub(super) fn events_at(&self, room: &RoomName, seqs: &[Seq]) -> Option<Vec<LogEvent>> {
        let rooms = self.0.lock();
        let tail = rooms.tails.get(room)?;
        let event = |seq: &Seq| tail.messages.get(tail.place_of(*seq)?)?.event.clone();
        seqs.iter().map(event).collect()
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
            let entries = tail.messages.iter().rev().map(|message| &message.entry);
            let found = entries.filter(|entry| {
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
            messages: VecDeque::new(),
            changes: VecDeque::new(),
            bytes: TAIL_BYTES,
            appended: 0,
        }
    }

    fn place_of(&self, seq: Seq) -> Option<usize> {
        let of_message = |message: &Message| message.entry.seq;
        self.messages.binary_search_by_key(&seq, of_message).ok()
    }

    /// Gives a message that is here its new words.
    fn apply(&mut self, change: &Rewording) {
        let place = self.place_of(change.target);
        let Some(message) = place.and_then(|place| self.messages.get_mut(place)) else {
            return;
        };
        if message.entry.rev < change.rev {
            let before = message.bytes();
            message.event = None;
            message.entry.words.clone_from(&change.words);
            message.entry.rev = change.rev;
            self.bytes = self.bytes + message.bytes() - before;
        }
    }

    /// Drops the oldest messages of a room that has more than half of all memory, until it has a
    /// quarter.
    fn shorten(&mut self, bytes_max: usize) {
        if self.bytes <= bytes_max / 2 {
            return;
        }
        while self.bytes > bytes_max / 4 {
            let Some(oldest) = self.messages.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
            self.after = oldest.entry.seq;
            self.since = oldest.entry.ts;
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

impl Message {
    fn of(room: &RoomName, event: &LogEvent) -> Option<Self> {
        Some(Self {
            entry: entry_of(room, event)?,
            event: Some(event.clone()),
        })
    }

    fn bytes(&self) -> usize {
        bytes_of(&self.entry.words) + self.event.as_ref().map_or(0, LogEvent::bytes)
    }
}

fn bytes_of(words: &[String]) -> usize {
    let words = words.iter().map(|word| WORD_BYTES + word.len());
    ENTRY_BYTES + words.sum::<usize>()
}

#[cfg(test)]
mod tests;
