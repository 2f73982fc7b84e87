//! What a delivery costs: one message to N people in one room, ours and the machine's limit in
//! turns.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::Options;
use super::chat::{ChatServer, Site, send_frame};
use super::limit::{Limit, Plan};
use super::nats::Nats;
use super::stats::batches;
use super::swarm::{PATIENCE, Swarm};
use super::table::{Mark, Row};
use super::usage::segments_sent;
use super::ws::{Seen, chat_frames};

/// What is still at work behind the last delivery belongs to it.
const AFTERMATH: Duration = Duration::from_millis(20);

/// A message is in flight until everyone has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) in_flight: usize,
    /// The first so many members send in turn.
    pub(crate) senders: usize,
    pub(crate) messages: usize,
}

impl Load {
    /// As many messages as make a round of about a second.
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
}

/// Sends and reads until everyone has all. `deliveries` says how many messages a frame brings.
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
            bail!("{delivered} deliveries came of {sent} messages to {subscribers}");
        }
    }
    Ok(())
}

/// Our server with people in its lobby.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) server: ChatServer,
    pub(crate) swarm: Swarm,
    nonce: u64,
}

/// What a round came to.
#[derive(Debug)]
pub(crate) struct Round {
    /// CPU nanoseconds a delivery.
    pub(crate) cost: f64,
    /// Messages that one write carried to one member, on average.
    pub(crate) batch: f64,
    /// All that one member got.
    stream: Vec<u8>,
}

impl Ours {
    pub(crate) fn start(site: &Site, subscribers: usize) -> anyhow::Result<Self> {
        let server = ChatServer::start(site, subscribers)?;
        let swarm = server.swarm(subscribers)?;
        Ok(Self {
            server,
            swarm,
            nonce: 0,
        })
    }

    /// A nonce that was never used.
    pub(crate) fn next_nonce(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce
    }

    pub(crate) fn round(&mut self, load: Load) -> anyhow::Result<Round> {
        let Self {
            server,
            swarm,
            nonce,
        } = self;
        // A sender's socket carries acks too, which would be counted as batches.
        let skip = load.senders.min(swarm.len() - 1);
        let listeners = swarm.ports(skip)?;
        let port = server.address.port();
        let segments = segments_sent(port, &listeners)?;
        swarm.captured();
        let before = server.process.cpu()?;
        let send = |swarm: &mut Swarm, sender: usize| {
            *nonce += 1;
            swarm.write(sender, &send_frame("lobby", *nonce))
        };
        drive(swarm, load, send, |seen| usize::from(seen == Seen::Chat))?;
        std::thread::sleep(AFTERMATH);
        let spent = server.process.cpu()? - before;
        let segments = segments_sent(port, &listeners)? - segments;
        let deliveries = load.messages * swarm.len();
        Ok(Round {
            cost: spent.as_nanos() as f64 / deliveries as f64,
            batch: (load.messages * listeners.len()) as f64 / segments.max(1) as f64,
            stream: swarm.captured(),
        })
    }
}

impl Round {
    /// The same bytes in writes of the same mean size.
    fn plan(&self) -> anyhow::Result<Plan> {
        let frames = chat_frames(&self.stream);
        if frames.is_empty() {
            bail!("nothing was captured");
        }
        let sizes = batches(frames.len(), self.batch);
        Ok(Plan::new(&frames, sizes))
    }
}

/// The marks: N, in flight, senders, ratio.
const MARKS: [(usize, usize, usize, Option<f64>); 7] = [
    (1_000, 1, 1, Some(1.15)),
    (1_000, 32, 1, Some(1.15)),
    (1_000, 32, 32, None),
    (100, 1, 1, Some(1.20)),
    (100, 32, 1, Some(1.20)),
    (10_000, 1, 1, Some(1.20)),
    (10_000, 32, 1, Some(1.20)),
];

