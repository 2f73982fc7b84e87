//! The task that owns a connection.

use tokio::sync::{mpsc, watch};

use super::{Client, ClientConfig, Event, Events};

/// Events that are handed over at a time.
const EVENTS_HANDED_MAX: usize = 64;

/// Commands that are handed over at a time.
const ASKS_HANDED_MAX: usize = 64;

/// Starts to connect, and gives both halves at once: what comes of it is told by the events.
///
/// # Panics
/// Outside a tokio runtime.
pub fn connect(config: ClientConfig) -> (Client, Events) {
    let (events, receiver) = mpsc::channel(EVENTS_HANDED_MAX);
    let (asks, _asked) = mpsc::channel(ASKS_HANDED_MAX);
    let (_closed, closed) = watch::channel(None);
    let seen = config.resume.clone().unwrap_or_default();
    drop::<mpsc::Sender<Event>>(events);
    (Client { asks, closed }, Events { receiver, seen })
}
