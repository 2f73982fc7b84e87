//! The frames that wait for one socket: their order, and the bounds on their bytes.
//!
//! [`WaitingFrames`] does no IO. It says what may be written next and which frames give way when a
//! bound is exceeded; [`super::SendQueue`] writes.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use chat_shared::protocol::CloseCode;
use tokio::time::Instant;

use super::share::{Accounts, QueueShare};
use super::{Class, Frame};
use crate::network::ClientNetwork;

/// Bytes that may wait for one connection.
pub const SEND_QUEUE_BYTES_MAX: usize = 1 << 20;

/// Bytes that may wait when a paced frame is added. The queue then holds at most this and one
/// frame of what the server paces.
pub const PACED_BYTES_MAX: usize = 64 << 10;

/// Milliseconds that the oldest frame may wait once no paced frame is before it.
const WAITED_MS_MAX: u64 = 15_000;

/// Milliseconds that a paced frame at the front may take: a frame of 64 KiB needs 1.1 KB/s.
const PACED_MS_MAX: u64 = 60_000;

/// Milliseconds that a close and the frames before it may take to be written.
pub(super) const LAST_WORDS_MS_MAX: u64 = 10_000;

/// Slices that one call to the socket takes.
const SLICES_MAX: usize = 32;

/// Where a send queue is in its life.
///
/// ```text
///            uncork           close, or too slow           the close is written
///  Corked ───────────► Open ─────────────────────► Closing ─────────────────────► Closed
///    │                                                ▲
///    └──────────────── close ─────────────────────────┘
///
///  every phase ── the socket failed, or the connection is gone ──► Ended
/// ```
///
/// While `Corked`, only lead frames (the welcome) are written; all others are held back behind
/// them. While `Open`, a frame is written at once where nothing waits, and queued otherwise. From
/// `Closing` on, nothing more is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The welcome is not complete: frames are held back.
    Corked,
    /// Frames are written in the order in which they were pushed.
    Open,
    /// A close is queued; nothing may follow it.
    Closing,
    /// The close is written.
    Closed,
    /// The socket is gone.
    Ended,
}

impl Phase {
    /// Whether nothing more is accepted.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Closing | Self::Closed | Self::Ended)
    }
}

/// Frames in order, the first of them perhaps partly written.
#[derive(Debug)]
pub(super) struct WaitingFrames {
    frames: VecDeque<Waiting>,
    /// Frames that were pushed while the queue was corked; they follow the lead frames.
    held: VecDeque<Waiting>,
    /// Bytes that all of them keep in memory.
    pinned: usize,
    /// The part of `pinned` that is in `held`.
    held_pinned: usize,
    /// The accounts of the user's and the network's bytes in all send queues.
    accounts: Accounts,
    pub(super) phase: Phase,
    /// When the close was queued.
    closing_since: Option<Instant>,
    /// When the last paced frame was written. Frames behind it could not leave earlier.
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

impl Waiting {
    fn new(frame: Frame) -> Self {
        Self {
            class: frame.class(),
            pinned: frame.pinned(),
            rest: frame.into_bytes(),
            started: false,
            since: Instant::now(),
        }
    }
}

impl Default for WaitingFrames {
    fn default() -> Self {
        Self {
            frames: VecDeque::new(),
            held: VecDeque::new(),
            pinned: 0,
            held_pinned: 0,
            accounts: Accounts::default(),
            phase: Phase::Corked,
            closing_since: None,
            paced_until: None,
        }
    }
}

impl WaitingFrames {
    /// Whether no frame may be written now.
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes of the frames that the socket is being offered; frames held back are not among them.
    pub(super) fn offered(&self) -> usize {
        self.pinned - self.held_pinned
    }

    /// Counts this queue's bytes for a user from here on.
    pub(super) fn set_share(&mut self, share: Arc<QueueShare>) {
        self.accounts.set_user(share);
    }

    /// Counts this queue's bytes for a network from here on.
    pub(super) fn set_network(&mut self, network: ClientNetwork) {
        self.accounts.set_network(network);
    }

