//! The cost of a delivery: one message to N people in one room, compared with the machine's limit.
//! The two take turns.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use super::Options;
use super::chat::{ChatServer, Site, send_frame};
use super::limit::{Limit, Plan};
use super::load::{Load, drive};
use super::nats::Nats;
use super::stats::batches;
use super::swarm::Swarm;
use super::table::{Goal, Row};
use super::usage::segments_sent;
use super::ws::{Seen, chat_frames};

/// Work that follows the last delivery is part of its cost.
const AFTERMATH: Duration = Duration::from_millis(20);

/// The server with people in its lobby.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) server: ChatServer,
    pub(crate) swarm: Swarm,
    nonce: u64,
}

/// The result of a round.
#[derive(Debug)]
pub(crate) struct Round {
    /// CPU nanoseconds for each delivery.
    pub(crate) cost: f64,
    /// Average number of messages in one write to one member.
    pub(crate) batch: f64,
    /// All bytes that one member got.
    stream: Vec<u8>,
}

impl Ours {
    pub(crate) fn start(site: &Site, subscribers: usize) -> anyhow::Result<Self> {
        Self::start_as(Command::new(&site.binary), site, subscribers)
    }

    /// See [`ChatServer::start_as`].
    pub(crate) fn start_as(
        command: Command,
        site: &Site,
        subscribers: usize,
    ) -> anyhow::Result<Self> {
        let server = ChatServer::start_as(command, site, subscribers)?;
        let swarm = server.swarm(subscribers)?;
        Ok(Self {
            server,
            swarm,
            nonce: 0,
        })
    }

    /// A nonce that was not used before.
    pub(crate) fn next_nonce(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce
    }

    /// Sends messages and waits until everyone has them.
    pub(crate) fn deliver(&mut self, load: Load) -> anyhow::Result<()> {
        let Self { swarm, nonce, .. } = self;
        let send = |swarm: &mut Swarm, sender: usize| {
            *nonce += 1;
            swarm.write(sender, &send_frame("lobby", *nonce))
        };
        drive(swarm, load, send, |seen| usize::from(seen == Seen::Chat))
    }

    pub(crate) fn round(&mut self, load: Load) -> anyhow::Result<Round> {
        // Senders are skipped, because acks on their sockets would be counted as batches.
        let skip = load.senders.min(self.swarm.len() - 1);
        let listeners = self.swarm.ports(skip)?;
        let port = self.server.address.port();
        let segments = segments_sent(port, &listeners)?;
        self.swarm.captured();
        let before = self.server.process.cpu()?;
        self.deliver(load)?;
        std::thread::sleep(AFTERMATH);
        let spent = self.server.process.cpu()? - before;
        let segments = segments_sent(port, &listeners)? - segments;
        let deliveries = load.messages * self.swarm.len();
        Ok(Round {
            cost: spent.as_nanos() as f64 / deliveries as f64,
            batch: (load.messages * listeners.len()) as f64 / segments.max(1) as f64,
            stream: self.swarm.captured(),
        })
    }
}

impl Round {
    /// The plan for writing the same bytes in writes of the same mean size.
    fn plan(&self) -> anyhow::Result<Plan> {
        let frames = chat_frames(&self.stream);
        if frames.is_empty() {
            bail!("nothing was captured");
        }
        let sizes = batches(frames.len(), self.batch);
        Ok(Plan::new(&frames, sizes))
    }
}

/// The goals: subscribers, messages in flight, senders, ratio.
const GOALS: [(usize, usize, usize, Option<f64>); 7] = [
    (1_000, 1, 1, Some(1.15)),
    (1_000, 32, 1, Some(1.15)),
    (1_000, 32, 32, None),
    (100, 1, 1, Some(1.20)),
    (100, 32, 1, Some(1.20)),
    (10_000, 1, 1, Some(1.20)),
    (10_000, 32, 1, Some(1.20)),
];

/// Measures the server and the limit in turns, for each of these numbers of subscribers.
pub(crate) fn run(options: &Options, subscribers: &[usize]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &count in subscribers {
        let mut ours = Ours::start(&options.site, count)?;
        let mut limit = Limit::start(count)?;
        let loads = GOALS.iter().filter(|(n, ..)| *n == count);
        for &(_, in_flight, senders, goal) in loads {
            let load = Load::sized(count, in_flight, senders, options.quick);
            let mut row = against_limit(options, &mut ours, &mut limit, load)?;
            row.goal = goal.map(Goal::RatioAtMost);
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
    // The first round of each is a warm-up.
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
    let what = load.label(ours.swarm.len());
    let note = format!("{bytes:.0} B a frame, {mean_batch:.1} messages a write");
    Ok(Row::pairs(what, "CPU µs a delivery", &our_costs, "the limit", &limits).note(note))
}

/// Measures the limit alone, with bytes that the server wrote once: one message in a write, and
/// batches.
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

/// Measures the server and nats-server's WebSocket in turns.
pub(crate) fn peers(options: &Options) -> anyhow::Result<Vec<Row>> {
    let subscribers = if options.quick { 100 } else { 1_000 };
    let mut ours = Ours::start(&options.site, subscribers)?;
    let mut nats = Nats::start(&options.site, subscribers)
        .context("nats-server is Debian's package of that name")?;
    let mut rows = Vec::new();
    for (in_flight, goal) in [(1, 0.6), (32, 0.8)] {
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
        let what = load.label(subscribers);
        let row = Row::pairs(
            what,
            "CPU µs a delivery",
            &our_costs,
            "nats-server",
            &theirs,
        )
        .goal(Goal::RatioAtMost(goal))
        .note("NATS stores nothing, and its bytes differ");
        options.say(&row);
        rows.push(row);
    }
    Ok(rows)
}
