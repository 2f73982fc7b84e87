//! A profile of the server during fan-out, by `perf`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::Options;
use super::fanout::Ours;
use super::load::Load;

/// How long the profile is recorded.
const WINDOW: Duration = Duration::from_secs(5);

/// Symbols under this share are left out.
const PERCENT_MIN: &str = "1";

/// Lines of one list.
const SYMBOLS_MAX: usize = 40;

/// The symbols with most of the time, for each number of messages in flight, as text.
pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<(String, String)>> {
    let subscribers = if options.quick { 100 } else { 1_000 };
    let window = if options.quick { WINDOW / 5 } else { WINDOW };
    let mut ours = Ours::start(&options.site, subscribers)?;
    let directory = options.site.temporary_directory()?;
    let file = directory.path().join("perf.data");
    let mut profiles = Vec::new();
    for in_flight in [1, 32] {
        let load = Load::sized(subscribers, in_flight, 1, options.quick);
        ours.round(load)?;
        let mut recording = Command::new("perf")
            .args(["record", "--quiet", "--freq", "1999", "--pid"])
            .arg(ours.server.process.pid().to_string())
            .arg("--output")
            .arg(&file)
            .args(["--", "sleep", &window.as_secs().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("`perf` says where the time goes; it is in Debian's linux-perf")?;
        let started = Instant::now();
        let mut rounds = Ok(());
        while rounds.is_ok() && started.elapsed() < window {
            rounds = ours.round(load).map(drop);
        }
        let status = recording.wait()?;
        rounds?;
        if !status.success() {
            bail!("`perf record` ended with {status}; it may need root");
        }
        let what = format!("{subscribers} in one room, {in_flight} in flight");
        profiles.push((what, shares(&file)?));
    }
    Ok(profiles)
}

/// The shares of kernel and programs, then those of symbols.
fn shares(file: &Path) -> anyhow::Result<String> {
    let programs = report(file, "overhead,dso")?;
    let symbols = report(file, "overhead,dso,symbol")?;
    Ok(format!("{programs}\n\n{symbols}"))
}

fn report(file: &Path, fields: &str) -> anyhow::Result<String> {
    let output = Command::new("perf")
        .args(["report", "--stdio", "--no-children"])
        .args(["--fields", fields, "--column-widths", "8,20,80"])
        .args(["--percent-limit", PERCENT_MIN, "--input"])
        .arg(file)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`perf report` failed: {}", said.trim());
    }
    Ok(table(&String::from_utf8_lossy(&output.stdout)))
}

/// The lines of a report without its head.
fn table(report: &str) -> String {
    let lines = report.lines().map(str::trim_end);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.take(SYMBOLS_MAX).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_loses_its_head() {
        let report =
            "# To display\n#\n\n    10.00%  [kernel]  [k] tcp_sendmsg   \n     2.00%  x  y\n\n";
        let expect = "    10.00%  [kernel]  [k] tcp_sendmsg\n     2.00%  x  y";
        assert_eq!(table(report), expect);
    }
}
