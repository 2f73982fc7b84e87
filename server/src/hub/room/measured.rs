//! Appends to the store, and measures them for operators.

use chat_server_rules::LogEvent;
use chat_server_store::{Append, StoreError};
use chat_shared::{RoomName, Seq};
use tokio::time::Instant;

use crate::hub::Hub;
use crate::telemetry;

/// Appends events. Their messages are counted once all are stored.
#[expect(
    clippy::cast_precision_loss,
    reason = "a histogram is of floats; a batch has 64 events at most"
)]
pub(super) async fn append(
    hub: Hub,
    room: RoomName,
    after: Seq,
    events: Vec<LogEvent>,
) -> Result<Append, StoreError> {
    let began = Instant::now();
    let size = events.len();
    let is_message = |event: &LogEvent| u64::from(event.body.is_message());
    let messages: u64 = events.iter().map(is_message).sum();
    let outcome = hub.store().append(&room, after, events).await;
    if let Ok(Append::Stored) = outcome {
        metrics::histogram!(telemetry::WRITE_TIME).record(began.elapsed());
        metrics::histogram!(telemetry::BATCH_SIZE).record(size as f64);
        metrics::counter!(telemetry::MESSAGES).increment(messages);
    }
    outcome
}
