//! Messages as they stand now, of pages and events in any order.

use std::collections::{BTreeMap, VecDeque};

use crate::limits::REACTION_WHO_MAX;
use crate::protocol::{ChatEvent, HistoryPage, ReactedEvent, ServerFrame};
use crate::{Seq, Username};

/// Changes that are kept for pages that come late.
const CHANGES_MAX: usize = 1_000;

/// A page stands as of so long ago that not all changes since are known: ask for it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The page of messages is too old for the events that came since; ask for it again.")]
pub struct Stale;

/// The messages of a room that are held.
#[derive(Debug, Clone)]
pub struct Messages {
    me: Username,
    held: BTreeMap<Seq, ChatEvent>,
    /// Every message above this seq is held.
    above: Seq,
    /// Edits, deletes and reactions above [`Messages::changes_above`], also of messages not held.
    changes: VecDeque<ServerFrame>,
    changes_above: Seq,
}

impl Messages {
    pub(super) fn new(me: Username, tip: Seq) -> Self {
        Self {
            me,
            held: BTreeMap::new(),
            above: tip,
            changes: VecDeque::new(),
            changes_above: tip,
        }
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &ChatEvent> {
        self.held.values()
    }

    /// The message of this seq, where it is held.
    pub fn get(&self, seq: Seq) -> Option<&ChatEvent> {
        self.held.get(&seq)
    }

    pub(super) fn held_above(&self) -> Seq {
        self.above
    }

    /// How many messages stand above `seq`, and how many of them mention one; `None` where not
    /// all are held.
    pub(super) fn above(&self, seq: Seq) -> Option<(u64, u64)> {
        if self.above > seq {
            return None;
        }
        let above = self.held.range(seq.saturating_add(1)..);
        Some(above.fold((0, 0), |(messages, mentions), (_, chat)| {
            let mentioned = chat.mentions.contains(&self.me);
            (messages + 1, mentions + u64::from(mentioned))
        }))
    }

    /// Takes a new message.
    pub(super) fn say(&mut self, chat: &ChatEvent) {
        let rev = Some(chat.seq);
        let said = ChatEvent {
            rev,
            ..chat.clone()
        };
        self.held.entry(chat.seq).or_insert(said);
    }

    /// Takes a change of a message, held or not.
    pub(super) fn change(&mut self, frame: &ServerFrame) {
        if let Some((seq, target)) = change_of(frame) {
            if let Some(chat) = self.held.get_mut(&target) {
                apply(chat, seq, frame, &self.me);
            }
            self.changes.push_back(frame.clone());
            if self.changes.len() > CHANGES_MAX
                && let Some(dropped) = self.changes.pop_front()
                && let Some((seq, _)) = change_of(&dropped)
            {
                self.changes_above = seq;
            }
        }
    }

    pub(super) fn page(&mut self, page: &HistoryPage) -> Result<(), Stale> {
        if page.as_of < self.changes_above {
            return Err(Stale);
        }
        for message in &page.messages {
            let rev = message.rev.unwrap_or(message.seq);
            let held = self.held.get(&message.seq);
            if held.is_some_and(|held| held.rev.unwrap_or(held.seq) >= rev) {
                continue;
            }
            let mut chat = ChatEvent {
                rev: Some(rev),
                ..message.clone()
            };
            for frame in &self.changes {
                if let Some((seq, target)) = change_of(frame)
                    && target == chat.seq
                {
                    apply(&mut chat, seq, frame, &self.me);
                }
            }
            self.held.insert(chat.seq, chat);
        }
        let newest = match page.messages.last() {
            Some(last) if page.more_after => last.seq,
            _ => page.as_of,
        };
        if newest >= self.above {
            let oldest = match page.messages.first() {
                Some(first) if page.more_before => first.seq - 1,
                Some(_) => 0,
                None if page.more_before => self.above,
                None => 0,
            };
            self.above = self.above.min(oldest);
        }
        Ok(())
    }
}

/// The seq of a change, and of the message that it changes.
fn change_of(frame: &ServerFrame) -> Option<(Seq, Seq)> {
    match frame {
        ServerFrame::Edited(edited) => Some((edited.seq, edited.target)),
        ServerFrame::Deleted(deleted) => Some((deleted.seq, deleted.target)),
        ServerFrame::Reacted(reacted) => Some((reacted.seq, reacted.target)),
        _ => None,
    }
}

/// Applies a change to its message, unless that stands as of later.
fn apply(chat: &mut ChatEvent, seq: Seq, frame: &ServerFrame, me: &Username) {
    if chat.rev.is_some_and(|rev| rev >= seq) {
        return;
    }
    chat.rev = Some(seq);
    match frame {
        ServerFrame::Edited(edited) if edited.deleted => mask(chat),
        ServerFrame::Edited(edited) if !chat.deleted => {
            chat.message.clone_from(&edited.message);
            chat.mentions.clone_from(&edited.mentions);
            chat.edited_ts = Some(edited.ts);
        }
        ServerFrame::Deleted(_) => mask(chat),
        ServerFrame::Reacted(reacted) => react(chat, reacted, me),
        _ => {}
    }
}

fn mask(chat: &mut ChatEvent) {
    chat.deleted = true;
    chat.message.clear();
    chat.mentions.clear();
    chat.reactions.clear();
    chat.edited_ts = None;
}

/// Above [`REACTION_WHO_MAX`] people not all are known by name; their number always is.
fn react(chat: &mut ChatEvent, reacted: &ReactedEvent, me: &Username) {
    if chat.deleted {
        return;
    }
    let reaction = chat.reactions.entry(reacted.emoji.clone()).or_default();
    let is_me = reacted.username == *me;
    if reacted.on {
        reaction.n += 1;
        reaction.me |= is_me;
        if reaction.who.len() < REACTION_WHO_MAX {
            reaction.who.push(reacted.username.clone());
        }
    } else {
        reaction.n = reaction.n.saturating_sub(1);
        reaction.me &= !is_me;
        reaction.who.retain(|name| *name != reacted.username);
    }
    if reaction.n == 0 {
        chat.reactions.remove(&reacted.emoji);
    }
}
