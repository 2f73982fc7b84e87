//! The command line, and what it runs.

mod chat;
mod child;
mod commits;
mod durable;
mod fanout;
mod idle;
mod limit;
mod machine;
mod nats;
mod opening;
mod pages;
mod profile;
mod report;
mod seed;
mod stalled;
mod stats;
mod swarm;
mod table;
mod tui;
mod usage;
mod ws;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use self::chat::Site;
use self::machine::{LOAD_CPU, Machine};
use self::table::Row;

#[derive(Debug, Parser)]
#[command(
    name = "chat-bench",
    about = "What the server costs, against what the machine itself costs and against peers."
)]
struct Cli {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// Measurements of each thing; the first one, to warm up, is not counted
    #[arg(long, global = true, value_name = "N")]
    repeats: Option<usize>,
    /// Small numbers and few repeats: shows that it works, not how fast
    #[arg(long, global = true)]
    quick: bool,
    /// Write the figures to this file
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The server to measure [default: built from this source]
    #[arg(long, global = true, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Where data directories are made; the file system matters [default: beside this program]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The machine's limit alone
    Limit(Subscribers),
    /// CPU a delivery, and the machine's limit in turns
    Fanout(Subscribers),
    /// Memory and CPU of connections that say nothing
    Idle,
    /// Delivery while some readers stand still
    Stalled,
    /// Acknowledged messages, and a bare loop of commits in turns
    Durable,
    /// CPU to open a connection, and a bare accept's in turns
    Connect,
    /// A page deep in a long room and a search's, against the newest in turns
    Pages,
    /// CPU a delivery, and nats-server's in turns
    Peers,
    /// The terminal client, and irssi and weechat in turns
    Tui {
        /// The client to measure [default: chat-tui beside this program]
        #[arg(long, value_name = "PROGRAM")]
        client: Option<PathBuf>,
    },
    /// Where the server's CPU goes while it fans out, by `perf`
    Profile,
    /// All of it, as a report
    Report {
        /// Where the report is written [default: bench/REPORT.md]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    #[command(hide = true, name = limit::SUBCOMMAND)]
    LimitLoop { subscribers: usize },
    #[command(hide = true, name = limit::LOAD_SUBCOMMAND)]
    LimitLoad { subscribers: usize },
    #[command(hide = true, name = commits::SUBCOMMAND)]
    CommitLoop { directory: PathBuf },
    #[command(hide = true, name = opening::SUBCOMMAND)]
    AcceptLoop,
}

#[derive(Debug, Args)]
struct Subscribers {
    /// People in the room, several with commas between: 100, 1000, 10000
    #[arg(long = "subscribers", value_name = "N", value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(["100", "1000", "10000"]).map(|n| n.parse::<usize>().unwrap_or(100)))]
    counts: Vec<usize>,
}

impl Subscribers {
    fn or_all(self, quick: bool) -> Vec<usize> {
        match (self.counts.is_empty(), quick) {
            (false, _) => self.counts,
            (true, true) => vec![100],
            (true, false) => vec![1_000, 100, 10_000],
        }
    }
}

/// How everything is measured.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) site: Site,
    pub(crate) repeats: usize,
    pub(crate) quick: bool,
}

impl Options {
    /// Tells of a row as soon as it is there.
    pub(crate) fn say(&self, row: &Row) {
        let table = table::markdown(std::slice::from_ref(row));
        let line = table.lines().last().unwrap_or_default();
        // Progress that nobody can read is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

#[derive(Debug, Serialize)]
struct Results {
    machine: Machine,
    rows: Vec<Row>,
}

pub(crate) fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this can't be written, the exit status tells.
            let _ = writeln!(std::io::stderr(), "chat-bench: {error:#}");
            if is_out_of_descriptors(&error) {
                let _ = writeln!(std::io::stderr(), "{}", machine::DESCRIPTORS_HELP);
            }
            ExitCode::FAILURE
        }
    }
}

fn is_out_of_descriptors(error: &anyhow::Error) -> bool {
    let io = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.and_then(std::io::Error::raw_os_error) == Some(nix::errno::Errno::EMFILE as i32)
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.what {
        What::LimitLoop { subscribers } => limit::run_loop(subscribers),
        What::LimitLoad { subscribers } => limit::run_load(subscribers),
        What::CommitLoop { directory } => commits::run_loop(&directory),
        What::AcceptLoop => opening::run_loop(),
        what => measure(what, cli.how),
    }
}

fn measure(what: What, how: How) -> anyhow::Result<()> {
    let options = Options {
        site: Site::new(how.server, how.data)?,
        repeats: how.repeats.unwrap_or(if how.quick { 1 } else { 5 }).max(1),
        quick: how.quick,
    };
    machine::raise_descriptor_limit()?;
    machine::pin(LOAD_CPU)?;
    let machine = Machine::this(&options.site.data)?;
    let quick = options.quick;
    let mut out = std::io::stdout();
    let rows = match what {
        What::Limit(subscribers) => fanout::limit(&options, &subscribers.or_all(quick))?,
        What::Fanout(subscribers) => fanout::run(&options, &subscribers.or_all(quick))?,
        What::Idle => idle::run(&options)?,
        What::Stalled => stalled::run(&options)?,
        What::Durable => durable::run(&options)?,
        What::Connect => opening::run(&options)?,
        What::Pages => pages::run(&options)?,
        What::Peers => fanout::peers(&options)?,
        What::Tui { client } => tui::run(&options, client)?,
        What::Profile => {
            for (what, symbols) in profile::run(&options)? {
                writeln!(out, "{what}\n{symbols}\n")?;
            }
            return Ok(());
        }
        What::Report { output } => {
            let rows = report::run(&options)?;
            let path = output.unwrap_or_else(report::default_path);
            report::write(&path, &machine, &options, &rows)?;
            rows
        }
        What::LimitLoop { .. }
        | What::LimitLoad { .. }
        | What::CommitLoop { .. }
        | What::AcceptLoop => Vec::new(),
    };
    writeln!(out, "{machine}\n\n{}", table::markdown(&rows))?;
    if let Some(path) = how.json {
        let json = serde_json::to_vec_pretty(&Results { machine, rows })?;
        std::fs::write(&path, json)
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}
