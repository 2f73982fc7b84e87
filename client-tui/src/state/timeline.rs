//! The loaded part of a room's log: one stretch without a gap. Most often it ends at the newest
//! event; after a jump into the past it ends earlier.

use std::collections::{BTreeMap, VecDeque};

use chat_shared::protocol::{ChatEvent, HistoryPage, SystemEvent, SystemKind};
use chat_shared::{Nonce, Seq, TimestampMs, Username};

use super::{Change, Message};

/// Lines kept of the room that is shown, at its end. Older lines are dropped and can be fetched
/// again.
const LINES_MAX: usize = 2_000;

/// Lines kept of a room that is not shown.
const LINES_HIDDEN_MAX: usize = 200;

/// Lines kept while the user is scrolled up.
pub(crate) const LINES_SCROLLED_MAX: usize = 20_000;

/// Changes kept for pages that were requested before them.
const CHANGES_MAX: usize = 200;

/// Names in one line about who joined and left.
const PRESENCE_NAMES_MAX: usize = 10;

/// The position of a line. A stored event stands at its seq, so that it is there once however often
/// it arrives. Any other line follows the stored event that it arrived after.
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
    Message(Message),
    /// A sentence about the room.
    System(Box<str>),
    /// Who joined and left; consecutive events share one line.
    PresenceChanges(Box<PresenceChanges>),
    /// A message of this client to its own user.
    Local {
        text: Box<str>,
        error: bool,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PresenceChanges {
    pub(crate) joined: Vec<Username>,
    pub(crate) left: Vec<Username>,
    /// People beyond the names that are listed.
    pub(crate) others: u64,
}

impl PresenceChanges {
    fn add(&mut self, name: &Username, joined: bool) {
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

/// What is known beyond one end of the stretch.
///
/// ```text
/// There ──▶ Loading ──▶ There | None        (requested; a page arrived)
///              └──────▶ Failed ──▶ Loading  (refused; the user scrolls further)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum More {
    /// There is more, or it is not known yet.
    #[default]
    There,
    /// A page was requested.
    Loading,
    /// The server refused; the next scroll asks again.
    Failed,
    /// This is the end.
    None,
}

/// The ends of the stretch that a page extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Older,
    Newer,
    Both,
}

#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    lines: BTreeMap<LineKey, Entry>,
    pub(crate) older: More,
    /// `None` means that the stretch ends at the newest event; live events are appended.
    pub(crate) newer: More,
    /// Grows when all lines are dropped, so that pages requested earlier are ignored.
    pub(crate) generation: u64,
    /// The seq of the newest message that arrived.
    tip: Seq,
    /// The last edits, deletions and reactions with their seq and target, also of messages that are
    /// not loaded.
    changes: VecDeque<(Seq, Seq, Change)>,
    /// Every change above this seq is in `changes`.
    changes_above: Seq,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            lines: BTreeMap::new(),
            older: More::There,
            newer: More::None,
            generation: 0,
            tip: 0,
            changes: VecDeque::new(),
            changes_above: 0,
        }
    }
}

impl Timeline {
    pub(crate) fn lines(&self) -> &BTreeMap<LineKey, Entry> {
        &self.lines
    }

    /// The message of this seq, if it is loaded.
    pub(crate) fn message(&self, seq: Seq) -> Option<&Message> {
        self.lines.get(&LineKey::durable(seq)).and_then(as_message)
    }

