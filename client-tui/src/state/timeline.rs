//! What was said in a room, as far as it is loaded: one stretch of its log without a gap, from
//! the oldest page that was fetched to the newest event.

use std::collections::BTreeMap;

use chat_shared::protocol::{ChatEvent, SystemEvent};
use chat_shared::{Nonce, Seq, TimestampMs, Username};

/// Lines kept of a room that is read at its end; the oldest are dropped and can be fetched again.
const LINES_MAX: usize = 2_000;

/// Lines kept while one reads further up.
pub(crate) const LINES_SCROLLED_MAX: usize = 20_000;

/// Where a line stands. What is durable stands at its seq, so that nothing is there twice
/// whatever arrives again; what is not follows the durable line that it came after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) seq: Seq,
    pub(crate) sub: u32,
}

impl Key {
    pub(crate) const MAX: Self = Self {
        seq: Seq::MAX,
        sub: u32::MAX,
    };

    fn durable(seq: Seq) -> Self {
        Self { seq, sub: 0 }
    }

    /// Of the message that waits at `index` to be stored: below everything that is.
    pub(crate) fn pending(index: usize) -> Self {
        Self {
            seq: Seq::MAX,
            sub: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }
}

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) ts: TimestampMs,
    pub(crate) kind: EntryKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Message {
        sender: Username,
        text: String,
        bot: bool,
    },
    /// A sentence about the room.
    System { text: String },
    /// A word of this client to its own user.
    Local { text: String, error: bool },
}

/// Whether older lines can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Older {
    /// There are some, or it is not known yet.
    #[default]
    More,
    /// A page is on its way.
    Loading,
    /// The server refused; asked again when one wants to go further up.
    Failed,
    /// The first line of the room is here.
    None,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    lines: BTreeMap<Key, Entry>,
    pub(crate) older: Older,
    /// Grows when all is forgotten, so that a page that was asked for before is known as old.
    pub(crate) generation: u64,
}

impl Timeline {
    pub(crate) fn lines(&self) -> &BTreeMap<Key, Entry> {
        &self.lines
    }

    /// Forgets all, as after a gap that no replay fills.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            generation: self.generation + 1,
            ..Self::default()
        };
    }

    /// Puts a message where it belongs; says whether it was new.
    pub(crate) fn message(&mut self, chat: ChatEvent) -> bool {
        let kind = EntryKind::Message {
            sender: chat.username,
            text: chat.message,
            bot: chat.bot,
        };
        self.lines
            .insert(Key::durable(chat.seq), Entry { ts: chat.ts, kind })
            .is_none()
    }

    pub(crate) fn system(&mut self, event: SystemEvent) {
        let entry = Entry {
            ts: event.ts,
            kind: EntryKind::System {
                text: event.message,
            },
        };
        match event.seq {
            Some(seq) => drop(self.lines.insert(Key::durable(seq), entry)),
            None => self.follow(entry),
        }
    }

    pub(crate) fn local(&mut self, ts: TimestampMs, text: String, error: bool) {
        self.follow(Entry {
            ts,
            kind: EntryKind::Local { text, error },
        });
    }

    /// The seq of the oldest message that is here.
    pub(crate) fn oldest(&self) -> Option<Seq> {
        self.lines.iter().find_map(|(key, line)| {
            let durable = key.sub == 0 && !matches!(line.kind, EntryKind::Local { .. });
            (durable && key.seq > 0).then_some(key.seq)
        })
    }

    fn follow(&mut self, entry: Entry) {
        let tip = self
            .lines
            .last_key_value()
            .map_or(Key::durable(0), |(key, _)| *key);
        self.lines.insert(
            Key {
                seq: tip.seq,
                sub: tip.sub.saturating_add(1),
            },
            entry,
        );
    }

    /// Drops the oldest lines past the bound.
    pub(crate) fn trim(&mut self, scrolled: bool) {
        let lines_max = if scrolled {
            LINES_SCROLLED_MAX
        } else {
            LINES_MAX
        };
        while self.lines.len() > lines_max {
            self.lines.pop_first();
            if self.older == Older::None {
                self.older = Older::More;
            }
        }
    }
}

/// One's own message that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) nonce: Nonce,
    pub(crate) ts: TimestampMs,
    pub(crate) text: String,
    /// Why it was refused, where it was.
    pub(crate) failed: Option<String>,
}
