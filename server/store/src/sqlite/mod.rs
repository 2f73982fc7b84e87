//! The store that needs no set-up: one SQLite file in the data directory.
//!
//! One thread writes, and a few connections read. A write is answered once it is on the disk, and
//! every read that starts afterwards finds it.

mod accounts;
mod admins;
mod audit;
mod avatars;
pub mod backup;
mod checkpoint;
mod codes;
mod conversations;
mod erasure;
mod error;
mod files;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod indexing;
mod log;
mod message_states;
mod migrations;
mod open;
mod policy;
mod probe;
mod projections;
mod readers;
mod rows;
mod search;
#[cfg(test)]
mod tests;
mod wal_file;
mod writer;

pub use open::OpenError;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use self::files::Files;
use self::indexing::IndexingTurn;
use self::open::OpenDir;
use self::probe::Probe;
use self::readers::Readers;
use self::rows::{collect, column, execute};
use self::wal_file::WalFile;
use self::writer::{Urgency, Verdict, Writer, WriterFiles};
use super::{AccountStore, FaultCount, LOG_ID, Store, StoreError, Usage};
use crate::health::Health;

/// Everything durable in `chat.db`, in a directory that no other server uses meanwhile.
pub struct SqliteStore {
    // Dropped in this order: the writer's is the last connection, and checkpoints as it closes.
    readers: Readers,
    writer: Writer,
    health: Arc<Health>,
    probe: Probe,
    indexing: IndexingTurn,
}

impl SqliteStore {
    /// Opens the store in `dir`, making what is missing.
    ///
    /// It blocks: call it before there is anyone to serve.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let (open, lock) = OpenDir::lock(dir)?;
        let writer = open.writer()?;
        Self::start(&open, writer, lock)
    }

    /// Starts the thread of `writer`, which holds `lock`, and opens the connections that read.
    fn start(open: &OpenDir<'_>, writer: Connection, lock: File) -> Result<Self, OpenError> {
        let readers = Readers::new([
            open.reader()?,
            open.reader()?,
            open.reader()?,
            open.reader()?,
        ]);
        let checkpointer = open.checkpointer()?;
        let health = Arc::<Health>::default();
        let files = WriterFiles {
            known: Files::of(open.database()),
            wal: WalFile::of(open.database()),
            lock,
        };
        let writer = Writer::start(writer, checkpointer, files, Arc::clone(&health))
            .map_err(|error| open.unusable(&error))?;
        Ok(Self {
            readers,
            writer,
            health,
            probe: Probe::default(),
            indexing: IndexingTurn::default(),
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let read = self.readers.read(work).await;
        if let Err(error) = &read
            && !self.readers.is_closed()
        {
            self.health.failed(error);
        }
        read
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer
            .write(Urgency::Other, |conn| work(conn).map(Verdict::Keep))
            .await
    }
}

#[async_trait::async_trait]
impl Store for SqliteStore {
    fn kind(&self) -> &'static str {
        "sqlite"
    }

    /// Reads, and after a failure writes too: the file is this process's, and a write that fails says
    /// so itself.
    async fn check(&self) -> Result<(), StoreError> {
        match self.health.failure() {
            None => AccountStore::value(self, "ready").await.map(drop),
            Some(_) => self.probe().await,
        }
    }

    async fn tend(&self) {
        if self.health.failure().is_some() {
            // The outcome is kept with the health.
            let _ = self.probe().await;
        }
        self.health.end_fault();
    }

    fn faults(&self) -> FaultCount {
        self.health.faults()
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        self.read(|conn| {
            let sql = "SELECT (SELECT page_count FROM pragma_page_count),
                              (SELECT page_size FROM pragma_page_size),
                              (SELECT count(*) FROM rooms), (SELECT count(*) FROM events)";
            let rows = collect(conn, sql, [], |row| {
                let number = |index| column::<u64>(row, index);
                Ok(Usage {
                    bytes: number(0)? * number(1)?,
                    rooms: number(2)?,
                    events: number(3)?,
                })
            })?;
            let usage = rows.into_iter().next();
            usage.ok_or_else(|| StoreError::Corrupt("no count of what is kept".into()))
        })
        .await
    }

    async fn replace_log_id(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |conn| {
            execute(conn, "DELETE FROM sessions", [])?;
            execute(conn, "DELETE FROM codes", [])?;
            let sql = "INSERT OR REPLACE INTO claims (key, value) VALUES (?1, ?2)";
            execute(conn, sql, (LOG_ID, id)).map(drop)
        })
        .await
    }

    /// Closes the database and gives the directory free. Dropping the store does the same, but
    /// blocks.
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
