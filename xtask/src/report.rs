//! Records how the parts ended, and prints the summary.

use std::time::{Duration, Instant};

use crate::output::{Failure, take_failures};
use crate::parts::{Outcome, Part};
use crate::say;

pub(crate) struct Report {
    is_ci: bool,
    entries: Vec<(&'static str, Outcome, Duration)>,
    /// What failed programs said, with the names of their parts.
    failures: Vec<(&'static str, Failure)>,
}

impl Report {
    pub(crate) fn new(is_ci: bool) -> Self {
        Self {
            is_ci,
            entries: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Runs a part, unless the one that it comes after did not pass. On CI a part that is skipped
    /// has failed.
    pub(crate) fn record(&mut self, part: &'static Part, run: impl FnOnce() -> Outcome) {
        say(&format!("\n=== {}: {}", part.name, part.about));
        let start = Instant::now();
        let outcome = match part.after.filter(|needed| !self.has_passed(needed)) {
            Some(needed) => Outcome::Skipped(format!("`{needed}` did not pass")),
            None => run(),
        };
        let outcome = match outcome {
            Outcome::Skipped(reason) if self.is_ci => Outcome::Failed(reason),
            other => other,
        };
        if let Outcome::Failed(reason) | Outcome::Skipped(reason) = &outcome {
            say(reason);
        }
        // A program may fail in a part that passes, such as a download that is tried again.
        let failures = take_failures();
        if matches!(outcome, Outcome::Failed(_)) {
            let of_part = failures.into_iter().map(|failure| (part.name, failure));
            self.failures.extend(of_part);
        }
        self.entries.push((part.name, outcome, start.elapsed()));
    }

    pub(crate) fn is_success(&self) -> bool {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_))) == 0
    }

    /// Prints a line for each part and the counts, and then what failed programs said.
    pub(crate) fn print_summary(&self) {
        say("");
        for (name, outcome, took) in &self.entries {
            let (word, reason) = match outcome {
                Outcome::Passed => ("passed", ""),
                Outcome::Failed(reason) => ("FAILED", reason.as_str()),
                Outcome::Skipped(reason) => ("skipped", reason.as_str()),
            };
            let line = format!("{word:<8}{name:<14}{:>5} s  {reason}", took.as_secs());
            say(line.trim_end());
        }
        say(&format!(
            "{} passed, {} failed, {} skipped",
            self.count(|outcome| matches!(outcome, Outcome::Passed)),
            self.count(|outcome| matches!(outcome, Outcome::Failed(_))),
            self.count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        ));
        for (part, Failure { program, lines }) in &self.failures {
            say(&format!("\n=== {part} failed: $ {program}"));
            lines.iter().for_each(|line| say(line));
        }
    }

    fn has_passed(&self, name: &str) -> bool {
        self.entries
            .iter()
            .any(|(n, outcome, _)| *n == name && matches!(outcome, Outcome::Passed))
    }

    fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> usize {
        self.entries
            .iter()
            .filter(|(_, outcome, _)| is_counted(outcome))
            .count()
    }
}
