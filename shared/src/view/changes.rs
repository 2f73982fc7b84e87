//! Edits, deletes and reactions: how each changes its message, and the recent ones that a late page
//! of messages may lack.

use std::collections::VecDeque;

use crate::limits::REACTION_WHO_MAX;
use crate::protocol::{ChatEvent, ReactedEvent, ServerFrame};
use crate::{Seq, Username};

/// Changes that are kept for pages that were made before them.
const CHANGES_MAX: usize = 1_000;

/// The latest changes of a room, also those of messages that are not held.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    latest: VecDeque<ServerFrame>,
    /// Every change above this seq is in `latest`.
    complete_above: Seq,
}

impl Changes {
    /// No changes are known; every change above `seq` will be pushed.
    pub(super) fn above(seq: Seq) -> Self {
        Self {
            latest: VecDeque::new(),
            complete_above: seq,
        }
    }

    /// Remembers a change, and forgets the oldest one above the bound.
    pub(super) fn push(&mut self, frame: &ServerFrame) {
        self.latest.push_back(frame.clone());
        if self.latest.len() > CHANGES_MAX
            && let Some(forgotten) = self.latest.pop_front()
            && let Some((seq, _)) = change_of(&forgotten)
        {
            self.complete_above = seq;
        }
    }

    /// Whether a page made at `as_of` can be brought up to date.
    pub(super) fn cover(&self, as_of: Seq) -> bool {
        as_of >= self.complete_above
    }

    /// Returns a message of a page with every later change applied to it.
    pub(super) fn bring_up_to_date(&self, message: &ChatEvent, me: &Username) -> ChatEvent {
        let mut chat = ChatEvent {
            rev: Some(rev_of(message)),
            ..message.clone()
        };
        for frame in &self.latest {
            if change_of(frame).is_some_and(|(_, target)| target == chat.seq) {
                apply(&mut chat, frame, me);
            }
        }
        chat
    }
}

/// The seq of the last event that is in a message.
pub(super) fn rev_of(chat: &ChatEvent) -> Seq {
    chat.rev.unwrap_or(chat.seq)
}

/// The seq of a change and the seq of the message that it changes; `None` for other frames.
pub(super) fn change_of(frame: &ServerFrame) -> Option<(Seq, Seq)> {
    match frame {
        ServerFrame::Edited(edited) => Some((edited.seq, edited.target)),
        ServerFrame::Deleted(deleted) => Some((deleted.seq, deleted.target)),
        ServerFrame::Reacted(reacted) => Some((reacted.seq, reacted.target)),
        _ => None,
    }
}

/// Applies a change to its message, unless the message has it already.
pub(super) fn apply(chat: &mut ChatEvent, frame: &ServerFrame, me: &Username) {
    match change_of(frame) {
        Some((seq, target)) if target == chat.seq && seq > rev_of(chat) => chat.rev = Some(seq),
        _ => return,
    }
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

/// A reaction names its first [`REACTION_WHO_MAX`] people and counts the others. A name is added
/// only while everyone is named: otherwise somebody unknown comes before it.
fn react(chat: &mut ChatEvent, reacted: &ReactedEvent, me: &Username) {
    if chat.deleted {
        return;
    }
    let reaction = chat.reactions.entry(reacted.emoji.clone()).or_default();
    let is_me = reacted.username == *me;
    if reacted.on {
        let all_named = reaction.who.len() as u64 == reaction.n;
        reaction.n += 1;
        reaction.me |= is_me;
        if all_named && reaction.who.len() < REACTION_WHO_MAX {
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
