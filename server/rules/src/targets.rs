//! The messages that commands change, as they are now.

use std::collections::BTreeMap;

use chat_shared::limits::{REACTION_WHO_MAX, REACTIONS_MAX};
use chat_shared::{Emoji, Seq, TimestampMs, Username};

use super::{EventBody, LogEvent};

/// Edits and reactions that one message takes, so that reading it has a bound.
pub(super) const CHANGES_MAX: u32 = 10_000;

/// A message as it stands after all that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The event that said it.
    pub said: LogEvent,
    pub text: String,
    pub mentions: Vec<Username>,
    pub edited_ts: Option<TimestampMs>,
    pub deleted: bool,
    /// The seq of the last event in it.
    pub rev: Seq,
    /// Who put which emoji on it, and by which event.
    reactions: BTreeMap<Emoji, BTreeMap<Username, Seq>>,
    changes: u32,
}

/// All that changed a message, as a store keeps it beside the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredChanges {
    /// The seq of the last event that changed it.
    pub rev: Seq,
    /// The last edit; `None` where the message was never edited, or is deleted.
    pub edit: Option<StoredEdit>,
    pub deleted: bool,
    /// How many events changed it.
    pub changes: u32,
    /// Each with the event that put it there.
    pub reactions: Vec<(Emoji, Username, Seq)>,
}

/// A message's text after its last edit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredEdit {
    pub text: String,
    pub mentions: Vec<Username>,
    pub ts: TimestampMs,
}

impl Target {
    /// A message and what a store keeps of its changes. `None` where the event is no message.
    pub fn with_changes(said: &LogEvent, stored: StoredChanges) -> Option<Self> {
        let mut message = Self::new(said)?;
        message.rev = stored.rev.max(said.seq);
        message.changes = stored.changes;
        if stored.deleted {
            message.deleted = true;
            message.text.clear();
            message.mentions.clear();
            return Some(message);
        }
        if let Some(edit) = stored.edit {
            message.text = edit.text;
            message.mentions = edit.mentions;
            message.edited_ts = Some(edit.ts);
        }
        for (emoji, username, seq) in stored.reactions {
            let names = message.reactions.entry(emoji).or_default();
            names.insert(username, seq);
        }
        Some(message)
    }

    /// Bytes of what people wrote in it, for bounds in bytes.
    pub fn bytes(&self) -> usize {
        let names = self.mentions.iter().map(|name| name.as_str().len());
        let reactions = self.reactions.iter().flat_map(|(emoji, names)| {
            let names = names.keys().map(|name| name.as_str().len());
            names.chain([emoji.as_str().len()])
        });
        self.text.len() + names.chain(reactions).sum::<usize>()
    }

    /// `None` where the event is no message.
    pub fn new(said: &LogEvent) -> Option<Self> {
        let EventBody::Message { text, mentions, .. } = &said.body else {
            return None;
        };
        Some(Self {
            text: text.clone(),
            mentions: mentions.clone(),
            edited_ts: None,
            deleted: false,
            rev: said.seq,
            reactions: BTreeMap::new(),
            changes: 0,
            said: said.clone(),
        })
    }

    /// Takes an event that targets this message; they come in their order.
    pub fn apply(&mut self, event: &LogEvent) {
        self.rev = event.seq;
        self.changes = self.changes.saturating_add(1);
        match &event.body {
            EventBody::Edited { text, mentions, .. } if !self.deleted => {
                self.text.clone_from(text);
                self.mentions.clone_from(mentions);
                self.edited_ts = Some(event.ts);
            }
            EventBody::Deleted { .. } => {
                self.deleted = true;
                self.text.clear();
                self.mentions.clear();
                self.edited_ts = None;
                self.reactions.clear();
            }
            EventBody::Reacted {
                emoji, on: true, ..
            } if !self.deleted => {
                let who = self.reactions.entry(emoji.clone()).or_default();
                who.entry(event.sender.clone()).or_insert(event.seq);
            }
            EventBody::Reacted {
                emoji, on: false, ..
            } => {
                if let Some(who) = self.reactions.get_mut(emoji) {
                    who.remove(&event.sender);
                    if who.is_empty() {
                        self.reactions.remove(emoji);
                    }
                }
            }
            _ => {}
        }
    }

    pub fn has_reaction(&self, emoji: &Emoji, who: &Username) -> bool {
        self.reactions
            .get(emoji)
            .is_some_and(|names| names.contains_key(who))
    }

    /// Whether one more emoji has a place.
    pub(super) fn takes_reaction(&self, emoji: &Emoji) -> bool {
        self.reactions.len() < REACTIONS_MAX || self.reactions.contains_key(emoji)
    }

    pub(super) fn takes_changes(&self) -> bool {
        self.changes < CHANGES_MAX
    }

    /// Each emoji with how many put it there and the first of them.
    pub fn reactions(&self) -> impl Iterator<Item = (&Emoji, u64, Vec<Username>)> {
        self.reactions.iter().map(|(emoji, names)| {
            let mut first: Vec<(&Seq, &Username)> =
                names.iter().map(|(name, seq)| (seq, name)).collect();
            first.sort();
            first.truncate(REACTION_WHO_MAX);
            let who = first.into_iter().map(|(_, name)| name.clone()).collect();
            (emoji, names.len() as u64, who)
        })
    }
}

/// Messages that commands are about, as they stand where the state stands.
#[derive(Debug, Default)]
pub struct Targets(BTreeMap<Seq, Option<Target>>);

impl Targets {
    pub fn knows(&self, seq: Seq) -> bool {
        self.0.contains_key(&seq)
    }

    pub fn get(&self, seq: Seq) -> Option<&Target> {
        self.0.get(&seq)?.as_ref()
    }

    /// What the store has of `seq`: a message, or nothing that commands can change.
    pub fn load(&mut self, seq: Seq, message: Option<Target>) {
        self.0.insert(seq, message);
    }

    /// Follows the log: an event of the state is applied here too.
    pub fn apply(&mut self, event: &LogEvent) {
        if let Some(target) = Target::new(event) {
            self.0.insert(event.seq, Some(target));
        } else if let Some(seq) = event.body.target()
            && let Some(Some(target)) = self.0.get_mut(&seq)
        {
            target.apply(event);
        }
    }

    /// Keeps the newest `max`.
    pub fn trim(&mut self, max: usize) {
        while self.0.len() > max {
            self.0.pop_first();
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
