//! A few connections that only read, each used by one blocking thread at a time, in the background:
//! a message that is stored passes through the writer alone.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::closed;
use crate::{StoreError, run_in_background};

/// Reads that run at a time.
pub(super) const READERS: usize = 4;

pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: [Connection; READERS]) -> Self {
        Self {
            idle: Arc::new(Mutex::new(connections.into())),
            permits: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// Runs `work` on a connection, on a blocking thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self
            .permits
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let borrowed = Borrowed::new(&self.idle, permit).ok_or_else(closed)?;
        run_in_background(move || borrowed.run(work))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a read ended early".into())))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }

    /// Waits for the reads that run, then closes the connections. Later reads are refused.
    pub(super) async fn close(&self) {
        let all = self.permits.acquire_many(READERS as u32).await;
        self.permits.close();
        drop(all);
        self.idle.lock().clear();
    }
}

/// A connection that goes back to the others whatever becomes of the read.
struct Borrowed {
    conn: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Borrowed {
    fn new(idle: &Arc<Mutex<Vec<Connection>>>, permit: OwnedSemaphorePermit) -> Option<Self> {
        let conn = idle.lock().pop()?;
        Some(Self {
            conn: Some(conn),
            idle: idle.clone(),
            _permit: permit,
        })
    }

    fn run<T>(
        self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(self.conn.as_ref().ok_or_else(closed)?)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.idle.lock().push(conn);
        }
    }
}
