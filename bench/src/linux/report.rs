//! All measurements in one run, written to bench/REPORT.md.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::machine::Machine;
use super::table::{Row, markdown, spread};
use super::{Options, durable, fanout, idle, opening, pages, profile, stalled};

/// The file that says which changes were tried for goals that are missed. People write it, and the
/// report includes it.
const TRIED_FILE: &str = "TRIED.md";

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let subscribers: &[usize] = match options.quick {
        true => &[100],
        false => &[1_000, 100, 10_000],
    };
    let mut rows = fanout::run(options, subscribers)?;
    for part in [
        fanout::peers,
        idle::run,
        stalled::run,
        durable::run,
        opening::run,
        pages::run,
    ] {
        rows.append(&mut part(options)?);
    }
    Ok(rows)
}

/// The default path of the report.
pub(crate) fn default_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("REPORT.md")
}

pub(crate) fn write(
    path: &Path,
    machine: &Machine,
    options: &Options,
    rows: &[Row],
) -> anyhow::Result<()> {
    let profiles = profile::run(options);
    let tried = Path::new(env!("CARGO_MANIFEST_DIR")).join(TRIED_FILE);
    let tried = std::fs::read_to_string(tried).unwrap_or_default();
    let text = text(machine, rows, &profiles, &tried);
    std::fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
}

fn text(
    machine: &Machine,
    rows: &[Row],
    profiles: &anyhow::Result<Vec<(String, String)>>,
    tried: &str,
) -> String {
    let mut text = format!(
        "# What the server costs\n\n\
         Written by `cargo run --release -p chat-bench -- report` in one run.\n\n\
         **Machine:** {machine}. The server has one core and the load the other.\n\n\
         Figures are medians with the minimum and maximum of n measurements. Ours and theirs take \
         turns, and a ratio is the median of the pairs' ratios. CPU is the process's own CPU time, \
         over all its threads. A message is in flight until everyone has it. The limit is a bare \
         epoll loop that writes the same bytes to as many sockets, in writes of the same mean \
         size.\n\n{}",
        markdown(rows)
    );
    let missed: Vec<_> = rows
        .iter()
        .filter(|row| row.is_reached() == Some(false))
        .collect();
    text.push_str("\n## Goals missed\n\n");
    if missed.is_empty() {
        text.push_str("None.\n");
    }
    for row in missed {
        // Writing to a string can't fail.
        let _ = writeln!(text, "- {}", missed_line(row));
    }
    text.push_str("\n## Profile of the server\n\nBy `perf record`, over all its threads.\n");
    match profiles {
        Ok(profiles) => {
            for (what, symbols) in profiles {
                let _ = write!(text, "\n### {what}\n\n```text\n{symbols}\n```\n");
            }
        }
        Err(error) => {
            let _ = writeln!(text, "\nNo profile could be made: {error:#}.");
        }
    }
    if !tried.trim().is_empty() {
        let _ = write!(text, "\n## What was tried\n\n{}\n", tried.trim());
    }
    text
}

fn missed_line(row: &Row) -> String {
    let goal = row.goal.map_or(String::new(), |goal| goal.to_string());
    match row.ratio {
        Some(ratio) => format!(
            "{}, compared with {}: {} ×; the goal is {goal}",
            row.what,
            row.against,
            spread(Some(ratio))
        ),
        None => format!(
            "{}: {} {}; the goal is {goal}",
            row.what,
            spread(row.ours),
            row.unit
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Goal;
    use super::*;

    #[test]
    fn a_missed_goal_is_listed_with_a_profile() {
        let machine = Machine::this(Path::new("/")).unwrap();
        let row = |what: &str, goal| {
            Row::pairs(what, "µs", &[2.0], "limit", &[1.0]).goal(Goal::RatioAtMost(goal))
        };
        let rows = [row("slow", 1.0), row("fast", 3.0)];
        let profiles = Ok(vec![("a load".to_owned(), " 9 %  tcp_sendmsg".to_owned())]);
        let text = text(&machine, &rows, &profiles, "A thing.");
        let (_, missed) = text.split_once("## Goals missed").unwrap();
        assert!(
            missed.contains("- slow, compared with limit: 2.00 ×; the goal is ≤ 1 ×\n")
                && !missed.contains("fast"),
            "{text}"
        );
        assert!(text.contains("tcp_sendmsg") && text.contains("## What was tried\n\nA thing."));
    }
}