    /// The messages, newest first.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (Seq, &Message)> {
        let lines = self.lines.iter().rev();
        lines.filter_map(|(key, entry)| Some((key.seq, as_message(entry)?)))
    }

    pub(crate) fn is_live(&self) -> bool {
        self.newer == More::None
    }

    /// Drops all lines, as after a gap that no replay fills.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            generation: self.generation + 1,
            tip: self.tip,
            changes_above: self.changes_above,
            changes: std::mem::take(&mut self.changes),
            ..Self::default()
        };
    }

    /// Drops everything because the log is another one, with other sequence numbers.
    pub(crate) fn reset(&mut self) {
        let generation = self.generation + 1;
        *self = Self {
            generation,
            ..Self::default()
        };
    }

    /// Adds a new message; returns true if it was unknown.
    pub(crate) fn add_message(&mut self, chat: ChatEvent, me: &Username) -> bool {
        let is_new = chat.seq > self.tip;
        self.tip = self.tip.max(chat.seq);
        if !self.is_live() {
            return is_new;
        }
        self.put(chat, me)
    }

    /// Applies the change that event `seq` made to the message `target`.
    pub(crate) fn apply_change(&mut self, seq: Seq, target: Seq, change: Change) {
        if let Some(entry) = self.lines.get_mut(&LineKey::durable(target))
            && let EntryKind::Message(message) = &mut entry.kind
        {
            message.apply(seq, &change);
        }
        if self.changes.len() >= CHANGES_MAX
            && let Some((seq, ..)) = self.changes.pop_front()
        {
            self.changes_above = seq;
        }
        self.changes.push_back((seq, target, change));
    }

    /// Adds a page that joins the stretch. Returns false if the page is so old that changes made
    /// since are no longer known; request it again.
    pub(crate) fn add_page(&mut self, page: HistoryPage, me: &Username, side: Side) -> bool {
        if page.as_of < self.changes_above {
            return false;
        }
        let reaches = page.as_of >= self.tip;
        for chat in page.messages {
            self.put(chat, me);
        }
        let more = |is| if is { More::There } else { More::None };
        if side != Side::Newer {
            self.older = more(page.more_before);
        }
        if side != Side::Older {
            // What arrived after the page was made comes with the next one.
            self.newer = more(page.more_after || !reaches);
        }
        true
    }

    fn put(&mut self, chat: ChatEvent, me: &Username) -> bool {
        let (seq, ts) = (chat.seq, chat.ts);
        let mut message = Message::new(chat, me);
        for (at, target, change) in &self.changes {
            if *target == seq {
                message.apply(*at, change);
            }
        }
        let known = self.message(seq).map(Message::rev);
        if known.is_none_or(|rev| rev < message.rev()) {
            let kind = EntryKind::Message(message);
            self.lines.insert(LineKey::durable(seq), Entry { ts, kind });
        }
        known.is_none()
    }

    pub(crate) fn add_system(&mut self, event: SystemEvent) {
        if !self.is_live() {
            return;
        }
        let joined = match event.event {
            SystemKind::JoinedChat | SystemKind::Joined => Some(true),
            SystemKind::LeftChat | SystemKind::Left => Some(false),
            _ => None,
        };
        if let Some(joined) = joined {
            return self.add_presence(&event, joined);
        }
        let kind = EntryKind::System(event.message.into());
        let entry = Entry { ts: event.ts, kind };
        match event.seq {
            Some(seq) => drop(self.lines.insert(LineKey::durable(seq), entry)),
            None => self.append(entry),
        }
    }

    fn add_presence(&mut self, event: &SystemEvent, joined: bool) {
        let names = event.username.iter().chain(&event.usernames);
        let last = self.lines.last_entry().map(|entry| entry.into_mut());
        let mut new = Box::<PresenceChanges>::default();
        let (line, is_new) = match last.map(|entry| &mut entry.kind) {
            Some(EntryKind::PresenceChanges(line)) => (line, false),
            _ => (&mut new, true),
        };
        let mut named = 0;
        for name in names {
            line.add(name, joined);
            named += 1;
        }
        line.others += event.count.unwrap_or(0).saturating_sub(named);
        if is_new {
            let kind = EntryKind::PresenceChanges(new);
            self.append(Entry { ts: event.ts, kind });
        }
    }

    pub(crate) fn add_local(&mut self, ts: TimestampMs, text: String, error: bool) {
        let text = text.into();
        self.append(Entry {
            ts,
            kind: EntryKind::Local { text, error },
        });
    }

    /// The seq of the oldest loaded message.
    pub(crate) fn oldest(&self) -> Option<Seq> {
        let mut messages = self.lines.iter();
        messages.find_map(|(key, entry)| as_message(entry).map(|_| key.seq))
    }

    /// The seq of the newest loaded message.
    pub(crate) fn newest(&self) -> Option<Seq> {
        self.messages().next().map(|(seq, _)| seq)
    }

    fn append(&mut self, entry: Entry) {
        let tip = self
            .lines
            .last_key_value()
            .map_or(LineKey::durable(0), |(key, _)| *key);
        let sub = tip.sub.saturating_add(1);
        self.lines.insert(LineKey { seq: tip.seq, sub }, entry);
    }

    /// Drops the oldest lines beyond the bound.
    pub(crate) fn trim(&mut self, scrolled: bool) {
        self.drop_above(if scrolled {
            LINES_SCROLLED_MAX
        } else {
            LINES_MAX
        });
    }

    /// Drops the oldest lines of a room that is not shown.
    pub(crate) fn trim_hidden(&mut self) {
        self.drop_above(LINES_HIDDEN_MAX);
    }

    fn drop_above(&mut self, lines_max: usize) {
        while self.lines.len() > lines_max {
            self.lines.pop_first();
            if self.older == More::None {
                self.older = More::There;
            }
        }
    }
}

fn as_message(entry: &Entry) -> Option<&Message> {
    match &entry.kind {
        EntryKind::Message(message) => Some(message),
        _ => None,
    }
}

/// A message of the user that the server has not stored yet. The messages of a room are sent one
/// after the other, so that they are stored in the order in which they were typed.
///
/// ```text
///   ┌── rate limit ──┐
///   ▼                │
/// Waiting ──────▶ InFlight ──▶ stored   (acknowledged, or seen in the log)
///   ▲                └───────▶ Failed   (refused; /discard drops it)
///   └───────── Ctrl-R ────────────┘
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) nonce: Nonce,
    pub(crate) ts: TimestampMs,
    pub(crate) text: String,
    pub(crate) reply_to: Option<Seq>,
    pub(crate) state: PendingState,
}

/// See [`Pending`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum PendingState {
    #[default]
    Waiting,
    /// Handed to the SDK, which sends it again after a lost connection.
    InFlight,
    /// Refused, and why.
    Failed(String),
}

impl Pending {
    /// Why the server refused it, if it did.
    pub(crate) fn failed(&self) -> Option<&str> {
        match &self.state {
            PendingState::Failed(why) => Some(why),
            PendingState::Waiting | PendingState::InFlight => None,
        }
    }
}
