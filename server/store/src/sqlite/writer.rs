//! The one thread that writes, for all rooms and accounts.
//!
//! It takes the jobs that wait, runs them in one transaction with a savepoint for each job, commits,
//! and only then answers. A job that fails takes back its own savepoint and nothing else.
//!
//! A transaction takes all messages that wait, and a few jobs of other kinds. So a message does not
//! wait until the rooms that somebody else creates by the hundred are on the disk.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::checkpoint::Checkpoints;
use super::error::{closed, unavailable};
use super::files::Files;
use super::open::BUSY_TIMEOUT;
use super::wal_file::WalFile;
use crate::StoreError;
use crate::health::Health;

/// The most jobs that wait for the writer. Above it, callers wait to hand theirs over.
const WRITE_QUEUE_MAX: usize = 1_024;

/// The most jobs that the writer takes from the queue for one transaction.
pub(super) const COMMIT_JOBS_MAX: usize = 256;

/// The most jobs in one transaction that are no messages.
pub(super) const COMMIT_OTHERS_MAX: usize = 8;

/// The most jobs that are no messages and wait for the writer. Above it, their callers wait to hand
/// them over, so that messages still find room in the queue.
const OTHERS_MAX: usize = 512;

/// The outcome of a job.
pub(super) enum Verdict<T> {
    /// Its writes stay.
    Keep(T),
    /// Its writes are rolled back, and that is no error.
    Undo(T),
}

/// When a job is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// In the next transaction: a message, or a change of one, for which people wait.
    Message,
    /// After the jobs before it, a few in each transaction.
    Other,
}

/// Runs on the connection, or with the reason why it can't, and returns how to answer.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Done + Send>;

struct Done {
    keep: bool,
    /// Why the job failed, where its caller gets an error.
    failure: Option<StoreError>,
    answer: Answer,
}

/// Called with what became of the transaction.
type Answer = Box<dyn FnOnce(Result<(), StoreError>)>;

pub(super) struct Writer {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<(Urgency, Job)>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    checkpoint: Arc<AtomicBool>,
    /// Places for jobs that are no messages.
    others: Arc<Semaphore>,
}

