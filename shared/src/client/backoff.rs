//! How long to wait before the next attempt to connect.

use std::time::Duration;

use crate::protocol::Reconnect;

/// The longest first wait. Each further bound is twice as long, up to the configured maximum.
const FIRST_MAX: Duration = Duration::from_millis(500);

/// The longest wait that a server may ask for.
const ASKED_MAX: Duration = Duration::from_secs(300);

/// The wait after a flood.
const AFTER_FLOOD: Duration = Duration::from_secs(60);

/// How long a connection must have lasted for the next wait to start from the shortest again.
pub(crate) const GOOD_AFTER: Duration = Duration::from_secs(5);

/// Exponential backoff with full jitter: a wait is random between zero and a growing bound, so that
/// the clients of a restarted server don't reconnect all at once. See "Exponential Backoff And
/// Jitter", AWS Architecture Blog, 2015.
#[derive(Debug)]
pub(crate) struct Backoff {
    max: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(max: Duration) -> Self {
        Self { max, failures: 0 }
    }

    /// The last connection was good: the next wait starts from the shortest.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Returns the wait before the next attempt, or `None` if there must be none. `asked` is the
    /// wait that the server asked for; `chance` is a random number in 0..1.
    pub(crate) fn next(
        &mut self,
        reconnect: Reconnect,
        asked: Option<Duration>,
        chance: f64,
    ) -> Option<Duration> {
        let bound = FIRST_MAX
            .saturating_mul(1 << self.failures.min(16))
            .min(self.max);
        let jittered = bound.mul_f64(chance);
        let first = self.failures == 0;
        let wait = match reconnect {
            Reconnect::Never | Reconnect::AfterSignIn => return None,
            Reconnect::AtOnce if first => Duration::ZERO,
            Reconnect::AfterMinute => AFTER_FLOOD + jittered,
            Reconnect::AtOnce | Reconnect::WithBackoff | Reconnect::AfterBye => jittered,
        };
        self.failures = self.failures.saturating_add(1);
        // Every client was asked to wait the same time; up to a quarter more spreads them.
        let asked = asked.map(|asked| asked.min(ASKED_MAX).mul_f64(1.0 + chance / 4.0));
        Some(asked.unwrap_or_default().max(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: Duration = Duration::from_secs(8);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn waits_grow_to_the_longest_and_reset() {
        let mut backoff = Backoff::new(MAX);
        let mut next = |chance| backoff.next(Reconnect::WithBackoff, None, chance).unwrap();
        assert_eq!(
            [next(1.0), next(1.0), next(0.5), next(0.0)],
            [ms(500), ms(1000), ms(1000), ms(0)]
        );
        assert_eq!([next(1.0), next(1.0)], [MAX, MAX]);
        backoff.reset();
        assert_eq!(
            backoff.next(Reconnect::WithBackoff, None, 1.0),
            Some(ms(500))
        );
    }

    #[test]
    fn waits_never_overflow() {
        let mut backoff = Backoff::new(Duration::MAX);
        for _ in 0..100 {
            assert!(backoff.next(Reconnect::WithBackoff, None, 0.9).is_some());
        }
    }

    #[test]
    fn the_close_code_decides() {
        let check = |reconnect, asked: Option<u64>, expect: Option<u64>| {
            let wait = Backoff::new(MAX).next(reconnect, asked.map(ms), 1.0);
            assert_eq!(wait, expect.map(ms), "{reconnect:?}");
        };
        check(Reconnect::Never, Some(1), None);
        check(Reconnect::AfterSignIn, None, None);
        check(Reconnect::AtOnce, None, Some(0));
        check(Reconnect::AfterMinute, None, Some(60_500));
        check(Reconnect::AfterBye, None, Some(500));
        check(Reconnect::AfterBye, Some(4_000), Some(5_000));
        check(Reconnect::AfterBye, Some(u64::MAX), Some(375_000));
    }

    #[test]
    fn reconnecting_at_once_happens_once() {
        let mut backoff = Backoff::new(MAX);
        assert_eq!(backoff.next(Reconnect::AtOnce, None, 1.0), Some(ms(0)));
        assert_eq!(backoff.next(Reconnect::AtOnce, None, 1.0), Some(ms(1000)));
    }
}
