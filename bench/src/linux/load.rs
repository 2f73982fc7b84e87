//! The load of a fan-out: how many messages, in flight and from how many senders, and the loop that
//! sends and counts them.

use std::time::Instant;

use anyhow::bail;

use super::swarm::{PATIENCE, Swarm};
use super::ws::Seen;

/// The messages of one round. Deliveries are counted in total: one message fewer is in flight for
/// as many deliveries as there are subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) in_flight: usize,
    /// The number of members that send: the swarm's first ones, in turn.
    pub(crate) senders: usize,
    pub(crate) messages: usize,
}

impl Load {
    /// Returns a load that took about a second on 2 cores when the numbers below were chosen.
    pub(crate) fn sized(subscribers: usize, in_flight: usize, senders: usize, quick: bool) -> Self {
        let deliveries = match (in_flight, quick) {
            (_, true) => 10_000,
            (1, _) => 150_000,
            _ => 600_000,
        };
        let messages = (deliveries / subscribers).clamp(in_flight * 2, 5_000);
        Self {
            in_flight,
            senders,
            messages,
        }
    }

    /// The load in words, as a row names it.
    pub(crate) fn label(self, subscribers: usize) -> String {
        let senders = match self.senders {
            1 => String::new(),
            n => format!(" from {n} senders"),
        };
        format!(
            "{subscribers} in one room, {} in flight{senders}",
            self.in_flight
        )
    }
}

/// Sends and reads until everyone has all messages. `deliveries` returns how many messages a frame brings.
pub(crate) fn drive(
    swarm: &mut Swarm,
    load: Load,
    mut send: impl FnMut(&mut Swarm, usize) -> anyhow::Result<()>,
    mut deliveries: impl FnMut(Seen) -> usize,
) -> anyhow::Result<()> {
    let subscribers = swarm.len();
    let (mut sent, mut delivered) = (0, 0);
    while delivered < load.messages * subscribers {
        while sent < load.messages && sent - delivered / subscribers < load.in_flight {
            send(swarm, sent % load.senders)?;
            sent += 1;
        }
        let started = Instant::now();
        let any = swarm.poll(PATIENCE, |_, seen| delivered += deliveries(seen))?;
        if !any && started.elapsed() >= PATIENCE {
            bail!(
                "timed out after {delivered} deliveries of {sent} messages to {subscribers} subscribers"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_have_at_least_twice_as_many_messages_as_are_in_flight() {
        for (n, in_flight) in [(100, 1), (100, 32), (10_000, 1), (10_000, 32)] {
            for quick in [true, false] {
                let load = Load::sized(n, in_flight, 1, quick);
                assert!(load.messages >= 2 * in_flight, "{load:?}");
            }
        }
    }
}
