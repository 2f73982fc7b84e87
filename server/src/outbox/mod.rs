//! The write side of a connection: whole WebSocket frames that wait for the socket.
//!
//! Whoever has something for a connection pushes it here and never waits. One writer
//! ([`write_frames`]) drains it into the socket. What waits is bounded: over the bound, ephemeral
//! frames go first, then all unstarted frames give way to a close with "too slow, resume". A frame
//! begun is always finished.

mod frame;
mod writer;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_shared::protocol::CloseCode;
use tokio::sync::Notify;

pub use frame::{Class, Frame};
pub use writer::write_frames;

/// Bytes that may wait for one connection.
pub const OUTBOX_BYTES_MAX: usize = 1 << 20;

/// Bytes that the writer takes at a time.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// Frames that the writer takes at a time.
const WRITE_FRAMES_MAX: usize = 64;

#[derive(Debug)]
pub struct Outbox {
    inner: Mutex<Inner>,
    /// The writer has something to do.
    ready: Notify,
    /// Bytes left, or the connection ended.
    drained: Notify,
}

#[derive(Debug)]
struct Inner {
    queue: VecDeque<Frame>,
    /// Bytes in the queue and in the writer's hands.
    bytes: usize,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is written before the first frame is known.
    Corked,
    Open,
    /// A close is queued or written; nothing may follow it.
    Closing,
    /// The socket is gone.
    Ended,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Inner {
                queue: VecDeque::new(),
                bytes: 0,
                phase: Phase::Corked,
            }),
            ready: Notify::new(),
            drained: Notify::new(),
        }
    }
}

impl Outbox {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A poisoned lock only means that a push panicked between two plain assignments.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame. After a close, nothing.
    pub fn push(&self, frame: Frame) {
        let mut inner = self.lock();
        if matches!(inner.phase, Phase::Closing | Phase::Ended) {
            return;
        }
        if frame.class() == Class::Close {
            inner.close(frame);
        } else {
            inner.queue_frame(frame);
            if inner.bytes > OUTBOX_BYTES_MAX {
                inner.make_room();
            }
        }
        drop(inner);
        self.ready.notify_one();
    }

    /// Puts `first` before all that was pushed so far, and lets the writer begin.
    pub fn uncork(&self, first: impl IntoIterator<Item = Frame>) {
        let mut inner = self.lock();
        if inner.phase != Phase::Corked {
            return;
        }
        inner.phase = Phase::Open;
        let held = std::mem::take(&mut inner.queue);
        inner.bytes = 0;
        for frame in first.into_iter().chain(held) {
            inner.queue_frame(frame);
        }
        drop(inner);
        self.ready.notify_one();
    }

    /// Ends the connection once all that waits is written.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.push(Frame::close(code, reason));
        self.drained.notify_waiters();
    }

    /// Drops all that was not begun and closes with [`CloseCode::TooSlow`].
    fn close_too_slow(&self) {
        self.lock().too_slow();
        self.drained.notify_waiters();
    }

    /// The socket is gone; nothing more is kept.
    pub fn end(&self) {
        let mut inner = self.lock();
        inner.phase = Phase::Ended;
        inner.queue = VecDeque::new();
        inner.bytes = 0;
        drop(inner);
        self.ready.notify_one();
        self.drained.notify_waiters();
    }

    pub fn is_closing(&self) -> bool {
        matches!(self.lock().phase, Phase::Closing | Phase::Ended)
    }

    /// Waits until at most `bytes` wait, or the connection is closing.
    pub async fn drained_to(&self, bytes: usize) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            drained.as_mut().enable();
            {
                let inner = self.lock();
                let closing = matches!(inner.phase, Phase::Closing | Phase::Ended);
                if closing || inner.bytes <= bytes {
                    return;
                }
            }
            drained.await;
        }
    }

    /// The next frames to write, or `None` when the connection has ended.
    async fn next_frames(&self) -> Option<VecDeque<Frame>> {
        loop {
            {
                let mut inner = self.lock();
                match inner.phase {
                    Phase::Ended => return None,
                    Phase::Corked => {}
                    Phase::Open | Phase::Closing if inner.queue.is_empty() => {}
                    Phase::Open | Phase::Closing => return Some(inner.take()),
                }
            }
            self.ready.notified().await;
        }
    }

    fn written(&self, bytes: usize) {
        let mut inner = self.lock();
        inner.bytes = inner.bytes.saturating_sub(bytes);
        drop(inner);
        self.drained.notify_waiters();
    }
}

