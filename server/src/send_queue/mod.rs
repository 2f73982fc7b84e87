//! The write side of a connection: whole WebSocket frames that wait for the socket.
//!
//! Whoever has something for a connection pushes it here and never waits. Where nothing waits
//! already, a frame goes straight to the socket ([`SendQueue::push`]); what the socket won't take
//! waits, and is drained as the socket frees ([`SendQueue::drain`]). What waits is counted by what it
//! keeps in memory and bounded, for each connection and for all together: over a bound, ephemeral
//! frames go first, then all unstarted frames give way to a close with "too slow, resume". A frame
//! begun is always finished.

mod drain;
mod frame;
mod socket;
mod waiting;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_shared::protocol::CloseCode;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard, Notify};

pub use frame::{Class, Frame};
pub use socket::Socket;
pub use waiting::{PACED_BYTES_MAX, SEND_QUEUE_BYTES_MAX, SEND_QUEUES_BYTES_MAX, bytes_waiting};

use self::waiting::{Phase, WaitingFrames};

#[derive(Debug)]
pub struct SendQueue {
    queue: Mutex<WaitingFrames>,
    socket: Socket,
    /// Whoever drains has something to do.
    wake: Notify,
    /// Bytes left, or the connection ended.
    drained: Notify,
    /// Held by the one task that adds paced frames.
    pacing: AsyncMutex<()>,
}

/// The right to push one [`Class::Paced`] frame. Only one task holds it at a time.
#[derive(Debug)]
pub struct PacingPermit<'a>(
    #[expect(dead_code, reason = "held, not read")] AsyncMutexGuard<'a, ()>,
);

impl SendQueue {
    pub fn new(socket: Socket) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            socket,
            wake: Notify::new(),
            drained: Notify::new(),
            pacing: AsyncMutex::default(),
        })
    }

    /// A poisoned lock only means that a push panicked between plain assignments.
    fn lock(&self) -> MutexGuard<'_, WaitingFrames> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a frame, or queues it. After a close, nothing. What the socket takes at once costs no
    /// copy.
    pub fn push(&self, frame: &Frame) {
        let mut queue = self.lock();
        if queue.phase.is_over() {
            return;
        }
        let straight = queue.phase == Phase::Open && queue.is_empty();
        let written = if straight {
            self.write_straight(frame)
        } else {
            Ok(0)
        };
        match written {
            Ok(bytes) if bytes == frame.len() && frame.class() != Class::Close => return,
            Ok(bytes) => {
                queue.put(frame.clone());
                queue.advance(bytes);
            }
            Err(_) => queue.end(),
        }
        drop(queue);
        self.wake.notify_one();
    }

    /// How much of a frame the socket takes at once.
    fn write_straight(&self, frame: &Frame) -> io::Result<usize> {
        match self.socket.try_write(frame.bytes()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            other => other,
        }
    }

    /// Puts `first` before all that was pushed so far, and lets everything go.
    pub fn uncork(&self, first: impl IntoIterator<Item = Frame>) {
        let mut queue = self.lock();
        queue.uncork(first);
        self.write(&mut queue);
        drop(queue);
        self.wake.notify_one();
    }

    /// Ends the connection once all that waits is written.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.push(&Frame::close(code, reason));
        self.drained.notify_waiters();
    }

    /// The socket is gone; nothing more is kept.
    pub fn end(&self) {
        self.lock().end();
        self.wake.notify_one();
        self.drained.notify_waiters();
    }

    pub fn is_closing(&self) -> bool {
        self.lock().phase.is_over()
    }

    /// Waits until the queue has room for a frame that the server itself paces, or the connection
    /// is closing. Tasks get their turns in the order in which they ask. Dropping the future gives
    /// the place up.
    pub async fn pacing_permit(&self) -> PacingPermit<'_> {
        let turn = PacingPermit(self.pacing.lock().await);
        self.drained_to(PACED_BYTES_MAX).await;
        turn
    }

    /// Waits until at most `bytes` wait, or the connection is closing.
    async fn drained_to(&self, bytes: usize) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            drained.as_mut().enable();
            {
                let queue = self.lock();
                if queue.phase.is_over() || queue.pinned() <= bytes {
                    return;
                }
            }
            drained.await;
        }
    }

    /// Hands the socket what it takes now.
    fn write(&self, queue: &mut WaitingFrames) {
        while !queue.is_empty() {
            let written = queue.with_slices(|slices| self.socket.try_write_knowing(slices));
            match written {
                Ok(bytes) if bytes > 0 => queue.advance(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => return queue.end(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
