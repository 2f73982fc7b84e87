//! The messages of a room that a client holds: the live end of the log, a window further back, and
//! messages that replies quote.

use std::collections::BTreeMap;

use super::changes::{Changes, apply, change_of};
use super::stretch::{Entry, Stretch};
use crate::protocol::{ChatEvent, HistoryPage, PageKind, ServerFrame, SystemEvent};
use crate::{Seq, Username};

/// Entries of the stretch that is shown, whether that is the live end or a window of the past.
pub const SHOWN_ENTRIES_MAX: usize = 2_000;

/// Entries of a live end that is not shown.
pub const HIDDEN_ENTRIES_MAX: usize = 200;

/// Messages kept only because a reply quotes them.
const QUOTED_MAX: usize = 200;

/// Why a page of messages was not taken in. Ask for it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The page was made before changes that are no longer remembered.
    #[error("The page of messages is too old to be brought up to date; ask for it again.")]
    Stale,
    /// The messages that the page was to join are no longer held, so that it would leave a gap.
    #[error("The page of messages joins nothing that is held; ask for it again.")]
    Detached,
}

/// See the module. The window is a *past*; it exists only while the reader looks back.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    me: Username,
    live: Stretch,
    past: Option<Stretch>,
    quoted: BTreeMap<Seq, ChatEvent>,
    changes: Changes,
    is_following: bool,
}

impl Timeline {
    /// Nothing is held; every event above `tip` will be taken.
    pub(super) fn new(me: Username, tip: Seq) -> Self {
        Self {
            me,
            live: Stretch::new(tip),
            past: None,
            quoted: BTreeMap::new(),
            changes: Changes::above(tip),
            is_following: true,
        }
    }

    pub(super) fn live(&self) -> &Stretch {
        &self.live
    }

    pub(super) fn shown(&self) -> &Stretch {
        self.past.as_ref().unwrap_or(&self.live)
    }

    pub(super) fn is_at_live_end(&self) -> bool {
        self.past.is_none()
    }

    pub(super) fn message(&self, seq: Seq) -> Option<&ChatEvent> {
        let held = self.shown().message(seq).or_else(|| self.live.message(seq));
        held.or_else(|| self.quoted.get(&seq))
    }

    pub(super) fn older_page(&self) -> Option<PageKind> {
        let shown = self.shown();
        match (shown.has_older(), shown.is_empty()) {
            (false, _) => None,
            (true, true) => Some(PageKind::Newest),
            (true, false) => Some(PageKind::Before(shown.after().saturating_add(1))),
        }
    }

    pub(super) fn newer_page(&self) -> Option<PageKind> {
        let past = self.past.as_ref()?;
        Some(PageKind::After(past.up_to()))
    }

    pub(super) fn follow(&mut self, is_following: bool) {
        self.is_following = is_following;
        self.trim_live();
    }

    pub(super) fn show_live_end(&mut self) {
        self.past = None;
        self.follow(true);
    }

    pub(super) fn hide(&mut self) {
        self.show_live_end();
        self.live.drop_oldest(HIDDEN_ENTRIES_MAX);
    }

    pub(super) fn push_message(&mut self, chat: &ChatEvent) {
        self.push(chat.seq, as_sent(chat));
    }

    /// Puts a message into the live end before its event has come.
    pub(super) fn put_early(&mut self, chat: &ChatEvent) {
        self.live.put(chat.seq, as_sent(chat));
    }

    pub(super) fn push_system(&mut self, seq: Seq, event: &SystemEvent) {
        self.push(seq, Entry::System(Box::new(event.clone())));
    }

    fn push(&mut self, seq: Seq, entry: Entry) {
        self.live.extend_to(seq);
        if self.live.get(seq).is_none() {
            self.live.put(seq, entry);
        }
        self.trim_live();
    }

