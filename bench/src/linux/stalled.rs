//! Whether readers that have stopped reading slow the others down.

use std::collections::HashSet;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use super::Options;
use super::chat::{enter, send_frame, write};
use super::fanout::Ours;
use super::load::Load;
use super::stats::quantile;
use super::swarm::PATIENCE;
use super::table::{Goal, Row};
use super::usage::unsent;
use super::ws::{Seen, TEXT, client_frame};

/// One in this many has stopped reading.
const STALLED_ONE_IN: usize = 100;

/// Bytes that the stalled reader's side of the socket holds.
const RECEIVE_BUFFER_BYTES: usize = 4_096;

/// Pages that a stalled reader asks for, until bytes must be waiting in the server.
const PAGES_ASKED_MAX: usize = 200;

/// The server closes a connection that takes nothing for 15 s. A round must be over by then.
const ROUND: Duration = Duration::from_secs(6);

/// The pause between messages, well below the server's capacity.
const PACE: Duration = Duration::from_millis(25);

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let readers = if options.quick { 200 } else { 1_000 };
    let stalled = readers / STALLED_ONE_IN;
    let mut ours = Ours::start(&options.site, readers)?;
    // Pages of history fill the sockets of the stalled readers.
    let history = Load {
        in_flight: 32,
        senders: 1,
        messages: 320,
    };
    ours.round(history)?;
    let round = if options.quick { ROUND / 6 } else { ROUND };
    let (mut with, mut without) = (vec![], vec![]);
    for repeat in 0..=options.repeats {
        let still = stand_still(&ours, stalled)?;
        let p99_with = p99(&mut ours, round)?;
        drop(still);
        ours.swarm.settle()?;
        let p99_without = p99(&mut ours, round)?;
        if repeat > 0 {
            with.push(p99_with);
            without.push(p99_without);
        }
    }
    let what = format!("p99 of delivery to {readers}, {stalled} more have stopped reading");
    let row = Row::pairs(what, "ms", &with, "all read", &without)
        .goal(Goal::RatioAtMost(1.3))
        .note("a message every 25 ms; bytes wait in the send queues of those that don't read");
    options.say(&row);
    Ok(vec![row])
}

/// Opens further connections of people who are connected, and lets them ask for pages until the
/// kernel takes no more: from then on bytes wait in the server's send queues.
fn stand_still(ours: &Ours, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    let server = &ours.server;
    let tokens = &server.tokens[..count];
    let mut streams = enter(server.address, tokens, Some(RECEIVE_BUFFER_BYTES))?;
    let page = json!({"type": "history", "room": "lobby", "limit": 200}).to_string();
    let page = client_frame(TEXT, page.as_bytes());
    for stream in &mut streams {
        let port = HashSet::from([stream.local_addr()?.port()]);
        let stuck = || unsent(server.address.port(), &port);
        let mut pages = 0;
        let mut before = stuck()?;
        // Two pages that change nothing in the kernel are in the send queue.
        let mut unchanged = 0;
        while unchanged < 2 {
            pages += 1;
            if pages > PAGES_ASKED_MAX {
                bail!("a reader that stands still can't be filled");
            }
            write(stream, &page)?;
            std::thread::sleep(Duration::from_millis(20));
            let now = stuck()?;
            unchanged = if now == before && now > 0 {
                unchanged + 1
            } else {
                0
            };
            before = now;
        }
    }
    Ok(streams)
}

/// Milliseconds from sending a message to its arrival, at the 99th percentile.
fn p99(ours: &mut Ours, round: Duration) -> anyhow::Result<f64> {
    let readers = ours.swarm.len();
    let (mut sent, mut got) = (Vec::new(), vec![0_usize; readers]);
    let mut waits = Vec::new();
    let end = Instant::now() + round;
    while Instant::now() < end || waits.len() < sent.len() * readers {
        let now = Instant::now();
        let due = sent.last().is_none_or(|last: &Instant| now - *last >= PACE);
        if due && now < end {
            let frame = send_frame("lobby", ours.next_nonce());
            sent.push(Instant::now());
            ours.swarm.write(0, &frame)?;
        }
        let last = *sent.last().context("something was sent")?;
        if last.elapsed() > PATIENCE {
            bail!("a message did not arrive");
        }
        ours.swarm.poll(Duration::from_millis(1), |reader, seen| {
            if seen == Seen::Chat {
                let at = sent
                    .get(got[reader])
                    .map_or(Duration::ZERO, Instant::elapsed);
                got[reader] += 1;
                waits.push(at.as_secs_f64() * 1e3);
            }
        })?;
    }
    quantile(&waits, 0.99).context("nothing was delivered")
}
