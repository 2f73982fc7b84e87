//! Acknowledged durable messages, against a bare loop that commits the same rows.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use super::Options;
use super::chat::{ChatServer, ask, send_frame};
use super::commits::Commits;
use super::stats::quantile;
use super::swarm::{PATIENCE, Swarm};
use super::table::{Goal, Row};
use super::ws::Seen;

const SENDERS: usize = 64;
const ROOMS: usize = 8;

/// How long one side is measured before the other has its turn.
const ROUND: Duration = Duration::from_secs(3);

/// Senders that each wait for their ack, in rooms of their own.
struct Senders {
    server: ChatServer,
    swarm: Swarm,
    nonce: u64,
}

impl Senders {
    fn start(options: &Options) -> anyhow::Result<Self> {
        let server = ChatServer::start(&options.site, SENDERS)?;
        let mut streams = server.enter(SENDERS)?;
        for (n, stream) in streams.iter_mut().enumerate() {
            let kind = if n < ROOMS { "create" } else { "join" };
            ask(stream, json!({"type": kind, "room": room(n)}))?;
        }
        let mut swarm = Swarm::new(streams)?;
        swarm.settle()?;
        Ok(Self {
            server,
            swarm,
            nonce: 0,
        })
    }

    /// Runs a round with this many senders; returns how many milliseconds each ack took.
    fn round(&mut self, senders: usize, round: Duration) -> anyhow::Result<Acks> {
        let started = Instant::now();
        let mut sent = vec![started; senders];
        let mut acks = Vec::new();
        let mut due: Vec<usize> = (0..senders).collect();
        let mut waiting = 0;
        while started.elapsed() < round || waiting > 0 {
            if started.elapsed() < round {
                for sender in due.drain(..) {
                    self.nonce += 1;
                    sent[sender] = Instant::now();
                    self.swarm
                        .write(sender, &send_frame(&room(sender), self.nonce))?;
                    waiting += 1;
                }
            }
            self.swarm
                .poll(Duration::from_millis(100), |member, seen| {
                    if seen == Seen::Ack {
                        acks.push(sent[member].elapsed().as_secs_f64() * 1e3);
                        waiting -= 1;
                        due.push(member);
                    }
                })?;
            if started.elapsed() > round + PATIENCE {
                bail!("{waiting} acks did not come");
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        Ok(Acks { acks, seconds })
    }
}

struct Acks {
    /// Returns how many milliseconds each took.
    acks: Vec<f64>,
    seconds: f64,
}

fn room(sender: usize) -> String {
    format!("room-{}", sender % ROOMS)
}

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let round = if options.quick { ROUND / 6 } else { ROUND };
    let mut senders = Senders::start(options)?;
    let mut commits = Commits::start(&options.site)?;
    let (mut rates, mut bare_rates) = (vec![], vec![]);
    let (mut p99s, mut bare_p99s) = (vec![], vec![]);
    let mut cpu = 0.0;
    for repeat in 0..=options.repeats {
        let before = senders.server.process.cpu()?;
        let many = senders.round(SENDERS, round)?;
        let spent = senders.server.process.cpu()? - before;
        let bare_many = commits.round(SENDERS, round)?;
        let one = senders.round(1, round)?;
        let bare_one = commits.round(1, round)?;
        if repeat > 0 {
            rates.push(many.acks.len() as f64 / many.seconds);
            bare_rates.push(bare_many.rows_a_second);
            p99s.push(quantile(&one.acks, 0.99).context("no ack came")?);
            bare_p99s.push(bare_one.commit_p99_ms);
            cpu = spent.as_secs_f64() * 1e6 / many.acks.len() as f64;
        }
    }
    let what = format!("durable: {SENDERS} senders in {ROOMS} rooms, each awaiting its ack");
    let rate = Row::pairs(what, "acks/s", &rates, "64 rows a commit", &bare_rates)
        .goal(Goal::RatioAtLeast(0.7))
        .note(format!(
            "{cpu:.0} µs of the server's CPU an ack, 8 deliveries each"
        ));
    let p99 = Row::pairs(
        "durable: one sender, p99 of its ack",
        "ms",
        &p99s,
        "one row a commit",
        &bare_p99s,
    )
    .goal(Goal::RatioAtMost(2.0));
    options.say(&rate);
    options.say(&p99);
    Ok(vec![rate, p99])
}
