//! Proves that a majority acknowledges writes, which a read does not.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::Failure;
use super::{READINESS, Shared};

/// The time for which one acknowledged write answers further checks, because anybody may ask.
const VALID_FOR: Duration = Duration::from_secs(1);

/// The time of the last acknowledged write. Checks at the same time wait for one write.
#[derive(Debug, Default)]
pub(super) struct Readiness(Mutex<Option<Instant>>);

impl Shared {
    /// Writes one document and waits until a majority has it.
    pub(super) async fn check_writable(&self) -> Result<(), Failure> {
        let mut acknowledged = self.readiness.0.lock().await;
        if acknowledged.is_some_and(|at| at.elapsed() < VALID_FOR) {
            return Ok(());
        }
        let collection = self.database.collection::<Document>(READINESS);
        let count = doc! { "$inc": { "checks": 1_i64 } };
        let write = collection.update_one(doc! { "_id": "ready" }, count);
        match self.ask(write.upsert(true)).await {
            // Another server inserts the document at the same moment.
            Ok(_) | Err(Failure::Duplicate) => {}
            Err(failure) => return Err(failure),
        }
        *acknowledged = Some(Instant::now());
        Ok(())
    }
}
