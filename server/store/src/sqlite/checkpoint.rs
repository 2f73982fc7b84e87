//! Moves what was written from the -wal file into the database file, beside the writer.
//!
//! SQLite would do that within the commit that fills the -wal file, and the next messages would
//! wait until megabytes are on the disk. Here a thread with a connection of its own does most of
//! it while the writer goes on. The writer then moves the few pages that were written meanwhile:
//! only a file that was moved whole is written from its beginning again, and beside a busy writer
//! the thread would never be done.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// Pages (of 4 KiB) in the -wal file after which they are moved: 8 MiB. While that is done, a few
/// commits wait for the disk a little longer. They are less than one in a hundred.
const CHECKPOINT_PAGES: u32 = 2_000;

/// Follows the -wal file of one database, for its writer.
pub(super) struct Checkpoints {
    /// Pages in the file after the last commit.
    pages: Arc<AtomicU32>,
    due: Due,
    thread: CheckpointThread,
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
}

/// What the thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Idle = 0,
    Moving = 1,
    /// It has moved what there was when it began.
    Done = 2,
}

impl Checkpoints {
    /// Takes the checkpoints of `writer` over. The thread works on `own`, another connection.
    pub(super) fn start(writer: &mut Connection, own: Connection) -> io::Result<Self> {
        let pages = Arc::<AtomicU32>::default();
        let counted = Arc::clone(&pages);
        // It takes the place of SQLite's own checkpoints, which are a hook too.
        let hook = move |_: &mut Wal, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(io::Error::other)?;
        Ok(Self {
            pages,
            due: Due::new(),
            thread: CheckpointThread::start(own)?,
        })
    }

    /// Does what is due after a commit of `writer`.
    pub(super) fn after_commit(&mut self, writer: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        match self.due.step(pages, self.thread.phase()) {
            Step::Nothing => {}
            Step::Most => self.thread.wake(),
            Step::Rest => {
                move_pages(writer);
                self.thread.rest();
            }
        }
    }
}

impl Due {
    fn new() -> Self {
        Self {
            last: 0,
            at: CHECKPOINT_PAGES,
        }
    }

    /// The step after a commit that left `pages` in the file.
    fn step(&mut self, pages: u32, thread: Phase) -> Step {
        if pages < self.last {
            // The file was begun again.
            self.at = CHECKPOINT_PAGES;
        }
        self.last = pages;
        match thread {
            Phase::Idle if pages >= self.at => Step::Most,
            Phase::Idle | Phase::Moving => Step::Nothing,
            Phase::Done => {
                // Where a reader keeps the file from being begun again, so many more are written.
                self.at = pages.saturating_add(CHECKPOINT_PAGES);
                Step::Rest
            }
        }
    }
}

/// Moves as many pages as readers let it, and waits for nobody.
fn move_pages(conn: &Connection) {
    let moved = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = moved {
        // The file grows until a later one succeeds; a full disk fails the next write too.
        tracing::warn!(%error, "written pages could not be moved into the database file");
    }
}

struct CheckpointThread {
    phase: Arc<AtomicU8>,
    /// `None` once the thread is to end.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl CheckpointThread {
    fn start(conn: Connection) -> io::Result<Self> {
        let phase = Arc::<AtomicU8>::default();
        let (wake, woken) = sync_channel(1);
        let set = Arc::clone(&phase);
        let thread = thread::Builder::new()
            .name("sqlite-checkpoint".into())
            .spawn(move || run(&conn, &woken, &set))?;
        Ok(Self {
            phase,
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Idle,
            1 => Phase::Moving,
            _ => Phase::Done,
        }
    }

    fn wake(&self) {
        self.phase.store(Phase::Moving as u8, Ordering::Release);
        // It is idle, so that there is room. A thread that panicked moves nothing more, and the
        // writer's end moves all.
        if let Some(wake) = &self.wake {
            let _ = wake.try_send(());
        }
    }

    fn rest(&self) {
        self.phase.store(Phase::Idle as u8, Ordering::Release);
    }
}

fn run(conn: &Connection, woken: &Receiver<()>, phase: &AtomicU8) {
    while woken.recv().is_ok() {
        move_pages(conn);
        phase.store(Phase::Done as u8, Ordering::Release);
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
        assert_eq!(due.step(CHECKPOINT_PAGES - 1, Phase::Idle), Step::Nothing);
        assert_eq!(due.step(CHECKPOINT_PAGES, Phase::Idle), Step::Most);
        assert_eq!(due.step(CHECKPOINT_PAGES + 9, Phase::Moving), Step::Nothing);
        assert_eq!(due.step(CHECKPOINT_PAGES + 20, Phase::Done), Step::Rest);
        assert_eq!(due.step(5, Phase::Idle), Step::Nothing, "begun again");
        assert_eq!(due.step(CHECKPOINT_PAGES, Phase::Idle), Step::Most);
    }

    #[test]
    fn a_file_that_a_reader_holds_is_not_moved_at_each_commit() {
        let mut due = Due::new();
        due.step(CHECKPOINT_PAGES, Phase::Idle);
        assert_eq!(due.step(CHECKPOINT_PAGES + 20, Phase::Done), Step::Rest);
        assert_eq!(due.step(CHECKPOINT_PAGES + 21, Phase::Idle), Step::Nothing);
        let more = 2 * CHECKPOINT_PAGES + 20;
        assert_eq!(due.step(more, Phase::Idle), Step::Most);
    }
}
