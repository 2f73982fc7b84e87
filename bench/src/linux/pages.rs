//! Measures how long a page of a long room takes: the newest, a deep one, and a search's first.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;

use super::Options;
use super::chat::{ChatServer, ask, send_frame};
use super::stats::quantile;
use super::swarm::{PATIENCE, Swarm};
use super::table::{Goal, Row};
use super::ws::Seen;

const MESSAGES: u64 = 100_000;
const PAGE: u64 = 50;
/// Unacknowledged messages while the room is filled.
const IN_FLIGHT_MAX: u64 = 48;
/// Pages of each kind for one median.
const REQUESTS_PER_MEDIAN: usize = 200;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let messages = if options.quick {
        MESSAGES / 20
    } else {
        MESSAGES
    };
    let server = ChatServer::start(&options.site, 2)?;
    fill(&server, messages)?;
    let mut streams = server.enter(2)?;
    let reader = streams.last_mut().context("two people entered")?;
    let pages = messages / PAGE / 2;
    let before = messages + 1 - (pages - 1) * PAGE;
    let newest = json!({"type": "history", "room": "lobby", "limit": PAGE});
    let deep = json!({"type": "history", "room": "lobby", "limit": PAGE, "before": before});
    // Every message has these words, so that a search fills a whole page.
    let search = json!({"type": "search", "query": "plain text", "limit": PAGE});
    // The first search brings the index up to the log.
    ask(reader, search.clone())?;

    let (mut newest_ms, mut deep_ms, mut search_ms) = (vec![], vec![], vec![]);
    for repeat in 0..=options.repeats {
        let mut times = [vec![], vec![], vec![]];
        // Alternates the kinds, so that a disturbance affects all of them.
        for _ in 0..REQUESTS_PER_MEDIAN {
            for (command, times) in [&newest, &deep, &search].into_iter().zip(&mut times) {
                times.push(milliseconds(reader, command.clone())?);
            }
        }
        // The first repeat only warms up.
        if repeat > 0 {
            let medians = times.map(|times| quantile(&times, 0.5));
            let [Some(a), Some(b), Some(c)] = medians else {
                continue;
            };
            newest_ms.push(a);
            deep_ms.push(b);
            search_ms.push(c);
        }
    }
    let row = |what: String, ours: &[f64]| {
        Row::pairs(what, "ms", ours, "page 1", &newest_ms).goal(Goal::RatioAtMost(1.5))
    };
    let rows = vec![
        row(
            format!("pages: page {pages} of {messages} messages"),
            &deep_ms,
        ),
        row(
            format!("pages: the first of a search in {messages} messages"),
            &search_ms,
        ),
    ];
    rows.iter().for_each(|row| options.say(row));
    Ok(rows)
}

fn milliseconds(reader: &mut TcpStream, command: serde_json::Value) -> anyhow::Result<f64> {
    let asked = Instant::now();
    ask(reader, command)?;
    Ok(asked.elapsed().as_secs_f64() * 1e3)
}

/// Sends this many messages to the lobby.
fn fill(server: &ChatServer, messages: u64) -> anyhow::Result<()> {
    let mut swarm = Swarm::new(server.enter(1)?)?;
    swarm.settle()?;
    let (mut sent, mut acked) = (0, 0);
    let mut last = Instant::now();
    while acked < messages {
        while sent < messages && sent - acked < IN_FLIGHT_MAX {
            swarm.write(0, &send_frame("lobby", sent))?;
            sent += 1;
        }
        let before = acked;
        swarm.poll(Duration::from_millis(100), |_, seen| {
            acked += u64::from(seen == Seen::Ack);
        })?;
        if acked > before {
            last = Instant::now();
        }
        anyhow::ensure!(last.elapsed() < PATIENCE, "acks did not come");
    }
    Ok(())
}