    /// Takes an edit, delete or reaction, also of a message that is not held.
    pub(super) fn push_change(&mut self, frame: &ServerFrame) {
        let Some((seq, target)) = change_of(frame) else {
            return;
        };
        self.live.extend_to(seq);
        self.live.change(target, frame, &self.me);
        if let Some(past) = &mut self.past {
            past.change(target, frame, &self.me);
        }
        if let Some(quoted) = self.quoted.get_mut(&target) {
            apply(quoted, frame, &self.me);
        }
        self.changes.push(frame);
    }

    pub(super) fn take_page(
        &mut self,
        kind: PageKind,
        page: &HistoryPage,
    ) -> Result<(), PageError> {
        if !self.changes.cover(page.as_of) {
            return Err(PageError::Stale);
        }
        let stretch = self.stretch_of(kind, page);
        if matches!(kind, PageKind::Around(_)) {
            self.past = Some(stretch);
        } else if let Some(past) = self.past.as_mut().filter(|past| past.touches(&stretch)) {
            past.merge(stretch);
            match kind {
                PageKind::Before(_) => past.drop_newest(SHOWN_ENTRIES_MAX),
                _ => past.drop_oldest(SHOWN_ENTRIES_MAX),
            }
        } else if self.live.touches(&stretch) {
            self.live.merge(stretch);
            if self.live.len() > SHOWN_ENTRIES_MAX && self.past.is_none() {
                // Dropping the oldest entries would drop the page.
                self.detach();
            }
        } else {
            return Err(PageError::Detached);
        }
        if matches!(kind, PageKind::Around(_) | PageKind::After(_)) {
            self.join();
        }
        self.trim_live();
        Ok(())
    }

    pub(super) fn take_quoted(&mut self, page: &HistoryPage) -> Result<(), PageError> {
        if !self.changes.cover(page.as_of) {
            return Err(PageError::Stale);
        }
        for message in &page.messages {
            let quoted = self.changes.bring_up_to_date(message, &self.me);
            self.quoted.insert(message.seq, quoted);
            if self.quoted.len() > QUOTED_MAX {
                self.quoted.pop_first();
            }
        }
        Ok(())
    }

    /// The part of the log that a page holds, as it is now.
    fn stretch_of(&self, kind: PageKind, page: &HistoryPage) -> Stretch {
        let first = page.messages.first().map(|message| message.seq);
        let last = page.messages.last().map(|message| message.seq);
        let begin = match kind {
            PageKind::After(seq) => seq,
            _ if !page.more_before => 0,
            PageKind::Before(seq) => first.unwrap_or(seq).saturating_sub(1),
            _ => first.map_or(page.as_of, |first| first.saturating_sub(1)),
        };
        let end = match kind {
            PageKind::Before(seq) => seq.saturating_sub(1),
            _ if page.more_after => last.unwrap_or(begin),
            _ => page.as_of,
        };
        let mut stretch = Stretch::of_page(begin, end);
        for message in &page.messages {
            let message = self.changes.bring_up_to_date(message, &self.me);
            stretch.put(message.seq, Entry::Message(message));
        }
        stretch
    }

    /// Makes the window the live end once it reaches it.
    fn join(&mut self) {
        if let Some(past) = self.past.take_if(|past| past.touches(&self.live)) {
            self.live.merge(past);
            self.live.drop_oldest(SHOWN_ENTRIES_MAX);
        }
    }

    /// Turns what is shown of the live end into a window of the past, so that the live end can be
    /// short again and nothing moves under the reader.
    fn detach(&mut self) {
        let mut past = self.live.clone();
        past.drop_newest(SHOWN_ENTRIES_MAX);
        self.past = Some(past);
    }

    fn trim_live(&mut self) {
        if self.past.is_none() && self.live.len() > SHOWN_ENTRIES_MAX {
            if self.is_following {
                self.live.drop_oldest(SHOWN_ENTRIES_MAX);
            } else {
                self.detach();
            }
        }
        if self.past.is_some() {
            self.live.drop_oldest(HIDDEN_ENTRIES_MAX);
        }
    }
}

/// The entry of a message that nothing has changed yet.
fn as_sent(chat: &ChatEvent) -> Entry {
    Entry::Message(ChatEvent {
        rev: Some(chat.seq),
        ..chat.clone()
    })
}
