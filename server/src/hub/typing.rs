//! The people who are typing in a room. Pure: the caller passes the time.

use std::collections::BTreeMap;

use chat_shared::limits::{TYPING_MS, TYPING_NAMES_MAX};
use chat_shared::{TimestampMs, Username};

/// People who are remembered as typing at the same time; more would not be shown anyway.
const TYPING_MAX: usize = 64;

/// Milliseconds in which a repeated indicator is not sent on.
const AGAIN_MS: u64 = 1_000;

/// The people who are typing in a room, each until a time.
#[derive(Debug, Default)]
pub(super) struct Typing {
    until: BTreeMap<Username, TimestampMs>,
    /// The names that were sent last.
    last_sent: Vec<Username>,
}

impl Typing {
    /// Returns `true` where the names are to be sent again, so that others keep the indicator.
    pub(super) fn begin(&mut self, username: &Username, now: TimestampMs) -> bool {
        let until = self.until.get(username);
        let told = until.is_some_and(|until| now + TYPING_MS < *until + AGAIN_MS);
        if told || (self.until.len() >= TYPING_MAX && until.is_none()) {
            return false;
        }
        self.until.insert(username.clone(), now + TYPING_MS);
        true
    }

    /// The person sent the message, or left.
    pub(super) fn end(&mut self, username: &Username) {
        self.until.remove(username);
    }

    /// When the next indicator runs out.
    pub(super) fn deadline(&self) -> Option<TimestampMs> {
        self.until.values().min().copied()
    }

    /// The names to send, where they changed. With `again` they are sent also where they did not,
    /// so that the indicator stays with others.
    pub(super) fn news(&mut self, now: TimestampMs, again: bool) -> Option<Vec<Username>> {
        self.until.retain(|_, until| *until > now);
        let names: Vec<_> = self.until.keys().take(TYPING_NAMES_MAX).cloned().collect();
        if names == self.last_sent && (names.is_empty() || !again) {
            return None;
        }
        self.last_sent.clone_from(&names);
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_ends_by_itself() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|n| Username::existing(n))
                .collect::<Vec<_>>()
        };
        let [ann, bob] = ["ann", "bob"].map(Username::existing);
        let mut typing = Typing::default();
        assert_eq!(typing.news(0, false), None);
        assert!(typing.begin(&bob, 0));
        assert_eq!(typing.news(0, true), Some(names(&["bob"])));
        assert_eq!(typing.news(1, false), None);
        assert!(!typing.begin(&bob, 999), "no flood of frames");
        assert!(typing.begin(&bob, 1_000));
        assert!(typing.begin(&ann, 2_000));
        assert_eq!(typing.news(2_000, true), Some(names(&["ann", "bob"])));
        assert_eq!(typing.deadline(), Some(7_000));
        assert_eq!(typing.news(7_000, false), Some(names(&["ann"])));
        typing.end(&ann);
        assert_eq!(typing.news(7_001, false), Some(vec![]));
        assert_eq!(typing.news(7_002, true), None);
    }
}
