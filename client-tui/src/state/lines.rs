//! The lines of a room's timeline: the entries of its [`RoomView`], between them what only this
//! client has to say, and below them the messages that wait to be stored.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chat_shared::protocol::{ChatEvent, RoomKind, SystemEvent, SystemKind};
use chat_shared::view::{Entry, RoomView};
use chat_shared::{Seq, TimestampMs, Username};

use super::{Pending, Room};

/// Notes kept of a room; the oldest goes first.
const NOTES_MAX: usize = 500;

/// Names in one line about who joined and left.
const PRESENCE_NAMES_MAX: usize = 10;

/// The position of a line. The position of a stored event is its seq. A note follows the event that was the
/// last one when the note was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineKey {
    pub(crate) seq: Seq,
    pub(crate) sub: u32,
}

impl LineKey {
    pub(crate) const MAX: Self = Self {
        seq: Seq::MAX,
        sub: u32::MAX,
    };

    pub(crate) fn durable(seq: Seq) -> Self {
        Self { seq, sub: 0 }
    }

    /// The key of the waiting message at `index`, below everything that is stored.
    fn pending(index: usize) -> Self {
        Self {
            seq: Seq::MAX,
            sub: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }
}

/// A line of the timeline.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Line<'a> {
    Message(&'a ChatEvent),
    /// A stored event that is no message.
    System(&'a SystemEvent),
    Note(&'a Note),
    Pending(&'a Pending),
}

impl Line<'_> {
    pub(crate) fn ts(&self) -> TimestampMs {
        match self {
            Self::Message(message) => message.ts,
            Self::System(event) => event.ts,
            Self::Note(note) => note.ts,
            Self::Pending(pending) => pending.ts,
        }
    }
}

/// A line that is no stored event and that no page of history has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) ts: TimestampMs,
    pub(crate) kind: NoteKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoteKind {
    /// A sentence about the room.
    System(Box<str>),
    /// People who joined and left; consecutive events share one line.
    PresenceChanges(Box<PresenceChanges>),
    /// A message of this client to its own user.
    Local { text: Box<str>, error: bool },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PresenceChanges {
    pub(crate) joined: Vec<Username>,
    pub(crate) left: Vec<Username>,
    /// People beyond the names that are listed.
    pub(crate) others: u64,
}

impl PresenceChanges {
    fn add(&mut self, event: &SystemEvent, joined: bool) {
        let mut named = 0;
        for name in event.username.iter().chain(&event.usernames) {
            self.add_name(name, joined);
            named += 1;
        }
        self.others += event.count.unwrap_or(0).saturating_sub(named);
    }

    fn add_name(&mut self, name: &Username, joined: bool) {
        self.joined.retain(|other| other != name);
        self.left.retain(|other| other != name);
        if self.joined.len() + self.left.len() >= PRESENCE_NAMES_MAX {
            self.others += 1;
        } else if joined {
            self.joined.push(name.clone());
        } else {
            self.left.push(name.clone());
        }
    }
}

/// Whether somebody joined (`true`) or left, in an event that says so.
fn presence(kind: SystemKind) -> Option<bool> {
    match kind {
        SystemKind::JoinedChat | SystemKind::Joined => Some(true),
        SystemKind::LeftChat | SystemKind::Left => Some(false),
        _ => None,
    }
}

/// The notes of a room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(BTreeMap<LineKey, Note>);

impl Notes {
    /// The notes, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LineKey, &Note)> {
        self.0.iter().map(|(key, note)| (*key, note))
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Drops the notes above everything that is held of the room.
    pub(crate) fn drop_before(&mut self, seq: Seq) {
        self.0.retain(|key, _| key.seq >= seq);
    }

    fn push(&mut self, seq: Seq, note: Note) {
        let above = self.0.range(..=LineKey { seq, sub: u32::MAX }).next_back();
        let above = above.filter(|(key, _)| key.seq == seq);
        let sub = above.map_or(1, |(key, _)| key.sub.saturating_add(1));
        self.0.insert(LineKey { seq, sub }, note);
        if self.0.len() > NOTES_MAX {
            self.0.pop_first();
        }
    }
}

impl Room {
    /// Adds a sentence of this client below what is shown.
    pub(crate) fn note(&mut self, ts: TimestampMs, text: String, error: bool) {
        let seq = match &self.view {
            Some(view) if !view.is_at_live_end() => view.shown().up_to(),
            _ => self.tip(),
        };
        let text = text.into();
        let kind = NoteKind::Local { text, error };
        self.notes.push(seq, Note { ts, kind });
    }

    /// Adds the line of an event that is new: a note, if the room's view does not keep the event,
    /// or if it shares a line with others.
    pub(crate) fn note_event(&mut self, event: SystemEvent) {
        let tip = self.tip();
        if let Some(joined) = presence(event.event) {
            let last_entry = self.view.as_ref().and_then(last_shown);
            let last = self.notes.0.last_entry();
            let last = last.filter(|last| last_entry.is_none_or(|seq| last.key().seq >= seq));
            if let Some(mut last) = last
                && let NoteKind::PresenceChanges(changes) = &mut last.get_mut().kind
            {
                return changes.add(&event, joined);
            }
            let mut changes = Box::<PresenceChanges>::default();
            changes.add(&event, joined);
            let kind = NoteKind::PresenceChanges(changes);
            self.notes.push(tip, Note { ts: event.ts, kind });
        } else if event.seq.is_none() {
            let kind = NoteKind::System(event.message.into());
            self.notes.push(tip, Note { ts: event.ts, kind });
        }
    }

    /// The lines up to and including `key`, newest first.
    pub(crate) fn up_from(&self, key: LineKey) -> impl Iterator<Item = (LineKey, Line<'_>)> {
        let pending = self.pending.iter().enumerate().rev();
        let pending = pending.map(|(index, line)| (LineKey::pending(index), Line::Pending(line)));
        let view = self.view.as_ref();
        let entries = view.into_iter().flat_map(move |view| {
            let entries = view.shown().range(..=key.seq).rev();
            entries.filter_map(|(seq, entry)| line(view, seq, entry))
        });
        let first = view.map_or(0, |view| view.shown().after());
        let last = LineKey {
            seq: self.last_noted(),
            sub: u32::MAX,
        };
        let notes = self.notes.0.range(LineKey::durable(first)..).rev();
        let notes = notes.map(|(key, note)| (*key, Line::Note(note)));
        let notes = notes.filter(move |(at, _)| *at <= key.min(last));
        let pending = pending.filter(move |(at, _)| *at <= key);
        pending.chain(merge(entries, notes, Ordering::Greater))
    }

    /// The lines from `key` on, oldest first.
    pub(crate) fn down_from(&self, key: LineKey) -> impl Iterator<Item = (LineKey, Line<'_>)> {
        let view = self.view.as_ref();
        let entries = view.into_iter().flat_map(move |view| {
            let entries = view.shown().range(key.seq..);
            let lines = entries.filter_map(|(seq, entry)| line(view, seq, entry));
            lines.filter(move |(at, _)| *at >= key)
        });
        let first = LineKey::durable(view.map_or(0, |view| view.shown().after()));
        let last = self.last_noted();
        let notes = self.notes.0.range(key.max(first)..);
        let notes = notes.take_while(move |(at, _)| at.seq <= last);
        let notes = notes.map(|(key, note)| (*key, Line::Note(note)));
        let pending = self.pending.iter().enumerate();
        let pending = pending.map(|(index, line)| (LineKey::pending(index), Line::Pending(line)));
        merge(entries, notes, Ordering::Less).chain(pending.filter(move |(at, _)| *at >= key))
    }

    /// Notes below this seq are about later events than what is shown.
    fn last_noted(&self) -> Seq {
        match &self.view {
            Some(view) if !view.is_at_live_end() => view.shown().up_to(),
            _ => Seq::MAX,
        }
    }
}

/// The line of a view's entry, if it has one of its own.
fn line<'a>(view: &RoomView, seq: Seq, entry: &'a Entry) -> Option<(LineKey, Line<'a>)> {
    let key = LineKey::durable(seq);
    match entry {
        Entry::Message(message) => Some((key, Line::Message(message))),
        Entry::System(event) => has_line(view, event).then_some((key, Line::System(event))),
    }
}

/// People who joined and left share a note, and a direct room says by its name whose it is.
fn has_line(view: &RoomView, event: &SystemEvent) -> bool {
    let is_direct = view.info().kind == RoomKind::Direct;
    presence(event.event).is_none() && !(is_direct && event.event == SystemKind::Created)
}

/// The seq of the newest entry that has a line of its own.
fn last_shown(view: &RoomView) -> Option<Seq> {
    let mut entries = view.live().iter().rev();
    entries.find_map(|(seq, entry)| line(view, seq, entry).map(|_| seq))
}

/// Merges lines of which each source is in order. `first` says which key comes first.
fn merge<'a>(
    left: impl Iterator<Item = (LineKey, Line<'a>)>,
    right: impl Iterator<Item = (LineKey, Line<'a>)>,
    first: Ordering,
) -> impl Iterator<Item = (LineKey, Line<'a>)> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    let key = |line: Option<&(LineKey, Line<'a>)>| line.map(|(key, _)| *key);
    std::iter::from_fn(move || match (key(left.peek()), key(right.peek())) {
        (Some(of_left), Some(of_right)) if of_left.cmp(&of_right) != first => right.next(),
        (Some(_), _) => left.next(),
        (None, _) => right.next(),
    })
}
