//! The current form of messages that commands change.

use std::collections::BTreeMap;

use chat_shared::limits::{REACTION_WHO_MAX, REACTIONS_MAX};
use chat_shared::{Emoji, Seq, TimestampMs, Username};

use super::{EventBody, LogEvent};

/// Edits and reactions that one message takes, so that reading it has a bound.
pub(super) const CHANGES_MAX: u32 = 10_000;

/// A message after all its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageState {
    /// The event that sent it.
    pub sent: LogEvent,
    /// The current text; empty if the message is deleted.
    pub text: String,
    /// Members whom the current text mentions.
    pub mentions: Vec<Username>,
    /// The time of the last edit; `None` if the message was never edited, or is deleted.
    pub edited_ts: Option<TimestampMs>,
    /// Whether the message was deleted.
    pub deleted: bool,
    /// The seq of the last event that changed it, or of the message itself.
    pub rev: Seq,
    /// Each reaction with the people who added it, and the seq of the event by which they did.
    reactions: BTreeMap<Emoji, BTreeMap<Username, Seq>>,
    changes: u32,
}

/// The changes of a message, as a store keeps them beside the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredChanges {
    /// The seq of the last event that changed it.
    pub rev: Seq,
    /// The last edit; `None` if the message was never edited, or is deleted.
    pub edit: Option<StoredEdit>,
    /// Whether the message was deleted.
    pub deleted: bool,
    /// How many events changed it.
    pub changes: u32,
    /// Each reaction of each person, with the seq of the event that added it.
    pub reactions: Vec<(Emoji, Username, Seq)>,
}

/// A message's text after its last edit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredEdit {
    /// The text.
    pub text: String,
    /// Members whom the text mentions.
    pub mentions: Vec<Username>,
    /// The time of the edit.
    pub ts: TimestampMs,
}

impl MessageState {
    /// A message with the changes that a store keeps. `None` if the event is no message.
    pub fn with_changes(sent: &LogEvent, stored: StoredChanges) -> Option<Self> {
        let mut message = Self::new(sent)?;
        message.rev = stored.rev.max(sent.seq);
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

    /// Bytes of the text, the names and the reactions in it, for bounds in bytes.
    pub fn bytes(&self) -> usize {
        let names = self.mentions.iter().map(|name| name.as_str().len());
        let reactions = self.reactions.iter().flat_map(|(emoji, names)| {
            let names = names.keys().map(|name| name.as_str().len());
            names.chain([emoji.as_str().len()])
        });
        self.text.len() + names.chain(reactions).sum::<usize>()
    }

    /// A message that nothing has changed yet. `None` if the event is no message.
    pub fn new(sent: &LogEvent) -> Option<Self> {
        let EventBody::Message { text, mentions, .. } = &sent.body else {
            return None;
        };
        Some(Self {
            text: text.clone(),
            mentions: mentions.clone(),
            edited_ts: None,
            deleted: false,
            rev: sent.seq,
            reactions: BTreeMap::new(),
            changes: 0,
            sent: sent.clone(),
        })
    }

    /// Folds an event that changes this message. Events must come in order.
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
                let names = self.reactions.entry(emoji.clone()).or_default();
                names.entry(event.sender.clone()).or_insert(event.seq);
            }
            EventBody::Reacted {
                emoji, on: false, ..
            } => {
                if let Some(names) = self.reactions.get_mut(emoji) {
                    names.remove(&event.sender);
                    if names.is_empty() {
                        self.reactions.remove(emoji);
                    }
                }
            }
            // A deleted message stays as it is.
            EventBody::Edited { .. } | EventBody::Reacted { .. } => {}
            EventBody::Message { .. }
            | EventBody::Created { .. }
            | EventBody::Joined
            | EventBody::Left { .. }
            | EventBody::Invited { .. }
            | EventBody::Kicked { .. }
            | EventBody::Banned { .. }
            | EventBody::Unbanned { .. }
            | EventBody::Muted { .. }
            | EventBody::Unmuted { .. }
            | EventBody::Role { .. }
            | EventBody::Topic { .. }
            | EventBody::OfAccount { .. } => {}
        }
    }

    /// Whether a person has added this reaction.
    pub fn has_reaction(&self, emoji: &Emoji, who: &Username) -> bool {
        self.reactions
            .get(emoji)
            .is_some_and(|names| names.contains_key(who))
    }

    /// Whether the message has room for this reaction: it has it already, or fewer than
    /// [`REACTIONS_MAX`] others.
    pub(super) fn takes_reaction(&self, emoji: &Emoji) -> bool {
        self.reactions.len() < REACTIONS_MAX || self.reactions.contains_key(emoji)
    }

    /// Whether the message may be changed once more.
    pub(super) fn takes_changes(&self) -> bool {
        self.changes < CHANGES_MAX
    }

    /// Each reaction with the number of people who added it, and the first
    /// [`REACTION_WHO_MAX`] of them.
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

/// The messages that commands are about, as of the room state's seq.
#[derive(Debug, Default)]
pub struct MessageStates(BTreeMap<Seq, Option<MessageState>>);

impl MessageStates {
    /// Whether [`MessageStates::load`] or an event gave an answer for this seq.
    pub fn knows(&self, seq: Seq) -> bool {
        self.0.contains_key(&seq)
    }

    /// The message, if it is known and is a message.
    pub fn get(&self, seq: Seq) -> Option<&MessageState> {
        self.0.get(&seq)?.as_ref()
    }

    /// Keeps what the store has at `seq`: a message, or `None` if that event is no message.
    pub fn load(&mut self, seq: Seq, message: Option<MessageState>) {
        self.0.insert(seq, message);
    }

    /// Folds an event. Every event that the room state applies is applied here too.
    pub fn apply(&mut self, event: &LogEvent) {
        if let Some(message) = MessageState::new(event) {
            self.0.insert(event.seq, Some(message));
        } else if let Some(seq) = event.body.target()
            && let Some(Some(message)) = self.0.get_mut(&seq)
        {
            message.apply(event);
        }
    }

    /// Forgets the oldest messages until at most `max` are known.
    pub fn trim(&mut self, max: usize) {
        while self.0.len() > max {
            self.0.pop_first();
        }
    }

    /// Forgets all messages.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
