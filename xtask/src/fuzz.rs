//! Builds the fuzz targets with libFuzzer and runs them. `fuzz/src/lib.rs` says what they check.
//!
//! ```text
//!  fuzz/engine ──► target/fuzz/engine       libFuzzer, optimized
//!  fuzz/rustc  ──► target/fuzz/program      the targets, instrumented and linked with it
//!  fuzz/corpora/NAME                        the inputs in the repository, where a run begins
//!  target/fuzz/corpora/NAME                 inputs that runs on this machine have added
//!  target/fuzz/findings/NAME                inputs that broke what must hold
//!  target/fuzz/NAME.log                     what libFuzzer said in the last run
//! ```

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use crate::command::Run;
use crate::project::Project;
use crate::say;
use crate::steps::{FUZZ_ENGINE, cargo};
use crate::tools::Tool;

/// Seconds for each target in `cargo xtask test` and `ci`.
const SHORT_TURN_S: u64 = 3;
/// Bytes of an input: more than the 4,000 characters of a message, and enough for a small picture.
const INPUT_BYTES_MAX: usize = 8 * 1024;
/// Seconds that one input may take. Most take microseconds.
const INPUT_S_MAX: u64 = 20;
/// Memory of a run. Decoding one picture may take 144 MiB.
const MEMORY_MIB_MAX: usize = 1024;
/// Inputs of a target in the repository.
const KEPT_MAX: usize = 50;
/// Time to choose them.
const KEEP_TIME_MAX: Duration = Duration::from_secs(600);
/// A run may end this much later than it was told to: one input may still be under way.
const GRACE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Only this target [default: all, one after the other]
    target: Option<String>,
    /// How long to run each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Afterwards choose the inputs that reach most code, and keep those in the repository
    #[arg(long)]
    keep: bool,
}

impl Fuzz {
    pub(crate) fn run(&self, project: &Project) -> anyhow::Result<()> {
        let mut names = names(project)?;
        if let Some(chosen) = &self.target {
            let all = names.join(", ");
            names.retain(|name| name == chosen);
            ensure!(!names.is_empty(), "no target {chosen}; there are {all}");
        }
        let fuzzer = Fuzzer::build(project)?;
        fuzzer.run_all(&names, self.seconds)?;
        if self.keep {
            names.iter().try_for_each(|name| fuzzer.keep(name))?;
        }
        Ok(())
    }
}

/// Runs every target for some seconds.
pub(crate) fn short_turn(project: &Project) -> anyhow::Result<()> {
    Fuzzer::build(project)?.run_all(&names(project)?, SHORT_TURN_S)
}

/// The targets, which a test holds equal to the folders of kept inputs.
fn names(project: &Project) -> anyhow::Result<Vec<String>> {
    project
        .files("fuzz/corpora", "")?
        .iter()
        .map(|folder| {
            let name = folder.file_name().context("a folder without a name")?;
            Ok(name.to_string_lossy().into_owned())
        })
        .collect()
}

/// The program, and the folders that it works in.
struct Fuzzer {
    root: PathBuf,
    folder: PathBuf,
    program: PathBuf,
}

impl Fuzzer {
    fn build(project: &Project) -> anyhow::Result<Self> {
        Tool::Cxx.path(project)?;
        let folder = project.target.join("fuzz");
        let engine = folder.join("engine");
        Run::cargo()
            .args(["build", "--locked", "--manifest-path", FUZZ_ENGINE])
            .arg("--target-dir")
            .arg(&engine)
            .show()?;
        // An example, because for one cargo chooses the features that the whole build has.
        cargo("build")
            .args(["--locked", "--example", "fuzz"])
            .env("RUSTC_WORKSPACE_WRAPPER", project.root.join("fuzz/rustc"))
            .env("CHAT_FUZZ_ENGINE", engine.join("debug"))
            .show()?;
        // An ordinary build writes its own program to the same place.
        let program = folder.join("program");
        let built = project.binary("examples/fuzz");
        std::fs::copy(&built, &program)
            .with_context(|| format!("{} can't be copied", built.display()))?;
        Ok(Self {
            root: project.root.clone(),
            folder,
            program,
        })
    }

    /// Runs the targets one after the other, and prints a line for each.
    ///
    /// # Errors
    /// If one has a finding. The others are run all the same.
    fn run_all(&self, names: &[String], seconds: u64) -> anyhow::Result<()> {
        let mut found = Vec::new();
        say(&format!(
            "{:<10}{:>12}{:>10}{:>8}{:>8}  findings",
            "target", "executions", "per s", "edges", "corpus"
        ));
        for name in names {
            if let Some(finding) = self.run(name, seconds)? {
                found.push(finding);
            }
        }
        if !found.is_empty() {
            bail!(
                "{} of {} targets have a finding (docs/testing.md says what to do with one)",
                found.len(),
                names.len()
            );
        }
        Ok(())
    }