impl Inner {
    fn queue_frame(&mut self, frame: Frame) {
        if frame.class() == Class::Pong {
            self.remove(|queued| queued.class() == Class::Pong);
        }
        self.bytes += frame.len();
        self.queue.push_back(frame);
    }

    fn remove(&mut self, unwanted: impl Fn(&Frame) -> bool) {
        let mut freed = 0;
        self.queue.retain(|frame| {
            let goes = unwanted(frame);
            freed += if goes { frame.len() } else { 0 };
            !goes
        });
        self.bytes -= freed;
    }

    /// Before the first frame is known, nothing else may be sent either.
    fn close(&mut self, frame: Frame) {
        if self.phase == Phase::Corked {
            self.remove(|_| true);
        }
        self.queue_frame(frame);
        self.phase = Phase::Closing;
    }

    fn make_room(&mut self) {
        self.remove(|frame| frame.class() == Class::Ephemeral);
        if self.bytes > OUTBOX_BYTES_MAX {
            self.too_slow();
        }
    }

    fn too_slow(&mut self) {
        if matches!(self.phase, Phase::Closing | Phase::Ended) {
            return;
        }
        self.remove(|_| true);
        self.queue_frame(Frame::close(CloseCode::TooSlow, "too slow, resume"));
        self.phase = Phase::Closing;
    }

    fn take(&mut self) -> VecDeque<Frame> {
        let mut bytes = 0;
        let mut count = 0;
        for frame in &self.queue {
            if count > 0 && bytes + frame.len() > WRITE_BYTES_MAX || count == WRITE_FRAMES_MAX {
                break;
            }
            bytes += frame.len();
            count += 1;
        }
        let rest = self.queue.split_off(count);
        std::mem::replace(&mut self.queue, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(len: usize) -> Frame {
        Frame::text(&"x".repeat(len), Class::Durable)
    }

    #[tokio::test]
    async fn the_first_frame_comes_first() {
        let outbox = Outbox::new();
        outbox.push(Frame::text("live", Class::Durable));
        outbox.uncork([Frame::text("welcome", Class::Durable)]);
        let frames = outbox.next_frames().await.unwrap();
        assert!(frames[0].bytes().ends_with(b"welcome"));
        assert!(frames[1].bytes().ends_with(b"live"));
    }

    #[tokio::test]
    async fn over_the_bound_ephemeral_goes_first_and_then_the_connection() {
        let outbox = Outbox::new();
        outbox.uncork([]);
        outbox.push(Frame::text(&"e".repeat(60_000), Class::Ephemeral));
        for _ in 0..15 {
            outbox.push(text(62_000));
        }
        assert!(!outbox.is_closing());
        outbox.push(text(62_000));
        assert!(
            !outbox.is_closing(),
            "dropping the ephemeral frame made room"
        );
        outbox.push(text(62_000));
        assert!(outbox.is_closing());
        let frames = outbox.next_frames().await.unwrap();
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].class(), Class::Close);
        outbox.push(text(1));
        assert_eq!(outbox.lock().queue.len(), 0, "nothing follows a close");
    }

    #[tokio::test]
    async fn one_pong_waits_at_most() {
        let outbox = Outbox::new();
        outbox.uncork([]);
        for _ in 0..1_000 {
            outbox.push(Frame::from_wire(vec![0x8A, 0].into()));
        }
        assert_eq!(outbox.next_frames().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn waiting_for_room_ends_with_the_connection() {
        let outbox = Outbox::new();
        outbox.push(text(100));
        let waiter = tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.drained_to(10).await }
        });
        tokio::task::yield_now().await;
        outbox.end();
        waiter.await.unwrap();
    }
}
