use std::time::Duration;

use tokio::time::{timeout, timeout_at};

use super::SendQueue;
use super::waiting::{LAST_WORDS_MS_MAX, Phase};

impl SendQueue {
    /// Writes what waits as the socket frees, until a close was written or the connection has
    /// ended; then shuts the write side down. Dropping the future loses nothing.
    pub async fn drain(&self) {
        while self.drain_step().await {}
        let last = Duration::from_millis(LAST_WORDS_MS_MAX);
        let _ = timeout(last, self.socket.shut_down()).await;
        self.end();
    }

    /// `false` when there is nothing more to write, ever.
    async fn drain_step(&self) -> bool {
        let (next, deadline, closing) = {
            let mut queue = self.lock();
            match queue.phase {
                Phase::Closed | Phase::Ended => return false,
                Phase::Corked => (None, None, false),
                Phase::Open | Phase::Closing => {
                    let closing = queue.phase == Phase::Closing;
                    (queue.begin_next(), queue.deadline(), closing)
                }
            }
        };
        let (Some(next), Some(deadline)) = (next, deadline) else {
            let _ = self.socket.flush().await;
            self.wake.notified().await;
            return true;
        };
        match timeout_at(deadline, self.socket.ready(&next)).await {
            Ok(Ok(written)) => {
                let mut queue = self.lock();
                if written > 0 {
                    queue.advance(written);
                }
                self.write(&mut queue);
            }
            Ok(Err(_)) => self.lock().end(),
            Err(_) if closing => self.lock().end(),
            Err(_) => self.lock().too_slow(),
        }
        self.drained.notify_waiters();
        true
    }
}
