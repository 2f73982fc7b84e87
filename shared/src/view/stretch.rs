//! A stretch of a room's log: entries in the order of the log, without a missing message.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use super::changes::{apply, rev_of};
use crate::protocol::{ChatEvent, ServerFrame, SystemEvent};
use crate::{Seq, Username};

/// One entry of a room's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A message as it is now.
    Message(ChatEvent),
    /// A durable event about the room or its members. Pages hold messages only, so the past that
    /// was paged in has none of these.
    System(Box<SystemEvent>),
}

impl Entry {
    /// The message, if the entry is one.
    pub fn message(&self) -> Option<&ChatEvent> {
        match self {
            Self::Message(chat) => Some(chat),
            Self::System(_) => None,
        }
    }
}

/// A part of a room's log. Every message above [`Stretch::after`] and up to [`Stretch::up_to`] is
/// in it.
#[derive(Debug, Clone)]
pub struct Stretch {
    entries: BTreeMap<Seq, Entry>,
    after: Seq,
    up_to: Seq,
}

impl Stretch {
    /// A stretch that holds nothing yet and begins behind `seq`.
    pub(super) fn new(seq: Seq) -> Self {
        Self {
            entries: BTreeMap::new(),
            after: seq,
            up_to: seq,
        }
    }

    /// The stretch of a page that covers the log above `after` and up to `up_to`.
    pub(super) fn of_page(after: Seq, up_to: Seq) -> Self {
        Self {
            entries: BTreeMap::new(),
            after,
            up_to,
        }
    }

    /// The entries with their seqs, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Seq, &Entry)> {
        self.range(..)
    }

    /// The entries within a range of seqs, oldest first.
    pub fn range(
        &self,
        range: impl RangeBounds<Seq>,
    ) -> impl DoubleEndedIterator<Item = (Seq, &Entry)> {
        self.entries.range(range).map(|(seq, entry)| (*seq, entry))
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &ChatEvent> {
        self.entries.values().filter_map(Entry::message)
    }

    /// The entry at `seq`.
    pub fn get(&self, seq: Seq) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    /// The message at `seq`.
    pub fn message(&self, seq: Seq) -> Option<&ChatEvent> {
        self.entries.get(&seq).and_then(Entry::message)
    }

    /// How many entries are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no entry is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every message above this seq is held, up to [`Stretch::up_to`].
    pub fn after(&self) -> Seq {
        self.after
    }

    /// The seq at which the stretch ends.
    pub fn up_to(&self) -> Seq {
        self.up_to
    }

    /// Whether the room may have older messages than these.
    pub fn has_older(&self) -> bool {
        self.after > 0
    }

    /// Moves the end to `seq`, where a live event was or is about to be put.
    pub(super) fn extend_to(&mut self, seq: Seq) {
        self.up_to = self.up_to.max(seq);
    }

    /// Puts an entry in. A message that is held with the same or a later `rev` stays.
    pub(super) fn put(&mut self, seq: Seq, entry: Entry) {
        let held = self.message(seq).map(rev_of);
        let given = entry.message().map(rev_of);
        if held.is_none() || given > held {
            self.entries.insert(seq, entry);
        }
    }

    /// Applies an edit, delete or reaction to the message `target`, where it is held.
    pub(super) fn change(&mut self, target: Seq, frame: &ServerFrame, me: &Username) {
        if let Some(Entry::Message(chat)) = self.entries.get_mut(&target) {
            apply(chat, frame, me);
        }
    }

    /// Whether the log between this stretch and `other` has no gap.
    pub(super) fn touches(&self, other: &Self) -> bool {
        other.after <= self.up_to && self.after <= other.up_to
    }

    /// Takes in the entries of a stretch that it touches.
    pub(super) fn merge(&mut self, other: Self) {
        self.after = self.after.min(other.after);
        self.up_to = self.up_to.max(other.up_to);
        for (seq, entry) in other.entries {
            self.put(seq, entry);
        }
    }

    /// Drops the oldest entries until at most `entries_max` are left.
    pub(super) fn drop_oldest(&mut self, entries_max: usize) {
        while self.entries.len() > entries_max {
            if let Some((seq, _)) = self.entries.pop_first() {
                self.after = seq;
            }
        }
    }

    /// Drops the newest entries until at most `entries_max` are left.
    pub(super) fn drop_newest(&mut self, entries_max: usize) {
        while self.entries.len() > entries_max {
            if let Some((seq, _)) = self.entries.pop_last() {
                self.up_to = seq - 1;
            }
        }
    }
}