/// Ours and the limit in turns, for each number of subscribers asked for.
pub(crate) fn run(options: &Options, subscribers: &[usize]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &count in subscribers {
        let mut ours = Ours::start(&options.site, count)?;
        let mut limit = Limit::start(count)?;
        let loads = MARKS.iter().filter(|(n, ..)| *n == count);
        for &(_, in_flight, senders, mark) in loads {
            let load = Load::sized(count, in_flight, senders, options.quick);
            let mut row = against_limit(options, &mut ours, &mut limit, load)?;
            row.mark = mark.map(Mark::RatioAtMost);
            options.say(&row);
            rows.push(row);
        }
    }
    Ok(rows)
}

fn against_limit(
    options: &Options,
    ours: &mut Ours,
    limit: &mut Limit,
    load: Load,
) -> anyhow::Result<Row> {
    let (mut our_costs, mut limits, mut sizes, mut bytes) = (vec![], vec![], vec![], 0.0);
    // The first round of each is to warm up.
    for repeat in 0..=options.repeats {
        let round = ours.round(load)?;
        let plan = round.plan()?;
        let least = limit.run(&plan)?;
        if repeat > 0 {
            our_costs.push(round.cost / 1e3);
            limits.push(least / 1e3);
            sizes.push(round.batch);
            bytes = plan.frame_bytes();
        }
    }
    let mean_batch = sizes.iter().sum::<f64>() / sizes.len().max(1) as f64;
    let what = what(ours.swarm.len(), load);
    let note = format!("{bytes:.0} B a frame, {mean_batch:.1} messages a write");
    Ok(Row::pairs(what, "CPU µs a delivery", &our_costs, "the limit", &limits).note(note))
}

fn what(subscribers: usize, load: Load) -> String {
    let senders = match load.senders {
        1 => String::new(),
        n => format!(" from {n} senders"),
    };
    format!(
        "{subscribers} in one room, {} in flight{senders}",
        load.in_flight
    )
}

/// The limit alone, with bytes that our server wrote once: a write a message, and in batches.
pub(crate) fn limit(options: &Options, subscribers: &[usize]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &count in subscribers {
        let mut ours = Ours::start(&options.site, count)?;
        let mut limit = Limit::start(count)?;
        for in_flight in [1, 32] {
            let load = Load::sized(count, in_flight, 1, options.quick);
            let round = ours.round(load)?;
            let plan = round.plan()?;
            limit.run(&plan)?;
            let costs: Result<Vec<_>, _> = (0..options.repeats).map(|_| limit.run(&plan)).collect();
            let costs: Vec<_> = costs?.iter().map(|cost| cost / 1e3).collect();
            let what = format!(
                "the limit, {count} sockets, {:.1} messages a write",
                round.batch
            );
            let row = Row::alone(what, "CPU µs a delivery", &costs)
                .note(format!("{:.0} B a frame", plan.frame_bytes()));
            options.say(&row);
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Ours and nats-server's WebSocket in turns.
pub(crate) fn peers(options: &Options) -> anyhow::Result<Vec<Row>> {
    let subscribers = if options.quick { 100 } else { 1_000 };
    let mut ours = Ours::start(&options.site, subscribers)?;
    let mut nats = Nats::start(&options.site, subscribers)
        .context("nats-server is Debian's package of that name")?;
    let mut rows = Vec::new();
    for (in_flight, mark) in [(1, 0.6), (32, 0.8)] {
        let load = Load::sized(subscribers, in_flight, 1, options.quick);
        let (mut our_costs, mut theirs) = (vec![], vec![]);
        for repeat in 0..=options.repeats {
            let round = ours.round(load)?;
            let cost = nats.round(load)?;
            if repeat > 0 {
                our_costs.push(round.cost / 1e3);
                theirs.push(cost / 1e3);
            }
        }
        let what = what(subscribers, load);
        let row = Row::pairs(
            what,
            "CPU µs a delivery",
            &our_costs,
            "nats-server",
            &theirs,
        )
        .mark(Mark::RatioAtMost(mark))
        .note("NATS stores nothing, and its bytes differ");
        options.say(&row);
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_never_shorter_than_what_is_in_flight() {
        for (n, in_flight) in [(100, 1), (100, 32), (10_000, 1), (10_000, 32)] {
            for quick in [true, false] {
                let load = Load::sized(n, in_flight, 1, quick);
                assert!(load.messages >= 2 * in_flight, "{load:?}");
            }
        }
    }
}
