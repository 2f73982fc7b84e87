//! The write side of a connection: whole WebSocket frames that wait for the socket.
//!
//! A task that has something for a connection pushes it here and never waits. Where no frame waits
//! already, [`SendQueue::push`] writes straight to the socket. The rest waits, and the connection's
//! one drain task ([`SendQueue::drain`]) writes it as the socket frees. Waiting frames are counted
//! by the memory that they keep, and bounded for each connection, for each user, and in all: over
//! a bound, ephemeral frames are dropped first, then all frames that are not partly written give
//! way to a close with "too slow, resume". A frame that was begun is always finished.
//!
//! Replays and pages are paced: the server sends the next one only when the queue has room for it
//! ([`SendQueue::pacing_permit`]), so that they never make a reader too slow by their size.
//!
//! The phases of a queue are drawn at `waiting::Phase`. This module knows sockets and bytes; it
//! does not know rooms, people or the protocol's types beyond close codes.

mod drain;
mod frame;
mod share;
mod socket;
pub(crate) mod waiting;

use std::io;
use std::sync::Arc;

use chat_shared::protocol::CloseCode;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard, Notify};

pub use frame::{Class, Frame};
pub use share::{
    QueueShare, SEND_QUEUES_BYTES_HARD_MAX, SEND_QUEUES_BYTES_MAX, USER_SEND_QUEUES_BYTES_MAX,
    bytes_waiting,
};
pub use socket::Socket;
pub use waiting::{PACED_BYTES_MAX, SEND_QUEUE_BYTES_MAX};

use self::waiting::{Phase, WaitingFrames};
use crate::network::ClientNetwork;
use crate::telemetry;

/// The frames that wait for one socket, and the socket.
#[derive(Debug)]
pub struct SendQueue {
    waiting: Mutex<WaitingFrames>,
    socket: Socket,
    /// Wakes the drain.
    wake: Notify,
    /// Wakes tasks that wait for room: bytes were written, or the connection is closing.
    drained: Notify,
    /// Held by the one task that adds paced frames.
    pacing: AsyncMutex<()>,
}

/// The right to push [`Class::Paced`] frames. Only one task of a connection holds it at a time.
#[derive(Debug)]
pub struct PacingPermit<'a>(
    #[expect(dead_code, reason = "held, not read")] AsyncMutexGuard<'a, ()>,
);

impl SendQueue {
    /// A corked queue.
    pub fn new(socket: Socket) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::default(),
            socket,
            wake: Notify::new(),
            drained: Notify::new(),
            pacing: AsyncMutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, WaitingFrames> {
        self.waiting.lock()
    }

    /// Counts the waiting bytes for a user from here on.
    pub fn set_share(&self, share: Arc<QueueShare>) {
        self.lock().set_share(share);
    }

    /// Counts the waiting bytes for a network from here on.
    pub fn set_network(&self, network: ClientNetwork) {
        self.lock().set_network(network);
    }

    /// Sends a frame, or queues it. Does nothing after a close. Bytes that the socket takes at once
    /// are not copied.
    pub fn push(&self, frame: &Frame) {
        let mut waiting = self.lock();
        if waiting.phase.is_over() {
            return;
        }
        let straight = waiting.phase == Phase::Open && waiting.is_empty();
        let written = if straight {
            self.write_straight(frame)
        } else {
            Ok(0)
        };
        match written {
            Ok(bytes) if bytes == frame.len() && frame.class() != Class::Close => return,
            Ok(bytes) => {
                waiting.put(frame.clone());
                waiting.advance(bytes);
            }
            Err(_) => waiting.end(),
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// How many bytes of a frame the socket takes at once.
    fn write_straight(&self, frame: &Frame) -> io::Result<usize> {
        match self.socket.try_write(frame.bytes()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            other => other,
        }
    }

    /// Sends a frame of the welcome while all others are still held back.
    pub fn lead(&self, frame: Frame) {
        let mut waiting = self.lock();
        if waiting.phase != Phase::Corked {
            return;
        }
        waiting.append(frame);
        self.write(&mut waiting);
        drop(waiting);
        self.wake.notify_one();
    }

    /// Sends `lead`, then the frames held back so far, and holds back no more.
    pub fn uncork(&self, lead: impl IntoIterator<Item = Frame>) {
        let mut waiting = self.lock();
        waiting.uncork(lead);
        self.write(&mut waiting);
        drop(waiting);
        self.wake.notify_one();
    }

    /// Ends the connection once the waiting frames are written.
    pub fn close(&self, code: CloseCode, reason: &str) {
        if !self.is_closing() {
            count_close(code);
        }
        self.push(&Frame::close(code, reason));
        self.drained.notify_waiters();
    }

    /// Drops all waiting frames: the socket is gone.
    pub fn end(&self) {
        self.lock().end();
        self.wake.notify_one();
        self.drained.notify_waiters();
    }

    /// Whether nothing more is accepted.
    pub fn is_closing(&self) -> bool {
        self.lock().phase.is_over()
    }

    /// Waits until the queue has room for a frame that the server itself paces, or the connection
    /// is closing. Tasks get the permit in the order in which they ask. Cancel safe: dropping the
    /// future gives the place up.
    pub async fn pacing_permit(&self) -> PacingPermit<'_> {
        let permit = PacingPermit(self.pacing.lock().await);
        self.drained_to(PACED_BYTES_MAX).await;
        permit
    }

    /// Waits until at most `bytes` wait for the socket, or the connection is closing.
    async fn drained_to(&self, bytes: usize) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            drained.as_mut().enable();
            {
                let waiting = self.lock();
                if waiting.phase.is_over() || waiting.offered() <= bytes {
                    return;
                }
            }
            drained.await;
        }
    }

    /// Hands the socket what it takes now.
    fn write(&self, waiting: &mut WaitingFrames) {
        while !waiting.is_empty() {
            let written = waiting.with_slices(|slices| self.socket.try_write_knowing(slices));
            match written {
                Ok(bytes) if bytes > 0 => waiting.advance(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => return waiting.end(),
            }
        }
    }
}

/// Counts a connection that the server closes.
fn count_close(code: CloseCode) {
    let code = code.code().to_string();
    metrics::counter!(telemetry::CLOSES, "code" => code).increment(1);
}

#[cfg(test)]
mod tests;
