//! How often one user may send commands, over all their connections, and new users of one network
//! together.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// The rate of one kind of command for each user, or each network.
#[derive(Debug, Clone)]
pub(super) struct CommandRate<K: Eq + Hash + Clone>(Option<Arc<DefaultKeyedRateLimiter<K>>>);

impl<K: Eq + Hash + Clone> CommandRate<K> {
    /// `per_second` in the long run, with bursts of `burst`; `None`: no limit.
    pub(super) fn new(limit: Option<(NonZeroU32, NonZeroU32)>) -> Self {
        Self(limit.map(|(per_second, burst)| {
            let quota = Quota::per_second(per_second).allow_burst(burst);
            Arc::new(RateLimiter::keyed(quota))
        }))
    }

    /// Milliseconds to wait, where `key` is over the rate.
    pub(super) fn over(&self, key: &K) -> Option<u64> {
        let not_until = self.0.as_ref()?.check_key(key).err()?;
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1))
    }

    /// Forgets who is back to a full burst, so that memory follows who is active.
    pub(super) fn forget_idle(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}
