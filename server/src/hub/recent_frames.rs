//! The newest frames of a room, encoded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use chat_shared::Seq;

/// Events that a room holds in memory at most.
const RECENT_EVENTS_MAX: usize = 256;

/// Bytes of them at most.
const RECENT_BYTES_MAX: usize = 256 << 10;

/// Bytes of all rooms' frames at most. Above it, a room that adds one drops its own older ones.
pub const ALL_RECENT_BYTES_MAX: usize = 16 << 20;

/// Bytes that all rooms hold.
static ALL: AtomicUsize = AtomicUsize::new(0);

/// A room's last events as frames, so that a client that reconnects soon needs no store.
#[derive(Debug, Default)]
pub(super) struct RecentFrames {
    frames: VecDeque<(Seq, Bytes)>,
    bytes: usize,
}

impl RecentFrames {
    pub(super) fn push(&mut self, seq: Seq, frame: Bytes) {
        self.bytes += frame.len();
        ALL.fetch_add(frame.len(), Ordering::Relaxed);
        self.frames.push_back((seq, frame));
        while self.is_over_a_bound() {
            let Some((_, oldest)) = self.frames.pop_front() else {
                return;
            };
            self.bytes -= oldest.len();
            ALL.fetch_sub(oldest.len(), Ordering::Relaxed);
        }
    }

    fn is_over_a_bound(&self) -> bool {
        self.frames.len() > RECENT_EVENTS_MAX
            || self.bytes > RECENT_BYTES_MAX
            || ALL.load(Ordering::Relaxed) > ALL_RECENT_BYTES_MAX
    }

    /// The frames of all events above `after` up to `tip`, unless some are no longer held or they
    /// are more than `bytes_max` together.
    pub(super) fn above(
        &self,
        after: Seq,
        tip: Seq,
        bytes_max: usize,
    ) -> Option<impl Iterator<Item = &Bytes>> {
        let oldest = self.frames.front().map_or(tip + 1, |(seq, _)| *seq);
        let is_held = after >= tip || after + 1 >= oldest;
        let first = self.frames.partition_point(|(seq, _)| *seq <= after);
        let frames = || self.frames.range(first..).map(|(_, frame)| frame);
        let fits = frames().map(Bytes::len).sum::<usize>() <= bytes_max;
        (is_held && fits).then(frames)
    }
}

impl Drop for RecentFrames {
    fn drop(&mut self) {
        ALL.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rooms_together_hold_no_more_than_they_may() {
        let frame = Bytes::from(vec![0; 64 << 10]);
        let mut rooms: Vec<RecentFrames> = (0..100).map(|_| RecentFrames::default()).collect();
        for seq in 1..=4 {
            for room in &mut rooms {
                room.push(seq, frame.clone());
            }
        }
        let held: usize = rooms.iter().map(|room| room.bytes).sum();
        assert!(held > ALL_RECENT_BYTES_MAX / 2, "{held}");
        assert!(held <= ALL_RECENT_BYTES_MAX, "{held}");
        let last = rooms.last().unwrap();
        assert!(last.above(4, 4, 1_000).is_some());
        assert!(
            last.above(0, 4, 1 << 20).is_none(),
            "these are in the store"
        );
    }

    #[test]
    fn dropped_frames_are_not_skipped() {
        let mut recent = RecentFrames::default();
        let count = |recent: &RecentFrames, after, tip| {
            recent.above(after, tip, 1_000).map(Iterator::count)
        };
        assert_eq!(count(&recent, 5, 5), Some(0));
        assert_eq!(count(&recent, 4, 5), None);
        for seq in 1..=300 {
            recent.push(seq, Bytes::from_static(b"x"));
        }
        assert_eq!(count(&recent, 44, 300), Some(256));
        assert_eq!(count(&recent, 43, 300), None);
        assert_eq!(count(&recent, 299, 300), Some(1));
        assert_eq!(count(&recent, 300, 300), Some(0));
    }

    #[test]
    fn frames_over_the_byte_limit_are_left_to_the_store() {
        let mut recent = RecentFrames::default();
        for seq in 1..=10 {
            recent.push(seq, Bytes::from(vec![0; 100]));
        }
        let count = |after| recent.above(after, 10, 500).map(Iterator::count);
        assert_eq!(count(5), Some(5));
        assert_eq!(count(4), None);
    }
}
