//! Work that no message waits for, such as pages and password hashes: at a low priority, so that on
//! a busy machine a message does not wait for it and it takes what is left of the cores.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinError;

/// The nice value of threads that do such work. A message's threads get about ten times their share of
/// a busy core, and do not wait for them when they wake.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Runs `work` on a blocking thread of the runtime, at a low priority.
///
/// The thread keeps the priority, because only a privileged process could raise it again. So nothing
/// that a message waits for may run on the runtime's blocking threads: messages pass through its
/// workers and the store's writer. A direct message alone waits for a read, of blocks, once in seconds.
///
/// # Errors
/// If the work panics, or the runtime ends before it begins.
pub async fn run_in_background<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let at_low_priority = move || {
        lower_thread_priority();
        work()
    };
    tokio::task::spawn_blocking(at_low_priority).await
}

/// Threads for reads of the store in this runtime, beside one thread a core for its tasks.
const READ_THREADS_MAX: usize = 8;

/// A runtime whose threads have a low priority. Dropped, it ends its tasks and waits for none.
#[derive(Debug)]
pub struct BackgroundRuntime {
    handle: Handle,
    /// `None` once it is dropped.
    runtime: Option<Runtime>,
}

impl BackgroundRuntime {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("background")
            .max_blocking_threads(READ_THREADS_MAX)
            .on_thread_start(lower_thread_priority)
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// A handle that spawns tasks there. After the end of the runtime such a task never runs.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for BackgroundRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A task may drop it, where the runtime must not wait for its threads.
            runtime.shutdown_background();
        }
    }
}

/// Gives the calling thread a low priority for the rest of its life, because only a privileged
/// process could raise it again. Linux gives each thread a nice value of its own. Elsewhere the
/// value belongs to the whole process, and this does nothing.
fn lower_thread_priority() {
    #[cfg(target_os = "linux")]
    if rustix::process::getpriority_process(None).is_ok_and(|nice| nice < NICENESS) {
        // If it can't be lowered, the work is done at the usual one.
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn only_the_thread_of_the_work_has_a_low_priority() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        assert_eq!(run_in_background(own).await.unwrap(), NICENESS.max(before));
        assert_eq!(own(), before);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn tasks_and_their_reads_have_a_low_priority() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        let runtime = BackgroundRuntime::start().unwrap();
        let task = runtime.handle().spawn(async move {
            let read = tokio::task::spawn_blocking(own).await.unwrap();
            (own(), read)
        });
        let (task, read) = task.await.unwrap();
        assert_eq!([task, read], [NICENESS.max(before); 2]);
        assert_eq!(own(), before);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error() {
        let work = || assert!(std::hint::black_box(false), "it breaks");
        assert!(run_in_background(work).await.unwrap_err().is_panic());
    }
}
