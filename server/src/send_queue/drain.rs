//! The task that writes the waiting frames of one connection as its socket frees.

use std::time::Duration;

use tokio::time::{timeout, timeout_at};

use super::SendQueue;
use super::waiting::{LAST_WORDS_MS_MAX, Phase};

impl SendQueue {
    /// Writes waiting frames until a close was written or the connection has ended, then shuts the
    /// write side down. Cancel safe: dropping the future loses nothing.
    pub async fn drain(&self) {
        while self.drain_step().await {}
        let last = Duration::from_millis(LAST_WORDS_MS_MAX);
        let _ = timeout(last, self.socket.shut_down()).await;
        self.end();
    }

    /// Writes once. Returns `false` when nothing will ever be written again.
    async fn drain_step(&self) -> bool {
        let (next, deadline, closing) = {
            let mut waiting = self.lock();
            match waiting.phase {
                Phase::Closed | Phase::Ended => return false,
                Phase::Corked | Phase::Open | Phase::Closing => {
                    let closing = waiting.phase == Phase::Closing;
                    (waiting.begin_next(), waiting.deadline(), closing)
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
                let mut waiting = self.lock();
                if written > 0 {
                    waiting.advance(written);
                }
                self.write(&mut waiting);
            }
            Ok(Err(_)) => self.lock().end(),
            Err(_) if closing => self.lock().end(),
            Err(_) => self.lock().close_too_slow(),
        }
        self.drained.notify_waiters();
        true
    }
}
