//! Token buckets: how often something may happen for each of many keys.
//!
//! A bucket is one number, the time at which it will be full again (the algorithm is GCRA), so that
//! nothing has to be refilled and a full bucket need not be kept at all.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Keys that one set of buckets remembers. Above it, the half that is nearest to being full is
/// forgotten.
pub(super) const KEYS_MAX: usize = 100_000;

/// Too often; it may work after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    pub retry_after: Duration,
}

/// A bucket for each key, all of one size.
pub(super) struct Buckets<K> {
    burst: u32,
    /// In which one token comes back.
    refill: Duration,
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub(super) fn new(burst: u32, refill: Duration) -> Self {
        Self {
            burst,
            refill,
            full_at: Mutex::default(),
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// [`Limited`] where there is none; nothing is taken then.
    pub(super) fn take(&self, key: &K) -> Result<(), Limited> {
        let now = Instant::now();
        let mut full_at = self.full_at.lock();
        let before = full_at.get(key).copied().unwrap_or(now).max(now);
        let after = before + self.refill;
        let latest = now + self.refill * self.burst;
        if after > latest {
            let retry_after = after - latest;
            return Err(Limited { retry_after });
        }
        if full_at.len() >= KEYS_MAX && !full_at.contains_key(key) {
            forget_half(&mut full_at);
        }
        full_at.insert(key.clone(), after);
        Ok(())
    }

    /// Puts a token back that was taken.
    pub(super) fn give_back(&self, key: &K) {
        if let Some(full_at) = self.full_at.lock().get_mut(key)
            && let Some(earlier) = full_at.checked_sub(self.refill)
        {
            *full_at = earlier;
        }
    }

    /// Forgets the buckets that are full.
    pub(super) fn tidy(&self) {
        let now = Instant::now();
        self.full_at.lock().retain(|_, full_at| *full_at > now);
    }
}

/// Forgets the keys with the earlier half of the times.
pub(super) fn forget_half<K: Hash + Eq>(kept: &mut HashMap<K, Instant>) {
    let mut times: Vec<Instant> = kept.values().copied().collect();
    let middle = times.len() / 2;
    let median = *times.select_nth_unstable(middle).1;
    kept.retain(|_, time| *time > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    impl<K> Buckets<K> {
        /// How many keys are remembered.
        pub(in crate::http) fn len(&self) -> usize {
            self.full_at.lock().len()
        }
    }
}
