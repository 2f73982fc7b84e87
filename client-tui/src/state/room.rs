use std::collections::BTreeMap;

use chat_shared::protocol::{MemberInfo, PresenceEvent, RoomInfo};
use chat_shared::{RoomName, Username};

use super::{Editor, Entry, Key, Pending, Timeline};

/// Sent lines that Up brings back.
const HISTORY_MAX: usize = 200;

/// A room one is in.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) name: RoomName,
    /// Absent until the server has told it.
    pub(crate) info: Option<RoomInfo>,
    pub(crate) timeline: Timeline,
    /// Own messages that are not stored yet, oldest first.
    pub(crate) pending: Vec<Pending>,
    pub(crate) members: Members,
    pub(crate) scroll: Scroll,
    /// Each room keeps what was being typed in it.
    pub(crate) input: Editor,
    /// Messages that came while another room was shown.
    pub(crate) unread: u64,
}

/// Which line stands at the bottom of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scroll {
    /// The newest; it follows.
    #[default]
    Newest,
    /// This one, of which the last `hidden` rows are below the screen. `new` messages came since.
    At { key: Key, hidden: usize, new: u64 },
}

/// What the timeline shows, stored or not.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown<'a> {
    Entry(&'a Entry),
    Pending(&'a Pending),
}

impl Shown<'_> {
    pub(crate) fn ts(&self) -> chat_shared::TimestampMs {
        match self {
            Self::Entry(entry) => entry.ts,
            Self::Pending(pending) => pending.ts,
        }
    }
}

impl Room {
    pub(crate) fn new(name: RoomName) -> Self {
        Self {
            name,
            info: None,
            timeline: Timeline::default(),
            pending: Vec::new(),
            members: Members::default(),
            scroll: Scroll::default(),
            input: Editor::default(),
            unread: 0,
        }
    }

    /// The name to show: a direct room's is the other person's.
    pub(crate) fn title(&self) -> &str {
        let with = self.info.as_ref().and_then(|info| info.with.as_ref());
        with.map_or(self.name.as_str(), Username::as_str)
    }

    /// Whether one reads further up than the newest line.
    pub(crate) fn is_scrolled(&self) -> bool {
        self.scroll != Scroll::Newest
    }

    /// The lines up to and with `key`, newest first.
    pub(crate) fn up_from(&self, key: Key) -> impl Iterator<Item = (Key, Shown<'_>)> {
        let pending = self.pending.iter().enumerate().rev();
        let pending = pending.map(|(index, line)| (Key::pending(index), Shown::Pending(line)));
        let lines = self.timeline.lines().range(..=key).rev();
        let lines = lines.map(|(key, entry)| (*key, Shown::Entry(entry)));
        pending.filter(move |(at, _)| *at <= key).chain(lines)
    }

    /// The lines from `key` on, oldest first.
    pub(crate) fn down_from(&self, key: Key) -> impl Iterator<Item = (Key, Shown<'_>)> {
        let lines = self.timeline.lines().range(key..);
        let lines = lines.map(|(key, entry)| (*key, Shown::Entry(entry)));
        let pending = self.pending.iter().enumerate();
        let pending = pending.map(|(index, line)| (Key::pending(index), Shown::Pending(line)));
        lines.chain(pending.filter(move |(at, _)| *at >= key))
    }
}

/// Who is in a room, as far as it is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    people: BTreeMap<Username, bool>,
    /// Whether they were asked for since the connection began.
    pub(crate) asked: bool,
    /// How many are online.
    pub(crate) online: u64,
    /// Whether `people` are all; in a crowd only the count is told.
    pub(crate) named: bool,
}

impl Members {
    /// Takes in the whole list, or the first of a crowd (`more`).
    pub(crate) fn set(&mut self, members: &[MemberInfo], more: bool) {
        self.named = !more;
        self.people = members
            .iter()
            .map(|m| (m.username.clone(), m.online))
            .collect();
        if self.named {
            self.count();
        }
    }

    pub(crate) fn presence(&mut self, event: &PresenceEvent) {
        self.named &= event.count == 0 || !(event.online.is_empty() && event.offline.is_empty());
        self.online = event.count;
        for (names, online) in [(&event.online, true), (&event.offline, false)] {
            self.people
                .extend(names.iter().map(|name| (name.clone(), online)));
        }
    }

    pub(crate) fn joined(&mut self, name: &Username) {
        self.people.entry(name.clone()).or_insert(false);
    }

    pub(crate) fn left(&mut self, name: &Username) {
        self.people.remove(name);
        if self.named {
            self.count();
        }
    }

    /// Names, by name, who are online or who are not.
    pub(crate) fn names(&self, online: bool) -> impl Iterator<Item = &Username> {
        let people = self.people.iter().filter(move |(_, is)| **is == online);
        people.map(|(name, _)| name).filter(|_| self.named)
    }

    fn count(&mut self) {
        self.online = self.people.values().filter(|online| **online).count() as u64;
    }
}

/// What was sent before, for Up and Down.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputHistory {
    lines: Vec<String>,
    /// Which line is shown, and what was being typed before.
    at: Option<(usize, String)>,
}

impl InputHistory {
    pub(crate) fn add(&mut self, line: &str) {
        self.at = None;
        if self.lines.last().is_none_or(|last| last != line) {
            if self.lines.len() == HISTORY_MAX {
                self.lines.remove(0);
            }
            self.lines.push(line.to_owned());
        }
    }

    /// The line before the one shown.
    pub(crate) fn older(&mut self, typed: &str) -> Option<String> {
        let (at, typed) = self
            .at
            .clone()
            .unwrap_or((self.lines.len(), typed.to_owned()));
        let at = at.checked_sub(1)?;
        self.at = Some((at, typed));
        self.lines.get(at).cloned()
    }

    /// The line after the one shown; after the last, what was being typed.
    pub(crate) fn newer(&mut self) -> Option<String> {
        let (at, typed) = self.at.take()?;
        let Some(line) = self.lines.get(at + 1) else {
            return Some(typed);
        };
        self.at = Some((at + 1, typed));
        Some(line.clone())
    }
}
