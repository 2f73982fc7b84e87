//! The hub's time, random ids and background tasks: passed in, so that tests bring their own.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use chat_server_rules::EventId;
use chat_server_store::BackgroundRuntime;
use chat_shared::TimestampMs;
use futures::future::BoxFuture;
use tokio::runtime::Handle;

use super::random_hex;

/// The time, the source of ids and the place of background tasks of a hub.
pub trait Environment: fmt::Debug + Send + Sync {
    /// Milliseconds since 1970 UTC.
    fn now(&self) -> TimestampMs;

    /// An id for an event that nothing else has.
    fn event_id(&self) -> EventId {
        EventId(random_hex(16))
    }

    /// Starts a task that no message waits for.
    fn spawn_background(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
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

/// The machine's clock, and a runtime for background tasks.
#[derive(Debug, Clone)]
pub struct ServerEnvironment {
    background: Handle,
}

impl ServerEnvironment {
    /// Its background tasks run in `background`.
    pub fn new(background: &BackgroundRuntime) -> Self {
        Self {
            background: background.handle().clone(),
        }
    }
}

impl Environment for ServerEnvironment {
    fn now(&self) -> TimestampMs {
        SystemEnvironment.now()
    }

    fn spawn_background(&self, task: BoxFuture<'static, ()>) {
        self.background.spawn(task);
    }
}
