//! The runtime for tasks that no message waits for, such as making a page.
//!
//! Its threads have a low priority. On a busy machine a message does not wait until pages that
//! others asked for are encoded, and the pages take what is left of the cores.

use std::io;

use chat_server_store::lower_thread_priority;
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads for reads of the store in this runtime, beside one thread a core for its tasks.
const READ_THREADS_MAX: usize = 8;

/// A runtime whose threads have a low priority. Dropped, it ends its tasks and waits for none.
#[derive(Debug)]
pub(crate) struct BackgroundRuntime {
    handle: Handle,
    /// `None` once it is dropped.
    runtime: Option<Runtime>,
}

impl BackgroundRuntime {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub(crate) fn start() -> io::Result<Self> {
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
    pub(crate) fn handle(&self) -> &Handle {
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(task > before && read > before, "{before}, {task}, {read}");
        assert_eq!(own(), before);
    }
}
