//! Blocks between people: changes of them, the connections that receive the new list, and what is
//! known of them, so that a message in a direct room asks the store only now and then.

use std::collections::HashMap;

use chat_shared::protocol::{BlockedEvent, ServerFrame};
use chat_shared::{RoomName, TimestampMs, Username};

use super::Hub;
use chat_server_store::StoreError;

/// Milliseconds for which an answer of the store is believed. Changes of this process are known at
/// once; it is another one's change that is noticed so late at most.
const KNOWN_MS: u64 = 5_000;

/// Answers that are kept. Above that, all are forgotten.
const KNOWN_MAX: usize = 10_000;

/// What the store answered about blocks.
#[derive(Debug, Default)]
pub(super) struct KnownBlocks {
    /// How many changes this process made. An answer that was read before the last one is not kept.
    changes: u64,
    answers: HashMap<(RoomName, Username), Answer>,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    is_blocked: bool,
    until: TimestampMs,
}

impl KnownBlocks {
    fn get(&self, key: &(RoomName, Username), now: TimestampMs) -> Option<bool> {
        let answer = self.answers.get(key)?;
        (now < answer.until).then_some(answer.is_blocked)
    }

    /// Keeps what was read after `changes` changes.
    fn keep(
        &mut self,
        changes: u64,
        key: (RoomName, Username),
        is_blocked: bool,
        now: TimestampMs,
    ) {
        if changes != self.changes {
            return;
        }
        if self.answers.len() >= KNOWN_MAX {
            self.answers.clear();
        }
        let until = now + KNOWN_MS;
        self.answers.insert(key, Answer { is_blocked, until });
    }

    /// A block changed, or may have.
    fn forget(&mut self, key: &(RoomName, Username)) {
        self.changes += 1;
        self.answers.remove(key);
    }
}

impl Hub {
    /// Whether the other person of a direct room has blocked `whom`.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn is_blocked(&self, room: &RoomName, whom: &Username) -> Result<bool, StoreError> {
        let key = (room.clone(), whom.clone());
        let changes = {
            let known = self.0.blocks.lock();
            if let Some(is_blocked) = known.get(&key, self.now()) {
                return Ok(is_blocked);
            }
            known.changes
        };
        let is_blocked = self.store().is_blocked(room, whom).await?;
        self.0
            .blocks
            .lock()
            .keep(changes, key, is_blocked, self.now());
        Ok(is_blocked)
    }

    /// Keeps that `by` blocks `whom` or no longer does, then sends all connections of `by` everyone
    /// whom they have blocked. `room` is the direct room of the two. Returns `false`, and changes
    /// nothing, where `by` has blocked as many as an account can.
    ///
    /// # Errors
    /// Where the store fails. The change may be stored nevertheless.
    pub async fn change_block(
        &self,
        by: &Username,
        whom: &Username,
        room: &RoomName,
        is_on: bool,
    ) -> Result<bool, StoreError> {
        let store = self.store();
        let changed = if is_on {
            store.block(room, by, whom).await
        } else {
            store.unblock(room, whom).await.map(|()| true)
        };
        // An error does not say that nothing was stored.
        let key = (room.clone(), whom.clone());
        self.0.blocks.lock().forget(&key);
        if !changed? {
            return Ok(false);
        }
        let usernames = store.blocked_by(by).await?;
        let frame = ServerFrame::Blocked(BlockedEvent { usernames });
        for connection in self.connections_of(by) {
            connection.send(&frame);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_for_a_while_and_not_past_a_change() {
        let bob = (RoomName::lobby(), Username::existing("bob"));
        let mut known = KnownBlocks::default();
        known.keep(0, bob.clone(), false, 1_000);
        assert_eq!(known.get(&bob, 5_999), Some(false));
        assert_eq!(known.get(&bob, 6_000), None);
        known.forget(&bob);
        assert_eq!(known.get(&bob, 1_001), None);
        // It was asked before the change and answered after it.
        known.keep(0, bob.clone(), false, 1_002);
        assert_eq!(known.get(&bob, 1_003), None);
        known.keep(1, bob.clone(), true, 1_004);
        assert_eq!(known.get(&bob, 1_005), Some(true));
    }

    #[test]
    fn no_more_answers_are_kept_than_the_bound() {
        let mut known = KnownBlocks::default();
        for n in 0..=KNOWN_MAX {
            let key = (RoomName::lobby(), Username::existing(&format!("u{n}")));
            known.keep(0, key, false, 0);
            assert!(known.answers.len() <= KNOWN_MAX);
        }
    }
}