    /// Runs one target, and returns its finding.
    fn run(&self, name: &str, seconds: u64) -> anyhow::Result<Option<PathBuf>> {
        let (corpus, findings) = (self.corpus(name)?, self.folder.join("findings").join(name));
        std::fs::create_dir_all(&findings)?;
        let log = self.folder.join(format!("{name}.log"));
        let status = self
            .libfuzzer(name)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", findings.display()))
            .arg("-print_final_stats=1")
            .args([corpus, self.kept(name)])
            .save(&log, Duration::from_secs(seconds) + GRACE)?;
        let said = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
        let summary = Summary::read(&said);
        let finding = match (status.success(), summary.finding.clone()) {
            (true, _) => None,
            (false, Some(finding)) => Some(finding),
            (false, None) => bail!("{name} ended with {status}; see {}", log.display()),
        };
        let last = finding.as_ref().map_or_else(
            || "none".to_owned(),
            |finding| format!("{} ({})", finding.display(), log.display()),
        );
        say(&format!("{name:<10}{summary}  {last}"));
        Ok(finding)
    }

    /// Replaces the kept inputs of a target by the fewest of all inputs that reach the same code, and
    /// of those by the ones that reach most.
    fn keep(&self, name: &str) -> anyhow::Result<()> {
        let (new, log) = (self.folder.join("new"), self.folder.join("keep.log"));
        if new.exists() {
            std::fs::remove_dir_all(&new)?;
        }
        std::fs::create_dir_all(&new)?;
        let status = self
            .libfuzzer(name)
            // Which code is reached counts here, and not how often.
            .args(["-use_counters=0", "-set_cover_merge=1"])
            .arg(&new)
            .args([self.corpus(name)?, self.kept(name)])
            .save(&log, KEEP_TIME_MAX)?;
        ensure!(status.success(), "{name}: {status}; see {}", log.display());
        std::fs::remove_dir_all(self.kept(name))?;
        std::fs::create_dir_all(self.kept(name))?;
        // The merge writes that input first which adds most to those before it.
        let mut inputs = new.read_dir()?.collect::<Result<Vec<_>, _>>()?;
        inputs.sort_by_cached_key(|input| input.metadata().and_then(|file| file.modified()).ok());
        inputs.truncate(KEPT_MAX);
        let mut bytes = 0;
        for input in &inputs {
            bytes += std::fs::copy(input.path(), self.kept(name).join(input.file_name()))?;
        }
        say(&format!(
            "{name:<10} keeps {} inputs, {bytes} bytes",
            inputs.len()
        ));
        Ok(())
    }

    fn libfuzzer(&self, name: &str) -> Run {
        let run = Run::new(&self.program)
            .env("CHAT_FUZZ_TARGET", name)
            .arg(format!("-max_len={INPUT_BYTES_MAX}"))
            .arg(format!("-timeout={INPUT_S_MAX}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
        let dictionary = self.root.join(format!("fuzz/dictionaries/{name}.txt"));
        if dictionary.exists() {
            return run.arg(format!("-dict={}", dictionary.display()));
        }
        run
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.root.join("fuzz/corpora").join(name)
    }

    /// The folder of this machine's inputs, made if there is none.
    fn corpus(&self, name: &str) -> anyhow::Result<PathBuf> {
        let corpus = self.folder.join("corpora").join(name);
        std::fs::create_dir_all(&corpus)?;
        Ok(corpus)
    }
}

/// The last figures that libFuzzer printed in a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Summary {
    executions: u64,
    per_second: u64,
    /// Edges of the program's flow that were reached.
    edges: u64,
    /// Inputs that it works with.
    corpus: u64,
    finding: Option<PathBuf>,
}

impl Summary {
    fn read(said: &str) -> Self {
        let mut summary = Self::default();
        for line in said.lines() {
            if let Some(number) = after(line, "stat::number_of_executed_units:") {
                summary.executions = number;
            } else if let Some(number) = after(line, "stat::average_exec_per_sec:") {
                summary.per_second = number;
            } else if let Some((_, path)) = line.split_once("Test unit written to ") {
                summary.finding = Some(PathBuf::from(path));
            } else if line.starts_with('#') {
                summary.edges = after(line, " cov:").unwrap_or(summary.edges);
                summary.corpus = after(line, " corp:").unwrap_or(summary.corpus);
            }
        }
        summary
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:>12}{:>10}{:>8}{:>8}",
            self.executions, self.per_second, self.edges, self.corpus
        )
    }
}

/// The number that follows a label.
fn after(line: &str, label: &str) -> Option<u64> {
    let rest = line.split_once(label)?.1.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_read() {
        let said = "INFO: Seed: 1\n\
            #4\tINITED cov: 12 ft: 20 corp: 3/1Kb exec/s: 0 rss: 40Mb\n\
            #900\tDONE   cov: 345 ft: 999 corp: 67/8b lim: 9 exec/s: 450 rss: 44Mb\n\
            artifact_prefix='f/'; Test unit written to f/crash-1a\n\
            stat::number_of_executed_units: 900\n\
            stat::average_exec_per_sec:     450\n";
        let expect = Summary {
            executions: 900,
            per_second: 450,
            edges: 345,
            corpus: 67,
            finding: Some(PathBuf::from("f/crash-1a")),
        };
        assert_eq!(Summary::read(said), expect);
        assert_eq!(Summary::read("nothing"), Summary::default());
    }
}
