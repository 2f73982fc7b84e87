//! Proves that a majority acknowledges writes, which a read does not, and keeps whether questions
//! fail.

use std::sync::OnceLock;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::Failure;
use super::{READINESS, Shared};
use crate::health::Health;
use crate::{FaultCount, StoreError};

/// The time for which one acknowledged write answers further checks, because anybody may ask.
const VALID_FOR: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Readiness {
    /// The time of the last acknowledged write. Checks at the same time wait for one write.
    acknowledged: Mutex<Option<Instant>>,
    /// Not there while the store is being opened, which fails with a sentence of its own.
    health: OnceLock<Health>,
}

impl Readiness {
    /// Takes note of failures from now on: the store is open.
    pub(super) fn begin(&self) {
        self.health.get_or_init(Health::default);
    }

    pub(super) fn faults(&self) -> FaultCount {
        self.health.get().map(Health::faults).unwrap_or_default()
    }

    fn has_failed(&self) -> bool {
        let failure = self.health.get().and_then(Health::failure);
        failure.is_some()
    }
}

impl Shared {
    /// Writes one document and waits until a majority has it.
    pub(super) async fn check_writable(&self) -> Result<(), Failure> {
        let mut acknowledged = self.readiness.acknowledged.lock().await;
        let has_failed = self.readiness.has_failed();
        if !has_failed && acknowledged.is_some_and(|at| at.elapsed() < VALID_FOR) {
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
        if let Some(health) = self.readiness.health.get() {
            health.worked();
        }
        Ok(())
    }

    /// Takes note that MongoDB failed to answer a question.
    pub(super) fn note_failure(&self, failure: &Failure) {
        if failure.is_fault()
            && let Some(health) = self.readiness.health.get()
        {
            health.failed(&StoreError::from(failure.clone()));
        }
    }

    /// Asks a MongoDB that failed whether it acknowledges writes again, and ends the fault in the
    /// log.
    pub(super) async fn tend(&self) {
        if self.readiness.has_failed() {
            // A failure is noted where it is met.
            let _ = self.check_writable().await;
        }
        if let Some(health) = self.readiness.health.get() {
            health.end_fault();
        }
    }
}
