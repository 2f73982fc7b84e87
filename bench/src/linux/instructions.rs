//! The server's instructions for a delivery, counted by callgrind.
//!
//! Callgrind counts user space alone, so the figure is the server's own part without the kernel's.
//! It hardly depends on the machine's load, which makes it a guard against growth in small steps.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use super::Options;
use super::fanout::Ours;
use super::load::Load;
use super::table::Row;

const SUBSCRIBERS: usize = 12;

/// Messages of the two runs. Their difference has neither the start nor the end of the server in it.
const FEW_MESSAGES: usize = 100;
const MANY_MESSAGES: usize = 1_100;

/// The line of callgrind's file that gives the sum over all functions.
const TOTALS: &str = "totals: ";

/// Measures instructions for each delivery, with one message in flight.
pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let mut counts = Vec::new();
    for _ in 0..options.repeats {
        let few = count(options, FEW_MESSAGES)?;
        let many = count(options, MANY_MESSAGES)?;
        let deliveries = (MANY_MESSAGES - FEW_MESSAGES) * SUBSCRIBERS;
        counts.push((many - few) / deliveries as f64);
    }
    let what = format!("{SUBSCRIBERS} in one room, 1 in flight");
    let row = Row::alone(what, "instructions a delivery", &counts)
        .note("user space alone, by callgrind; the message's own share is in it");
    options.say(&row);
    Ok(vec![row])
}

/// Instructions of a server that starts, delivers this many messages and ends.
fn count(options: &Options, messages: usize) -> anyhow::Result<f64> {
    let directory = options.site.temporary_directory()?;
    let file = directory.path().join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(&options.site.binary);
    let mut ours = Ours::start_as(valgrind, &options.site, SUBSCRIBERS)
        .context("callgrind counts instructions; it is in Debian's package valgrind")?;
    let load = Load {
        in_flight: 1,
        senders: 1,
        messages,
    };
    ours.deliver(load)?;
    ours.server.process.terminate()?;
    total(&file)
}

fn total(file: &Path) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("callgrind wrote no {}", file.display()))?;
    let Some(total) = text.lines().find_map(|line| line.strip_prefix(TOTALS)) else {
        bail!("{} has no line `{TOTALS}`", file.display());
    };
    Ok(total.trim().parse()?)
}
