//! The command line and the measurements that it runs.

mod chat;
mod child;
mod commits;
mod durable;
mod fanout;
mod hostile;
mod idle;
mod instructions;
mod limit;
mod load;
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
    about = "Measures what the server costs, compared with the machine's limit and other programs."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
struct Settings {
    /// Measurements of each thing, after one to warm up
    #[arg(long, global = true, value_name = "N")]
    repeats: Option<usize>,
    /// Use small numbers and few repeats, to check that it works
    #[arg(long, global = true)]
    quick: bool,
    /// Write the figures as JSON to this file
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The server to measure [default: built from this source]
    #[arg(long, global = true, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Directory for data; its file system matters [default: beside this program]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the machine's limit alone
    Limit(Subscribers),
    /// Measure the CPU of a delivery, and the machine's limit
    Fanout(Subscribers),
    /// Measure memory and CPU of idle connections
    Idle,
    /// Measure delivery while some readers have stopped reading
    Stalled,
    /// Attack the server with 500 connections, beside people who chat
    Hostile,
    /// Measure acknowledged messages, and a bare loop of commits
    Durable,
    /// Count the instructions of a delivery, with valgrind
    Instructions,
    /// Measure the CPU of opening a connection, and of a bare accept
    Connect,
    /// Measure the newest page of a long room, a deep one and one of a search
    Pages,
    /// Measure the CPU of a delivery, and nats-server's
    Peers,
    /// Measure the terminal client, irssi and weechat
    Tui {
        /// The client to measure [default: chat-tui beside this program]
        #[arg(long, value_name = "PROGRAM")]
        client: Option<PathBuf>,
    },
    /// Profile the server during fan-out, with `perf`
    Profile,
    /// Measure everything and write a report
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
    /// People in the room, separated by commas: 100, 1000, 10000
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

/// Settings of all measurements.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) site: Site,
    pub(crate) repeats: usize,
    pub(crate) quick: bool,
}

impl Options {
    /// Prints a row as soon as it is measured.
    pub(crate) fn say(&self, row: &Row) {
        let table = table::markdown(std::slice::from_ref(row));
        let line = table.lines().last().unwrap_or_default();
        // Progress that cannot be printed is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

#[derive(Debug, Serialize)]
struct Results<'a> {
    machine: Machine,
    rows: &'a [Row],
}

pub(crate) fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even this cannot be written, the exit status says it.
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
    match cli.command {
        Command::LimitLoop { subscribers } => limit::run_loop(subscribers),
        Command::LimitLoad { subscribers } => limit::run_load(subscribers),
        Command::CommitLoop { directory } => commits::run_loop(&directory),
        Command::AcceptLoop => opening::run_loop(),
        command => measure(command, cli.settings),
    }
}

fn measure(command: Command, settings: Settings) -> anyhow::Result<()> {
    let options = Options {
        site: Site::new(settings.server, settings.data)?,
        repeats: settings
            .repeats
            .unwrap_or(if settings.quick { 1 } else { 5 })
            .max(1),
        quick: settings.quick,
    };
    machine::raise_descriptor_limit()?;
    machine::pin(LOAD_CPU)?;
    let machine = Machine::this(&options.site.data)?;
    let quick = options.quick;
    let mut out = std::io::stdout();
    let must_hold = matches!(command, Command::Hostile);
    let rows = match command {
        Command::Limit(subscribers) => fanout::limit(&options, &subscribers.or_all(quick))?,
        Command::Fanout(subscribers) => fanout::run(&options, &subscribers.or_all(quick))?,
        Command::Instructions => instructions::run(&options)?,
        Command::Idle => idle::run(&options)?,
        Command::Stalled => stalled::run(&options)?,
        Command::Hostile => hostile::run(&options)?,
        Command::Durable => durable::run(&options)?,
        Command::Connect => opening::run(&options)?,
        Command::Pages => pages::run(&options)?,
        Command::Peers => fanout::peers(&options)?,
        Command::Tui { client } => tui::run(&options, client)?,
        Command::Profile => {
            for (what, symbols) in profile::run(&options)? {
                writeln!(out, "{what}\n{symbols}\n")?;
            }
            return Ok(());
        }
        Command::Report { output } => {
            let rows = report::run(&options)?;
            let path = output.unwrap_or_else(report::default_path);
            report::write(&path, &machine, &options, &rows)?;
            rows
        }
        Command::LimitLoop { .. }
        | Command::LimitLoad { .. }
        | Command::CommitLoop { .. }
        | Command::AcceptLoop => Vec::new(),
    };
    writeln!(out, "{machine}\n\n{}", table::markdown(&rows))?;
    if let Some(path) = settings.json {
        let json = serde_json::to_vec_pretty(&Results {
            machine,
            rows: &rows,
        })?;
        std::fs::write(&path, json)
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    if must_hold {
        table::check(&rows)
    } else {
        Ok(())
    }
}
