//! Asks a database that failed whether it works again.

use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::SqliteStore;
use super::rows::execute;
use crate::{Store, StoreError};

/// The time between two questions. Anybody may ask for readiness, and each question is a write.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// The same for a damaged database, all of which is read.
const PROBE_DAMAGED_EVERY: Duration = Duration::from_secs(30);

/// When the database was asked last.
#[derive(Debug, Default)]
pub(super) struct Probe(Mutex<Option<Instant>>);

impl SqliteStore {
    /// # Errors
    /// The last failure, unless the database works again.
    pub(super) async fn probe(&self) -> Result<(), StoreError> {
        let mut last = self.probe.0.lock().await;
        let Some(failure) = self.health.failure() else {
            return Ok(());
        };
        let is_damaged = matches!(failure, StoreError::Damaged(_));
        let every = match is_damaged {
            true => PROBE_DAMAGED_EVERY,
            false => PROBE_EVERY,
        };
        if last.is_some_and(|at| at.elapsed() < every) {
            return Err(failure);
        }
        *last = Some(Instant::now());
        self.write(|conn| {
            let sql = "INSERT INTO claims (key, value) VALUES ('ready', '1')
                       ON CONFLICT (key) DO UPDATE SET value = value + 1";
            execute(conn, sql, []).map(drop)
        })
        .await?;
        if is_damaged {
            // After the write, so that no connection answers from what it had read before.
            self.read(check_whole).await?;
            self.health.is_whole();
        }
        self.check().await
    }
}

/// Reads all of the database, but not whether each index has each row.
fn check_whole(conn: &Connection) -> Result<(), StoreError> {
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Damaged(found)),
    }
}