    /// Adds a frame. Over a bound, ephemeral frames are dropped first; if that is not enough, the
    /// connection is closed as too slow.
    pub(super) fn put(&mut self, frame: Frame) {
        match frame.class() {
            // Before the welcome, the close is the only frame that is sent.
            Class::Close if self.phase == Phase::Corked => self.remove(|_| true),
            // An answer to the newest ping answers the older ones (RFC 6455 section 5.5.3).
            Class::Pong => self.remove(|waiting| waiting.class == Class::Pong),
            Class::Durable | Class::Paced | Class::Ephemeral | Class::Ping | Class::Close => {}
        }
        let class = frame.class();
        if self.phase == Phase::Corked && class != Class::Close {
            self.charge(frame.pinned());
            self.held_pinned += frame.pinned();
            self.held.push_back(Waiting::new(frame));
        } else {
            self.append(frame);
        }
        if class == Class::Close {
            self.start_closing();
        } else if class != Class::Paced && self.is_over_a_bound() {
            self.remove(|waiting| waiting.class == Class::Ephemeral);
            if self.is_over_a_bound() {
                self.close_too_slow();
            }
        }
    }

    /// Adds a frame behind those that may be written now, without asking the bounds.
    pub(super) fn append(&mut self, frame: Frame) {
        self.charge(frame.pinned());
        self.frames.push_back(Waiting::new(frame));
    }

    fn charge(&mut self, bytes: usize) {
        self.pinned += bytes;
        self.accounts.charge(bytes);
    }

    fn discharge(&mut self, bytes: usize) {
        self.pinned -= bytes;
        self.accounts.discharge(bytes);
    }

    /// A single frame with nothing before it counts against no bound.
    fn is_over_a_bound(&self) -> bool {
        self.frames.len() + self.held.len() > 1
            && (self.pinned > SEND_QUEUE_BYTES_MAX || self.accounts.is_over_a_bound())
    }

    /// Drops the frames that `unwanted` names, unless their first bytes are written already.
    fn remove(&mut self, unwanted: impl Fn(&Waiting) -> bool) {
        let drop_from = |frames: &mut VecDeque<Waiting>| {
            let mut freed = 0;
            frames.retain(|waiting| {
                let goes = !waiting.started && unwanted(waiting);
                freed += if goes { waiting.pinned } else { 0 };
                !goes
            });
            freed
        };
        let freed_held = drop_from(&mut self.held);
        self.held_pinned -= freed_held;
        let freed = drop_from(&mut self.frames) + freed_held;
        self.discharge(freed);
    }

    /// Drops all frames that are not partly written and closes with [`CloseCode::TooSlow`].
    pub(super) fn close_too_slow(&mut self) {
        if self.phase.is_over() {
            return;
        }
        super::count_close(CloseCode::TooSlow);
        self.remove(|_| true);
        self.append(Frame::close(CloseCode::TooSlow, "too slow, resume"));
        self.start_closing();
    }

    fn start_closing(&mut self) {
        self.phase = Phase::Closing;
        self.closing_since = Some(Instant::now());
    }

    /// Adds `lead` and then the frames held back so far, and accepts frames from here on.
    pub(super) fn uncork(&mut self, lead: impl IntoIterator<Item = Frame>) {
        if self.phase != Phase::Corked {
            return;
        }
        self.phase = Phase::Open;
        for frame in lead {
            self.append(frame);
        }
        self.frames.append(&mut self.held);
        self.held_pinned = 0;
    }

    /// Drops everything: the socket is gone.
    pub(super) fn end(&mut self) {
        self.phase = Phase::Ended;
        self.frames = VecDeque::new();
        self.held = VecDeque::new();
        self.held_pinned = 0;
        self.discharge(self.pinned);
    }

    /// When the oldest byte, or the close, will have waited too long.
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
                    Class::Durable
                    | Class::Ephemeral
                    | Class::Ping
                    | Class::Pong
                    | Class::Close => WAITED_MS_MAX,
                };
                Some(since + Duration::from_millis(wait_ms_max))
            }
        }
    }

    /// The bytes to write next. Their frame counts as partly written from here on.
    pub(super) fn begin_next(&mut self) -> Option<Bytes> {
        let first = self.frames.front_mut()?;
        first.started = true;
        Some(first.rest.clone())
    }

    /// Calls `write` with the bytes that may be written now.
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

    /// Takes `bytes` off the front: they are written.
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
        // A connection that was behind once gives the queue's memory back.
        self.frames = VecDeque::new();
    }
}

impl Drop for WaitingFrames {
    fn drop(&mut self) {
        self.discharge(self.pinned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl WaitingFrames {
        /// Bytes that all waiting frames keep in memory.
        pub(in crate::send_queue) fn pinned(&self) -> usize {
            self.pinned
        }
    }
}
