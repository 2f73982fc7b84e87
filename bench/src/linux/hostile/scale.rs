//! How large the drill is, and the bounds that it holds the server to.

use std::time::Duration;

use super::super::table::{Goal, Row};
use super::chat::Waits;

/// MiB that the server may take, as docs/operate.md says.
const MEMORY_MIB_MAX: f64 = 512.0;

/// The people's 99th percentile may be this many times what it is usually.
const P99_RATIO_MAX: f64 = 3.0;

/// A minute after the attack, the server's memory may be this many times what it was before.
const REST_RATIO_MAX: f64 = 1.2;

/// In the short turn, which must hold on a machine that does much else: messages get through, …
const SHORT_P99_MS_MAX: f64 = 10_000.0;

/// … and the server holds this many MiB more at most when it is over: the rooms' recent frames, and what
/// the allocator had no time to give back.
const SHORT_KEPT_MIB_MAX: f64 = 64.0;

/// How large the drill is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// How long people chat before, during and after the attack.
    pub(super) before: Duration,
    pub(super) during: Duration,
    pub(super) after: Duration,
    /// Of each kind of hostile connection, one in so many is there.
    pub(super) part: usize,
    /// Connections that only listen.
    pub(super) listeners: usize,
    /// Messages in each room of long ones before the attack.
    pub(super) long_messages: usize,
    is_whole: bool,
}

/// Bytes of the server's memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) rest: u64,
    pub(super) peak: u64,
    pub(super) left: u64,
}

impl Scale {
    pub(super) const WHOLE: Self = Self {
        before: Duration::from_secs(30),
        during: Duration::from_secs(60),
        after: Duration::from_secs(60),
        part: 1,
        listeners: 4_500,
        long_messages: 200,
        is_whole: true,
    };

    /// For each change of the code: half a minute.
    pub(super) const SHORT: Self = Self {
        before: Duration::from_secs(3),
        during: Duration::from_secs(12),
        after: Duration::from_secs(12),
        part: 4,
        listeners: 200,
        // As many as an account may send at once.
        long_messages: 90,
        is_whole: false,
    };

    /// The table: what people waited before, during and after the attack, and the memory.
    pub(super) fn rows(
        self,
        waits: &[Waits; 3],
        memory: Memory,
        note: &str,
    ) -> anyhow::Result<Vec<Row>> {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let [rest, peak, left] = [memory.rest, memory.peak, memory.left].map(mib);
        let kept = if self.is_whole {
            Goal::RatioAtMost(REST_RATIO_MAX)
        } else {
            Goal::OursAtMost(rest + SHORT_KEPT_MIB_MAX)
        };
        Ok(vec![
            self.p99("acks", waits, Waits::p99_of_acks)?,
            self.p99("deliveries", waits, Waits::p99_of_deliveries)?,
            Row::alone("memory under attack, at most", "MiB", &[peak])
                .goal(Goal::OursAtMost(MEMORY_MIB_MAX))
                .note(note),
            Row::pairs("memory afterwards", "MiB", &[left], "before", &[rest]).goal(kept),
        ])
    }

    fn p99(
        self,
        what: &str,
        waits: &[Waits; 3],
        p99: fn(&Waits) -> anyhow::Result<f64>,
    ) -> anyhow::Result<Row> {
        let [usual, attacked, after] = waits;
        let (usual, attacked, after) = (p99(usual)?, p99(attacked)?, p99(after)?);
        let goal = if self.is_whole {
            Goal::RatioAtMost(P99_RATIO_MAX)
        } else {
            Goal::OursAtMost(SHORT_P99_MS_MAX)
        };
        let what = format!("p99 of {what} under attack");
        let row = Row::pairs(what, "ms", &[attacked], "usual", &[usual]);
        Ok(row.goal(goal).note(format!("afterwards {after:.1} ms")))
    }
}
