//! One message in its current state.

use std::collections::BTreeMap;

use chat_shared::limits::REACTION_WHO_MAX;
use chat_shared::protocol::{ChatEvent, Reaction};
use chat_shared::{Emoji, Seq, Username};

/// A message in its current state. The fields that few messages use are boxed, so that most
/// messages stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) sender: Username,
    pub(crate) text: Box<str>,
    pub(crate) bot: bool,
    /// The seq of the last event that is part of it.
    rev: Seq,
    extra: Option<Box<Extra>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Extra {
    reply_to: Option<Seq>,
    edited: bool,
    deleted: bool,
    mentions_me: bool,
    reactions: BTreeMap<Emoji, Reaction>,
}

/// A change of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Edited {
        text: Box<str>,
        mentions_me: bool,
    },
    Deleted,
    Reacted {
        who: Username,
        is_me: bool,
        emoji: Emoji,
        on: bool,
    },
}

impl Message {
    pub(crate) fn new(chat: ChatEvent, me: &Username) -> Self {
        let extra = Extra {
            reply_to: chat.reply_to,
            edited: chat.edited_ts.is_some(),
            deleted: chat.deleted,
            mentions_me: chat.username != *me && chat.mentions.contains(me),
            reactions: chat.reactions,
        };
        Self {
            sender: chat.username,
            text: chat.message.into(),
            bot: chat.bot,
            rev: chat.rev.unwrap_or(chat.seq),
            extra: (extra != Extra::default()).then(|| Box::new(extra)),
        }
    }

    pub(crate) fn rev(&self) -> Seq {
        self.rev
    }

    pub(crate) fn reply_to(&self) -> Option<Seq> {
        self.extra.as_ref().and_then(|extra| extra.reply_to)
    }

    pub(crate) fn is_edited(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.edited)
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.deleted)
    }

    pub(crate) fn mentions_me(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.mentions_me)
    }

    pub(crate) fn reactions(&self) -> impl Iterator<Item = (&Emoji, &Reaction)> {
        self.extra.iter().flat_map(|extra| &extra.reactions)
    }

    /// Applies the change of event `seq`, unless the message already includes it.
    pub(super) fn apply(&mut self, seq: Seq, change: &Change) {
        if self.rev >= seq {
            return;
        }
        self.rev = seq;
        let extra = self.extra.get_or_insert_default();
        match change {
            Change::Deleted => {
                self.text = "".into();
                **extra = Extra {
                    reply_to: extra.reply_to,
                    deleted: true,
                    ..Extra::default()
                };
            }
            _ if extra.deleted => {}
            Change::Edited { text, mentions_me } => {
                self.text.clone_from(text);
                (extra.edited, extra.mentions_me) = (true, *mentions_me);
            }
            Change::Reacted {
                who,
                is_me,
                emoji,
                on,
            } => react(&mut extra.reactions, who, *is_me, emoji, *on),
        }
    }
}

/// At most [`REACTION_WHO_MAX`] people are known by name; their number is always exact.
fn react(
    reactions: &mut BTreeMap<Emoji, Reaction>,
    who: &Username,
    is_me: bool,
    emoji: &Emoji,
    on: bool,
) {
    let reaction = reactions.entry(emoji.clone()).or_default();
    if on {
        reaction.n += 1;
        reaction.me |= is_me;
        if reaction.who.len() < REACTION_WHO_MAX {
            reaction.who.push(who.clone());
        }
    } else {
        reaction.n = reaction.n.saturating_sub(1);
        reaction.me &= !is_me;
        reaction.who.retain(|name| name != who);
    }
    if reaction.n == 0 {
        reactions.remove(emoji);
    }
}