impl Writer {
    /// Starts the thread. `checkpointer` is another connection to the same database.
    pub(super) fn start(
        mut conn: Connection,
        checkpointer: Connection,
        files: WriterFiles,
        health: Arc<Health>,
    ) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel(WRITE_QUEUE_MAX);
        let checkpoint = Arc::<AtomicBool>::default();
        let loop_ = WriteLoop {
            checkpoints: Checkpoints::start(&mut conn, checkpointer, &health)?,
            conn,
            known_files: files.known,
            wal_file: files.wal,
            health,
            checkpoint: checkpoint.clone(),
            put_off: VecDeque::new(),
        };
        let thread = thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || {
                loop_.run(jobs);
                drop(files.lock);
            })?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
            checkpoint,
            others: Arc::new(Semaphore::new(OTHERS_MAX)),
        })
    }

    /// Runs `work` in a transaction and returns what it came to once that is on the disk.
    ///
    /// A caller that stops waiting does not stop the write.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        urgency: Urgency,
        work: impl FnOnce(&Connection) -> Result<Verdict<T>, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let queue = self.queue.lock().clone().ok_or_else(closed)?;
        let place = match urgency {
            Urgency::Message => None,
            // Nothing closes the semaphore.
            Urgency::Other => self.others.clone().acquire_owned().await.ok(),
        };
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            drop(place);
            let (keep, outcome) = match conn.and_then(work) {
                Ok(Verdict::Keep(value)) => (true, Ok(value)),
                Ok(Verdict::Undo(value)) => (false, Ok(value)),
                Err(error) => (false, Err(error)),
            };
            Done {
                keep,
                failure: outcome.as_ref().err().cloned(),
                answer: Box::new(move |committed| {
                    // A caller that no longer waits needs no answer.
                    let _ = answer.send(outcome.and_then(|value| committed.map(|()| value)));
                }),
            }
        });
        queue.send((urgency, job)).await.map_err(|_| closed())?;
        drop(queue);
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a write ended early".into())))
    }

    /// Empties the -wal file after the next write, if no reader prevents it: a text that was blanked
    /// is then in no file.
    pub(super) fn checkpoint_soon(&self) {
        self.checkpoint.store(true, Ordering::Relaxed);
    }

    /// Whether [`Writer::checkpoint_soon`] was asked for and not done yet. The answer to a write
    /// comes before it is done, so a write that follows that one tells.
    pub(super) fn is_checkpoint_due(&self) -> bool {
        self.checkpoint.load(Ordering::Relaxed)
    }

    /// Writes what waits, then closes the database. Later writes are refused.
    pub(super) async fn close(&self) {
        self.stop_taking();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // A writer that panicked has written nothing more, and nothing is left to end.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn stop_taking(&self) {
        self.queue.lock().take();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop_taking();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

/// The files of the database that the writer opens.
pub(super) struct WriterFiles {
    /// The database's own, as they were when it was opened.
    pub(super) known: Files,
    /// The -wal file, in which the writer makes room.
    pub(super) wal: WalFile,
    /// Held until all is written and the database is closed.
    pub(super) lock: File,
}

/// The state of the writer's thread.
struct WriteLoop {
    checkpoints: Checkpoints,
    conn: Connection,
    known_files: Files,
    wal_file: WalFile,
    health: Arc<Health>,
    checkpoint: Arc<AtomicBool>,
    /// Jobs that are no messages, in their order.
    put_off: VecDeque<Job>,
}

impl WriteLoop {
    fn run(mut self, mut queue: mpsc::Receiver<(Urgency, Job)>) {
        while let Some(jobs) = self.next_jobs(&mut queue) {
            let mut jobs = jobs.into_iter();
            let mut has_committed = true;
            // More than one round only where SQLite gave a transaction up half-way.
            while jobs.len() > 0 {
                has_committed &= self.commit(&mut jobs);
            }
            let pages = self.checkpoints.after_commit(&self.conn);
            if self.checkpoint.load(Ordering::Relaxed) && self.empty_wal_at_once() {
                self.checkpoint.store(false, Ordering::Relaxed);
                self.checkpoints.was_emptied();
                self.wal_file.was_emptied();
            } else if has_committed {
                // On a full disk the next commit fails too, and says so.
                let _ = self.wal_file.make_room(pages);
            }
        }
        drop(self.checkpoints);
        // If a reader or the disk prevents it, the next start reads the rest of the -wal file.
        if !empty_wal(&self.conn) {
            tracing::warn!("the database was closed before all of its -wal file was taken over");
        }
    }

    /// The jobs of the next transaction. Waits until there is one; `None` once none can come.
    fn next_jobs(&mut self, queue: &mut mpsc::Receiver<(Urgency, Job)>) -> Option<Vec<Job>> {
        let (mut jobs, mut others_max) = (Vec::new(), COMMIT_OTHERS_MAX);
        let mut take = |put_off: &mut VecDeque<Job>, (urgency, job)| match urgency {
            Urgency::Message => jobs.push(job),
            Urgency::Other => put_off.push_back(job),
        };
        if self.put_off.is_empty() {
            take(&mut self.put_off, queue.blocking_recv()?);
        }
        for _ in 1..COMMIT_JOBS_MAX {
            match queue.try_recv() {
                Ok(next) => take(&mut self.put_off, next),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    // The store closes, and no message can come.
                    others_max = COMMIT_JOBS_MAX;
                    break;
                }
            }
        }
        let others = self.put_off.len().min(others_max);
        jobs.extend(self.put_off.drain(..others));
        Some(jobs)
    }

    /// As [`empty_wal`], but nobody waits for a reader: the next write tries again.
    fn empty_wal_at_once(&self) -> bool {
        let waits = |wait| self.conn.busy_timeout(wait).is_ok();
        waits(Duration::ZERO) && empty_wal(&self.conn) & waits(BUSY_TIMEOUT)
    }

    /// Runs jobs in one transaction and answers them. Returns whether it was committed.
    fn commit(&mut self, jobs: &mut std::vec::IntoIter<Job>) -> bool {
        let mut done = Outcome {
            answers: Vec::with_capacity(jobs.len()),
            failure: None,
        };
        let committed = transaction(&mut self.conn, jobs, &mut done);
        // What was written to files that are gone would be lost.
        let committed = committed.and_then(|()| self.known_files.check());
        // A job's own failure says more than that of the transaction, which it may have ended.
        match done.failure.as_ref().or(committed.as_ref().err()) {
            Some(error) => self.health.failed(error),
            // A transaction that changed nothing says nothing of the disk.
            None if self.checkpoints.take_written() => self.health.worked(),
            None => {}
        }
        for answer in done.answers {
            answer(committed.clone());
        }
        committed.is_ok()
    }
}

/// `false` where something stood in the way.
fn empty_wal(conn: &Connection) -> bool {
    let busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    matches!(busy, Ok(false))
}

/// What became of the jobs of a transaction.
struct Outcome {
    answers: Vec<Answer>,
    /// The first failure of a job that is a fault of the store.
    failure: Option<StoreError>,
}

impl Outcome {
    fn take(&mut self, done: Done) {
        self.answers.push(done.answer);
        let failure = done.failure.filter(StoreError::is_fault);
        self.failure = self.failure.take().or(failure);
    }
}

/// Runs jobs in one transaction, until none is left or the transaction is lost.
fn transaction(
    conn: &mut Connection,
    jobs: &mut std::vec::IntoIter<Job>,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    let mut transaction = match conn.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            let error = unavailable(error);
            jobs.for_each(|job| outcome.take(job(Err(error.clone()))));
            return Err(error);
        }
    };
    for job in jobs.by_ref() {
        let savepoint = match transaction.savepoint() {
            Ok(savepoint) => savepoint,
            Err(error) => {
                outcome.take(job(Err(unavailable(error))));
                continue;
            }
        };
        // A panic is a bug, but no reason to end every other write of the server. Its
        // caller gets an error from the answer's channel, which the panic drops.
        let done = catch_unwind(AssertUnwindSafe(|| job(Ok(&savepoint))));
        let keep = done.as_ref().is_ok_and(|done| done.keep);
        if let Ok(done) = done {
            outcome.take(done);
        }
        // A full disk or an I/O error ends the whole transaction, and what ran in it is undone.
        if savepoint.is_autocommit() {
            return Err(StoreError::Unavailable(
                "the transaction was given up".into(),
            ));
        }
        // Writes that can't be rolled back would be committed with the rest: end the transaction.
        if keep {
            savepoint.commit()
        } else {
            savepoint.finish()
        }
        .map_err(unavailable)?;
    }
    transaction.commit().map_err(unavailable)
}
