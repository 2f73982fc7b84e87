use std::collections::BTreeMap;

use chat_shared::limits::{TYPING_MS, TYPING_NAMES_MAX};
use chat_shared::{TimestampMs, Username};

/// People who are remembered as writing at a time; the others are not told anyway.
const TYPING_MAX: usize = 64;

/// Who is writing in a room, each until their time is over.
#[derive(Debug, Default)]
pub(super) struct Typing {
    until: BTreeMap<Username, TimestampMs>,
    /// What was told last.
    told: Vec<Username>,
}

impl Typing {
    pub(super) fn begin(&mut self, username: &Username, now: TimestampMs) {
        if self.until.len() < TYPING_MAX || self.until.contains_key(username) {
            self.until.insert(username.clone(), now + TYPING_MS);
        }
    }

    /// They said it, or went away.
    pub(super) fn end(&mut self, username: &Username) {
        self.until.remove(username);
    }

    pub(super) fn deadline(&self) -> Option<TimestampMs> {
        self.until.values().min().copied()
    }

    /// Who is to be told, where that is news. Who goes on writing is told again, so that their time
    /// is not over for the others.
    pub(super) fn news(&mut self, now: TimestampMs, again: bool) -> Option<Vec<Username>> {
        self.until.retain(|_, until| *until > now);
        let names: Vec<_> = self.until.keys().take(TYPING_NAMES_MAX).cloned().collect();
        if names == self.told && !(again && !names.is_empty()) {
            return None;
        }
        self.told.clone_from(&names);
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
        typing.begin(&bob, 0);
        assert_eq!(typing.news(0, true), Some(names(&["bob"])));
        assert_eq!(typing.news(1, false), None);
        typing.begin(&ann, 1_000);
        assert_eq!(typing.news(1_000, true), Some(names(&["ann", "bob"])));
        assert_eq!(typing.deadline(), Some(6_000));
        assert_eq!(typing.news(6_000, false), Some(names(&["ann"])));
        typing.end(&ann);
        assert_eq!(typing.news(6_001, false), Some(vec![]));
        assert_eq!(typing.news(6_002, true), None);
    }
}
