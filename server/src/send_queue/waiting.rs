use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use chat_shared::protocol::CloseCode;
use tokio::time::Instant;

use super::{Class, Frame};

/// Bytes that may wait for one connection.
pub const SEND_QUEUE_BYTES_MAX: usize = 1 << 20;

/// Bytes that may wait for all connections together. Over it, whoever something waits for is too
/// slow.
pub const SEND_QUEUES_BYTES_MAX: usize = 256 << 20;

/// Bytes that may wait when a paced frame is added. The queue then holds at most this and one
/// frame of what the server paces.
pub const PACED_BYTES_MAX: usize = 64 << 10;

/// Milliseconds that the oldest frame may wait once no paced frame is before it.
const WAITED_MS_MAX: u64 = 15_000;

/// Milliseconds that a paced frame at the front may take: a frame of 64 KiB needs 1.1 KB/s.
const PACED_MS_MAX: u64 = 60_000;

/// Milliseconds that a close and what is before it have to be taken.
pub(super) const LAST_WORDS_MS_MAX: u64 = 10_000;

/// Slices that one call to the socket takes.
const SLICES_MAX: usize = 32;

/// What waits in all queues.
static PINNED_BY_ALL: AtomicUsize = AtomicUsize::new(0);

/// Bytes that wait for all connections together.
pub fn bytes_waiting() -> usize {
    PINNED_BY_ALL.load(Ordering::Relaxed)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is written before the first frame is known.
    Corked,
    Open,
    /// A close is queued; nothing may follow it.
    Closing,
    /// The close is written.
    Closed,
    /// The socket is gone.
    Ended,
}

impl Phase {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Closing | Self::Closed | Self::Ended)
    }
}

/// Frames in order, the first of them perhaps partly written.
#[derive(Debug)]
pub(super) struct WaitingFrames {
    frames: VecDeque<Waiting>,
    /// Bytes that they keep in memory.
    pinned: usize,
    pub(super) phase: Phase,
    /// When the close was queued.
    closing_since: Option<Instant>,
    /// When the last paced frame was written. What waited behind it could not leave before.
    paced_until: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    rest: Bytes,
    class: Class,
    pinned: usize,
    started: bool,
    since: Instant,
}

impl Default for WaitingFrames {
    fn default() -> Self {
        Self {
            frames: VecDeque::new(),
            pinned: 0,
            phase: Phase::Corked,
            closing_since: None,
            paced_until: None,
        }
    }
}

impl WaitingFrames {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn pinned(&self) -> usize {
        self.pinned
    }

    pub(super) fn put(&mut self, frame: Frame) {
        match frame.class() {
            // Before the first frame is known, nothing else may be sent than the close.
            Class::Close if self.phase == Phase::Corked => self.remove(|_| true),
            // An answer to the newest ping answers the older ones (RFC 6455 section 5.5.3).
            Class::Pong => self.remove(|waiting| waiting.class == Class::Pong),
            _ => {}
        }
        let class = frame.class();
        self.append(frame);
        if class == Class::Close {
            self.closing();
        } else if class != Class::Paced && self.is_over_a_bound() {
            self.remove(|waiting| waiting.class == Class::Ephemeral);
            if self.is_over_a_bound() {
                self.too_slow();
            }
        }
    }

    fn append(&mut self, frame: Frame) {
        self.charge(frame.pinned());
        self.frames.push_back(Waiting {
            class: frame.class(),
            pinned: frame.pinned(),
            rest: frame.into_bytes(),
            started: false,
            since: Instant::now(),
        });
    }

    fn charge(&mut self, bytes: usize) {
        self.pinned += bytes;
        PINNED_BY_ALL.fetch_add(bytes, Ordering::Relaxed);
    }

    fn discharge(&mut self, bytes: usize) {
        self.pinned -= bytes;
        PINNED_BY_ALL.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A single frame that nothing waits before is not held against anyone.
    fn is_over_a_bound(&self) -> bool {
        self.frames.len() > 1
            && (self.pinned > SEND_QUEUE_BYTES_MAX
                || PINNED_BY_ALL.load(Ordering::Relaxed) > SEND_QUEUES_BYTES_MAX)
    }

    /// Drops what `unwanted` says of the unstarted frames.
    fn remove(&mut self, unwanted: impl Fn(&Waiting) -> bool) {
        let mut freed = 0;
        self.frames.retain(|waiting| {
            let goes = !waiting.started && unwanted(waiting);
            freed += if goes { waiting.pinned } else { 0 };
            !goes
        });
        self.discharge(freed);
    }

    /// Drops all that was not begun and closes with [`CloseCode::TooSlow`].
    pub(super) fn too_slow(&mut self) {
        if self.phase.is_over() {
            return;
        }
        self.remove(|_| true);
        self.append(Frame::close(CloseCode::TooSlow, "too slow, resume"));
        self.closing();
    }

    fn closing(&mut self) {
        self.phase = Phase::Closing;
        self.closing_since = Some(Instant::now());
    }

    pub(super) fn uncork(&mut self, first: impl IntoIterator<Item = Frame>) {
        if self.phase != Phase::Corked {
            return;
        }
        self.phase = Phase::Open;
        let held = std::mem::take(&mut self.frames);
        for frame in first {
            self.append(frame);
        }
        self.frames.extend(held);
    }

    pub(super) fn end(&mut self) {
        self.phase = Phase::Ended;
        self.frames = VecDeque::new();
        self.discharge(self.pinned);
    }

    /// When the oldest byte will have waited too long, or the close.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.closing_since {
            Some(since) => Some(since + Duration::from_millis(LAST_WORDS_MS_MAX)),
            None => {
                let front = self.frames.front()?;
                let since = self
                    .paced_until
                    .map_or(front.since, |at| at.max(front.since));
                let wait_ms_max = match front.class {
                    Class::Paced => PACED_MS_MAX,
                    _ => WAITED_MS_MAX,
                };
                Some(since + Duration::from_millis(wait_ms_max))
            }
        }
    }

    /// The bytes to be written next, whose frame is begun by that.
    pub(super) fn begin_next(&mut self) -> Option<Bytes> {
        let first = self.frames.front_mut()?;
        first.started = true;
        Some(first.rest.clone())
    }

    /// What may be written now, as slices.
    pub(super) fn with_slices(
        &self,
        write: impl FnOnce(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if let [only] = self.frames.as_slices().0
            && self.frames.len() == 1
        {
            return write(&[IoSlice::new(&only.rest)]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut count = 0;
        for (slice, waiting) in slices.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(&waiting.rest);
            count += 1;
        }
        write(&slices[..count])
    }

    /// `bytes` of what waits are written.
    pub(super) fn advance(&mut self, mut bytes: usize) {
        while let Some(first) = self.frames.front_mut() {
            if bytes < first.rest.len() {
                first.started |= bytes > 0;
                first.rest.advance(bytes);
                return;
            }
            bytes -= first.rest.len();
            let pinned = first.pinned;
            if first.class == Class::Paced {
                self.paced_until = Some(Instant::now());
            }
            self.frames.pop_front();
            self.discharge(pinned);
        }
        if self.phase == Phase::Closing {
            self.phase = Phase::Closed;
        }
        // Who was behind once need not keep the room for it.
        self.frames = VecDeque::new();
    }
}

impl Drop for WaitingFrames {
    fn drop(&mut self) {
        self.discharge(self.pinned);
    }
}
