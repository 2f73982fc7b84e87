//! The budget in bytes for pages being made: history, events, members, rooms, search results and
//! the chunks of a replay.
//!
//! A page is reserved before its first row is read, and the reservation ends when its frame is in
//! the send queue. A connection makes one page at a time, and only when its send queue has room
//! for it, so that a reader that does not read holds no part of the budget.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Connection, Hub};
use crate::send_queue::PacingPermit;

/// Bytes of one page while it is made: its rows, their changes, and the encoded frame.
pub const PAGE_BYTES_MAX: usize = 4 << 20;

/// Bytes of all pages that are made for one user at the same time.
pub const USER_PAGES_BYTES_MAX: usize = 8 << 20;

/// Bytes of all pages that are made at the same time.
pub const PAGES_BYTES_MAX: usize = 32 << 20;

/// Pages that are being made: a place for each.
#[derive(Debug, Clone)]
pub(super) struct PageBudget(Arc<Semaphore>);

impl PageBudget {
    /// A budget of `bytes`.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PAGE_BYTES_MAX)))
    }

    async fn reserve(&self) -> Option<OwnedSemaphorePermit> {
        // Nothing closes the semaphore.
        self.0.clone().acquire_owned().await.ok()
    }
}

/// The right to make one page for a connection, and to push it.
#[derive(Debug)]
pub struct PagePermit<'a> {
    _pacing: PacingPermit<'a>,
    _of_user: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Hub {
    /// Waits until a page may be made for a connection. `None` where the connection is closing:
    /// then nobody would read the page. Cancel safe.
    pub async fn page_permit<'a>(&self, connection: &'a Connection) -> Option<PagePermit<'a>> {
        // The order matters. A connection whose queue is full must hold none of the budget, and a
        // user over their own share must not wait at the head of the line for all.
        let pacing = connection.send_queue.pacing_permit().await;
        let of_user = connection.share.pages.reserve().await?;
        let of_all = self.pages().reserve().await?;
        (!connection.send_queue.is_closing()).then_some(PagePermit {
            _pacing: pacing,
            _of_user: of_user,
            _of_all: of_all,
        })
    }
}
