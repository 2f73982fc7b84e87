//! The newest mentions of a room, so that counting unread mentions seldom asks the store.

use std::collections::BTreeMap;

use chat_shared::{Seq, Username};

use chat_server_rules::{EventBody, LogEvent};

/// Messages with mentions that a room remembers; the store counts older ones.
const MESSAGES_MAX: usize = 1_024;

/// The people whom a room's newest messages mention, as of the delivered events.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// All messages above this one are known.
    above: Seq,
    by_message: BTreeMap<Seq, Vec<Username>>,
    /// The last event that changed the mentions.
    changed: Seq,
}

impl Mentions {
    /// Knows the mentions of all messages above `seq`.
    pub(super) fn from(seq: Seq) -> Self {
        Self {
            above: seq,
            changed: seq,
            ..Self::default()
        }
    }

    pub(super) fn apply(&mut self, event: &LogEvent) {
        if !changes_mentions(event) {
            return;
        }
        self.changed = event.seq;
        let message = event.body.target().unwrap_or(event.seq);
        let names = event.body.mentions();
        if names.is_empty() {
            self.by_message.remove(&message);
        } else if message > self.above {
            self.by_message.insert(message, names.to_vec());
        }
        while self.by_message.len() > MESSAGES_MAX {
            if let Some((oldest, _)) = self.by_message.pop_first() {
                self.above = oldest;
            }
        }
    }

    /// How many messages above `seq` mention someone, where all of them are known.
    pub(super) fn count(&self, username: &Username, seq: Seq) -> Option<u64> {
        let newer = || self.by_message.range(seq.saturating_add(1)..);
        let count = || {
            newer()
                .filter(|(_, names)| names.contains(username))
                .count() as u64
        };
        (seq >= self.above).then(count)
    }

    /// Whether a count as of `seq` may be stale.
    pub(super) fn changed_since(&self, seq: Seq) -> bool {
        self.changed > seq
    }
}

/// Whether an event changes the mentions.
pub(super) fn changes_mentions(event: &LogEvent) -> bool {
    let takes_away = matches!(
        event.body,
        EventBody::Edited { .. } | EventBody::Deleted { .. }
    );
    takes_away || !event.body.mentions().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_server_rules::{EventId, EventNonce};

    fn event(seq: Seq, body: EventBody) -> LogEvent {
        LogEvent {
            seq,
            ts: 0,
            id: EventId(String::new()),
            sender: Username::existing("ann"),
            nonce: EventNonce::from_seq(seq),
            messages: seq,
            body,
        }
    }

    fn names(names: &[&str]) -> Vec<Username> {
        names.iter().map(|name| Username::existing(name)).collect()
    }

    fn said(seq: Seq, mentions: &[&str]) -> LogEvent {
        let (text, mentions) = (String::new(), names(mentions));
        event(
            seq,
            EventBody::Message {
                text,
                reply_to: None,
                bot: false,
                mentions,
            },
        )
    }

    fn edited(seq: Seq, target: Seq, mentions: &[&str]) -> LogEvent {
        let (text, mentions) = (String::new(), names(mentions));
        event(
            seq,
            EventBody::Edited {
                target,
                text,
                mentions,
            },
        )
    }

    #[test]
    fn mentions_follow_the_messages() {
        let bob = Username::existing("bob");
        let mut mentions = Mentions::from(10);
        let mut check = |event: LogEvent, expect: &[Option<u64>]| {
            mentions.apply(&event);
            let counts = [9, 10, 11, 12].map(|seq| mentions.count(&bob, seq));
            assert_eq!(counts, expect, "{event:?}");
        };
        check(
            said(11, &["bob", "cid"]),
            &[None, Some(1), Some(0), Some(0)],
        );
        check(said(12, &[]), &[None, Some(1), Some(0), Some(0)]);
        check(edited(13, 12, &["bob"]), &[None, Some(2), Some(1), Some(0)]);
        check(edited(14, 11, &["cid"]), &[None, Some(1), Some(1), Some(0)]);
        check(edited(15, 3, &["bob"]), &[None, Some(1), Some(1), Some(0)]);
        let deleted = event(16, EventBody::Deleted { target: 12 });
        check(deleted, &[None, Some(0), Some(0), Some(0)]);
    }

    #[test]
    fn mentions_over_the_bound_are_not_miscounted() {
        let bob = Username::existing("bob");
        let mut mentions = Mentions::from(0);
        let last = MESSAGES_MAX as u64 + 10;
        (1..=last).for_each(|seq| mentions.apply(&said(seq, &["bob"])));
        assert_eq!(mentions.count(&bob, 9), None);
        assert_eq!(mentions.count(&bob, 10), Some(MESSAGES_MAX as u64));
    }
}
