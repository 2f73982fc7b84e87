//! Bounds on the bytes that wait in the send queues of one user, and in all of them together.
//!
//! Above the total, the queues of those users are closed that hold at least the average. Users
//! whose queues hold less than that keep their connections, whoever filled the memory.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may wait for all connections of one user.
pub const USER_SEND_QUEUES_BYTES_MAX: usize = 16 << 20;

/// Bytes that may wait for all connections together. Above it, users whose queues hold at least
/// the average are too slow.
pub const SEND_QUEUES_BYTES_MAX: usize = 256 << 20;

/// Bytes above which every connection with more than one waiting frame is too slow.
pub const SEND_QUEUES_BYTES_HARD_MAX: usize = 320 << 20;

/// Bytes that wait in all queues.
static ALL: AtomicUsize = AtomicUsize::new(0);

/// Users for whom bytes wait.
static USERS: AtomicUsize = AtomicUsize::new(0);

/// Bytes that wait for all connections together.
pub fn bytes_waiting() -> usize {
    ALL.load(Ordering::Relaxed)
}

/// The bytes that wait in all send queues of one user.
#[derive(Debug, Default)]
pub struct QueueShare(AtomicUsize);

impl QueueShare {
    pub(super) fn add(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        ALL.fetch_add(bytes, Ordering::Relaxed);
        if self.0.fetch_add(bytes, Ordering::Relaxed) == 0 {
            USERS.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn subtract(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        ALL.fetch_sub(bytes, Ordering::Relaxed);
        if self.0.fetch_sub(bytes, Ordering::Relaxed) == bytes {
            USERS.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether this user's queues hold more than they may while others need memory too.
    pub(super) fn is_over_a_bound(&self) -> bool {
        let own = self.0.load(Ordering::Relaxed);
        let (all, users) = (ALL.load(Ordering::Relaxed), USERS.load(Ordering::Relaxed));
        own > USER_SEND_QUEUES_BYTES_MAX
            || all > SEND_QUEUES_BYTES_HARD_MAX
            || (all > SEND_QUEUES_BYTES_MAX && own.saturating_mul(users.max(1)) >= all)
    }
}
