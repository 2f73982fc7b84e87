//! The user's messages that the server has not stored yet.

use chat_shared::{Nonce, Seq, TimestampMs};

/// A message of the user that the server has not stored yet. The messages of a room are sent one
/// after the other, so that they are stored in the order in which they were typed.
///
/// ```text
///   ┌── rate limit ──┐
///   ▼                │
/// Waiting ──────▶ InFlight ──▶ stored   (acknowledged, or seen in the log)
///   ▲                └───────▶ Failed   (refused; /discard drops it)
///   └───────── Ctrl-R ────────────┘
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) nonce: Nonce,
    pub(crate) ts: TimestampMs,
    pub(crate) text: String,
    pub(crate) reply_to: Option<Seq>,
    pub(crate) state: PendingState,
}

/// See [`Pending`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum PendingState {
    #[default]
    Waiting,
    /// Handed to the SDK, which sends it again after a lost connection.
    InFlight,
    /// Refused, and why.
    Failed(String),
}

impl Pending {
    /// Why the server refused it, if it did.
    pub(crate) fn failed(&self) -> Option<&str> {
        match &self.state {
            PendingState::Failed(why) => Some(why),
            PendingState::Waiting | PendingState::InFlight => None,
        }
    }
}
