//! Where the hub gets the time and its random ids from: passed in, so that tests bring their own.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use chat_server_rules::EventId;
use chat_shared::TimestampMs;

use super::random_hex;

/// The time and the source of ids of a hub.
pub trait Environment: fmt::Debug + Send + Sync {
    /// Milliseconds since 1970 UTC.
    fn now(&self) -> TimestampMs;

    /// An id for an event that nothing else has.
    fn event_id(&self) -> EventId {
        EventId(random_hex(16))
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    fn now(&self) -> TimestampMs {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
