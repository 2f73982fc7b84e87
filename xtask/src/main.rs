//! `cargo xtask`: all of the project's tests and checks, in one command.
//!
//! [`parts`] is the table of what can be run, [`steps`] are the commands behind it, [`tools`] finds
//! and installs programs that the parts need, and [`report`] prints how they ended.

mod command;
mod fuzz;
mod mongo;
mod mongo_parts;
mod output;
mod outside;
mod parts;
mod project;
mod report;
mod steps;
mod tools;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use crate::parts::{Kind, Part};
use crate::project::Project;
use crate::report::Report;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Tests and checks of the whole project")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run all tests: Rust, page, browser, terminal, SDK
    Test(Selection),
    /// Run all checks (format, lints, docs, licences) and then all tests
    Ci(Selection),
    /// Attack a real server in every way of a table, on both stores
    Attacks,
    /// Look for inputs that break what must hold for every input
    Fuzz(fuzz::Fuzz),
    /// Attack a release server with 500 connections at once, beside people who chat
    Hostile,
    /// Run the FerretDB that replaces MongoDB in tests, in the foreground
    Mongo(mongo::Mongo),
}

#[derive(Debug, Args)]
struct Selection {
    /// Only these parts and what they need built [default: all]
    #[arg(value_name = "PART", value_parser = PossibleValuesParser::new(parts::names()))]
    parts: Vec<String>,
    /// List the parts and run nothing
    #[arg(long)]
    list: bool,
}

/// The parts of `cargo xtask attacks`.
const ATTACKS: [&str; 2] = ["attacks", "attacks-mongo"];

fn main() -> ExitCode {
    let (kinds, selection): (&[Kind], _) = match Cli::parse().command {
        Command::Test(selection) => (&[Kind::Test], selection),
        Command::Ci(selection) => (&[Kind::Check, Kind::Test], selection),
        Command::Attacks => return end(run(parts::select(&[], &ATTACKS.map(str::to_owned)))),
        Command::Fuzz(fuzz) => return end(run_alone(|project| fuzz.run(project))),
        Command::Hostile => return end(run_alone(|_| steps::hostile())),
        Command::Mongo(mongo) => return end(run_alone(|project| mongo.run(project))),
    };
    let outcome = if selection.list {
        list(kinds)
    } else {
        run(parts::select(kinds, &selection.parts))
    };
    end(outcome)
}

fn end(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        say(&format!("xtask: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Runs a command that consists of no parts.
fn run_alone(command: impl FnOnce(&Project) -> anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    command(&Project::find().context("the project can't be read")?)?;
    Ok(ExitCode::SUCCESS)
}

fn list(kinds: &[Kind]) -> anyhow::Result<ExitCode> {
    for part in parts::select(kinds, &[]) {
        say(&format!("{:<14}{}", part.name, part.about));
    }
    Ok(ExitCode::SUCCESS)
}

fn run(parts: Vec<&'static Part>) -> anyhow::Result<ExitCode> {
    let project = Project::find().context("the project can't be read")?;
    let needed = parts.iter().flat_map(|part| part.needs);
    tools::install_missing(&project, needed.copied());

    let mut report = Report::new(project.is_ci);
    for part in parts {
        report.record(part, || part.outcome(&project));
    }
    report.print_summary();
    Ok(if report.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Writes a line to standard output. A closed output is ignored.
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
