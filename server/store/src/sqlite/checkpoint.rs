//! Moves written pages from the -wal file into the database file, in parallel with the writer.
//!
//! SQLite would do that within the commit that fills the -wal file, and the next messages would
//! wait until megabytes are on the disk. Here a thread with a connection of its own moves most of
//! the pages while the writer goes on. The writer then moves the few pages that were written
//! meanwhile: SQLite starts the -wal file over only when all of it has been moved, and the thread
//! alone would never catch up with a busy writer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::error::unavailable;
use crate::health::Health;

/// Pages (of 4 KiB) in the -wal file after which they are moved: 8 MiB. While that is done, a few
/// commits wait for the disk a little longer. They are less than one in a hundred.
const CHECKPOINT_PAGES: u32 = 2_000;

/// Follows the -wal file of one database, for its writer.
pub(super) struct Checkpoints {
    /// Pages in the file after the last commit.
    pages: Arc<AtomicU32>,
    /// Whether a commit wrote something since it was asked last.
    has_written: Arc<AtomicBool>,
    due: Due,
    thread: CheckpointThread,
    health: Arc<Health>,
}

/// What the writer does after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    /// It wakes the thread, which moves most of the file.
    Most,
    /// It moves the rest.
    Rest,
}

/// When the pages are to be moved.
#[derive(Debug)]
struct Due {
    /// Pages at the commit before.
    last: u32,
    /// Pages from which they are moved.
    at: u32,
    /// Whether the thread was woken, and the rest is not moved yet.
    is_moving: bool,
}

impl Checkpoints {
    /// Takes the checkpoints of `writer` over. The thread works on `own`, another connection.
    pub(super) fn start(
        writer: &mut Connection,
        own: Connection,
        health: &Arc<Health>,
    ) -> io::Result<Self> {
        let pages = Arc::<AtomicU32>::default();
        let counted = Arc::clone(&pages);
        let has_written = Arc::<AtomicBool>::default();
        let wrote = Arc::clone(&has_written);
        // It takes the place of SQLite's own checkpoints, which are a hook too.
        let hook = move |_: &mut Wal, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            wrote.store(true, Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(io::Error::other)?;
        Ok(Self {
            pages,
            has_written,
            due: Due::new(),
            thread: CheckpointThread::start(own, Arc::clone(health))?,
            health: Arc::clone(health),
        })
    }

    /// Does what is due after a commit of `writer`. Returns the pages in the -wal file.
    pub(super) fn after_commit(&mut self, writer: &Connection) -> u32 {
        let pages = self.pages.load(Ordering::Relaxed);
        match self.due.step(pages, || self.thread.take_done()) {
            Step::Nothing => {}
            Step::Most => self.thread.wake(),
            Step::Rest => move_pages(writer, &self.health),
        }
        pages
    }

    /// Whether a commit wrote to the file since the last call. One that changed nothing writes
    /// nothing.
    pub(super) fn take_written(&self) -> bool {
        self.has_written.swap(false, Ordering::Relaxed)
    }

    /// The file was emptied.
    pub(super) fn was_emptied(&mut self) {
        self.pages.store(0, Ordering::Relaxed);
        self.due.last = 0;
        self.due.at = CHECKPOINT_PAGES;
    }
}

impl Due {
    fn new() -> Self {
        Self {
            last: 0,
            at: CHECKPOINT_PAGES,
            is_moving: false,
        }
    }

    /// The step after a commit that left `pages` in the file. `take_done` says whether the thread is
    /// done with what there was when it was woken.
    fn step(&mut self, pages: u32, take_done: impl FnOnce() -> bool) -> Step {
        if pages < self.last {
            // The file was started over.
            self.at = CHECKPOINT_PAGES;
        }
        self.last = pages;
        if self.is_moving {
            if !take_done() {
                return Step::Nothing;
            }
            self.is_moving = false;
            // While a reader keeps the file from being started over, as many pages more are
            // written before the next try.
            self.at = pages.saturating_add(CHECKPOINT_PAGES);
            return Step::Rest;
        }
        self.is_moving = pages >= self.at;
        if self.is_moving {
            Step::Most
        } else {
            Step::Nothing
        }
    }
}

/// Moves as many pages as readers let it, and waits for nobody.
fn move_pages(conn: &Connection, health: &Health) {
    let moved = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = moved {
        // The file grows until a later one succeeds; a full disk fails the next write too.
        health.failed_beside(&unavailable(error));
    }
}

struct CheckpointThread {
    /// `None` once the thread is to end.
    wake: Option<SyncSender<()>>,
    /// Once for each time that it was woken and is done.
    moved: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl CheckpointThread {
    fn start(conn: Connection, health: Arc<Health>) -> io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let (done, moved) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("sqlite-checkpoint".into())
            .spawn(move || run(&conn, &health, &woken, &done))?;
        Ok(Self {
            wake: Some(wake),
            moved,
            thread: Some(thread),
        })
    }

    fn wake(&self) {
        // The thread is idle, so the channel has room. If the thread is gone, the writer moves all.
        if let Some(wake) = &self.wake {
            let _ = wake.try_send(());
        }
    }

    fn take_done(&self) -> bool {
        !matches!(self.moved.try_recv(), Err(TryRecvError::Empty))
    }
}

fn run(conn: &Connection, health: &Health, woken: &Receiver<()>, done: &SyncSender<()>) {
    while woken.recv().is_ok() {
        move_pages(conn, health);
        // A writer that is gone needs no answer.
        let _ = done.try_send(());
    }
}

impl Drop for CheckpointThread {
    fn drop(&mut self) {
        self.wake.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_moves_most_and_the_writer_the_rest() {
        let mut due = Due::new();
        let unasked = || unreachable!("the thread is idle");
        assert_eq!(due.step(CHECKPOINT_PAGES - 1, unasked), Step::Nothing);
        assert_eq!(due.step(CHECKPOINT_PAGES, unasked), Step::Most);
        assert_eq!(due.step(CHECKPOINT_PAGES + 9, || false), Step::Nothing);
        assert_eq!(due.step(CHECKPOINT_PAGES + 20, || true), Step::Rest);
        assert_eq!(due.step(5, unasked), Step::Nothing, "started over");
        assert_eq!(due.step(CHECKPOINT_PAGES, unasked), Step::Most);
    }

    #[test]
    fn a_file_that_a_reader_holds_is_not_moved_at_each_commit() {
        let mut due = Due::new();
        let unasked = || unreachable!("the thread is idle");
        due.step(CHECKPOINT_PAGES, unasked);
        assert_eq!(due.step(CHECKPOINT_PAGES + 20, || true), Step::Rest);
        assert_eq!(due.step(CHECKPOINT_PAGES + 21, unasked), Step::Nothing);
        let more = 2 * CHECKPOINT_PAGES + 20;
        assert_eq!(due.step(more, unasked), Step::Most);
    }
}
