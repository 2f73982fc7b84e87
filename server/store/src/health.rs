//! Knows whether the store works, and logs one line when a fault starts and one when it ends.
//!
//! A store reports each failure with [`Health::failed`] and each write that worked with
//! [`Health::worked`]. The last of the two decides whether a server is ready. A fault in the log is
//! longer: it ends when nothing has failed for [`QUIET`], so that a store that fails now and then does
//! not fill the log, which may lie on the same full disk.
//!
//! ```text
//!             failed: one line              nothing failed for QUIET: one line, with a count
//!  Working ───────────────────► Fault ────────────────────────────────────────► Working
//!                                │ ▲
//!                                └─┘ failed again: counted
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{FaultCount, StoreError};

/// The time without a failure after which a fault is over.
const QUIET: Duration = Duration::from_secs(5);

/// Whether the store works now, and the fault that the log has begun to tell of.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Whether the last thing reported was a failure. It spares writes that work the lock.
    is_failing: AtomicBool,
    failures: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last failure, unless a write has worked since.
    failure: Option<StoreError>,
    fault: Option<Fault>,
}

#[derive(Debug)]
struct Fault {
    began: Instant,
    last_failure: Instant,
    failures: u64,
}

impl Health {
    /// Takes note of a failure. Errors that are no fault of the store as a whole
    /// ([`StoreError::is_fault`]) change nothing.
    pub(crate) fn failed(&self, error: &StoreError) {
        if !error.is_fault() {
            return;
        }
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state.lock();
        state.failure = Some(error.clone());
        self.is_failing.store(true, Ordering::Release);
        state.count(error);
    }

    /// Takes note of a failure beside the writes, which may work all the same.
    pub(crate) fn failed_beside(&self, error: &StoreError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.state.lock().count(error);
    }

    /// Takes note of a write that worked. It says nothing about the rest of a damaged database.
    pub(crate) fn worked(&self) {
        if self.is_failing.load(Ordering::Acquire) {
            let mut state = self.state.lock();
            if !matches!(state.failure, Some(StoreError::Damaged(_))) {
                self.forget_failure(&mut state);
            }
        }
    }

    /// Takes note that all of a database that was damaged can be read again.
    pub(crate) fn is_whole(&self) {
        self.forget_failure(&mut self.state.lock());
    }

    fn forget_failure(&self, state: &mut State) {
        state.failure = None;
        self.is_failing.store(false, Ordering::Release);
    }

    /// The last failure, unless a write has worked since.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        if !self.is_failing.load(Ordering::Acquire) {
            return None;
        }
        self.state.lock().failure.clone()
    }

    pub(crate) fn faults(&self) -> FaultCount {
        FaultCount {
            failures: self.failures.load(Ordering::Relaxed),
            is_failing: self.is_failing.load(Ordering::Relaxed),
        }
    }

    /// Ends a fault that is over, with its line in the log. To be called every second or so.
    pub(crate) fn end_fault(&self) {
        let mut state = self.state.lock();
        let is_over = state.failure.is_none()
            && state
                .fault
                .as_ref()
                .is_some_and(|fault| fault.last_failure.elapsed() >= QUIET);
        if is_over && let Some(fault) = state.fault.take() {
            tracing::info!(
                failures = fault.failures,
                seconds = (fault.last_failure - fault.began).as_secs(),
                "the store works again"
            );
        }
    }
}

impl State {
    fn count(&mut self, error: &StoreError) {
        let now = Instant::now();
        let fault = self.fault.get_or_insert_with(|| {
            tracing::error!(%error, "the store fails; further failures are counted until it works again");
            Fault {
                began: now,
                last_failure: now,
                failures: 0,
            }
        });
        fault.last_failure = now;
        fault.failures += 1;
    }
}

/// Logs that an operation failed, with an error that has `is_fault`, such as a [`StoreError`]: at the
/// given level, or at `debug` if the store has reported the fault itself.
///
/// ```ignore
/// log_failure!(warn, error, %room, "a room's snapshot was not saved");
/// ```
#[macro_export]
macro_rules! log_failure {
    ($level:ident, $error:expr, $($rest:tt)+) => {{
        let error = &$error;
        if error.is_fault() {
            ::tracing::debug!(%error, $($rest)+);
        } else {
            ::tracing::$level!(%error, $($rest)+);
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> StoreError {
        StoreError::Unavailable("the disk is full".into())
    }

    impl Health {
        /// The failures of the fault that the log tells of.
        fn failures(&self) -> Option<u64> {
            self.state.lock().fault.as_ref().map(|fault| fault.failures)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_outcome_decides_and_a_fault_lasts_until_all_is_quiet() {
        let health = Health::default();
        assert!(health.failure().is_none());
        for n in 1..=3 {
            health.failed(&away());
            assert!(health.failure().is_some());
            health.worked();
            assert!(health.failure().is_none());
            assert_eq!(health.failures(), Some(n));
        }
        tokio::time::advance(QUIET - Duration::from_millis(1)).await;
        health.end_fault();
        assert_eq!(health.failures(), Some(3), "it may fail again");
        tokio::time::advance(Duration::from_millis(1)).await;
        health.end_fault();
        assert_eq!(health.failures(), None);
        // A store that has not worked since is not quiet.
        health.failed(&away());
        tokio::time::advance(2 * QUIET).await;
        health.end_fault();
        assert_eq!(health.failures(), Some(1));
    }

    #[tokio::test]
    async fn an_error_of_one_caller_is_no_fault() {
        let health = Health::default();
        health.failed(&StoreError::Refused("a question".into()));
        health.failed(&StoreError::Corrupt("one event".into()));
        assert!(health.failure().is_none());
        assert_eq!(health.failures(), None);
        // A damaged database takes some writes.
        health.failed(&StoreError::Damaged("a page".into()));
        health.worked();
        assert!(health.failure().is_some());
        health.is_whole();
        assert!(health.failure().is_none());
        assert_eq!(health.failures(), Some(1));
        // The search is behind, but writes work.
        health.failed_beside(&away());
        assert!(health.failure().is_none());
        assert_eq!(health.failures(), Some(2));
    }
}
