//! Measurements as a table and as JSON.

use std::fmt::{self, Write as _};

use anyhow::ensure;
use serde::Serialize;

use super::stats::Summary;

/// One measurement and what it is compared with.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Option<Summary>,
    /// The server that it is compared with.
    pub(crate) against: String,
    pub(crate) theirs: Option<Summary>,
    /// Ours divided by theirs.
    pub(crate) ratio: Option<Summary>,
    pub(crate) goal: Option<Goal>,
    pub(crate) note: String,
}

/// A goal for a median.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    RatioAtMost(f64),
    RatioAtLeast(f64),
    OursAtMost(f64),
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RatioAtMost(goal) => write!(f, "≤ {goal} ×"),
            Self::RatioAtLeast(goal) => write!(f, "≥ {goal} ×"),
            Self::OursAtMost(goal) => write!(f, "≤ {goal}"),
        }
    }
}

impl Row {
    /// A row without comparison.
    pub(crate) fn alone(what: impl Into<String>, unit: &'static str, ours: &[f64]) -> Self {
        Self {
            what: what.into(),
            unit,
            ours: Summary::of(ours),
            against: String::new(),
            theirs: None,
            ratio: None,
            goal: None,
            note: String::new(),
        }
    }

    /// A row of two sides that were measured in turns.
    pub(crate) fn pairs(
        what: impl Into<String>,
        unit: &'static str,
        ours: &[f64],
        against: impl Into<String>,
        theirs: &[f64],
    ) -> Self {
        Self {
            against: against.into(),
            theirs: Summary::of(theirs),
            ratio: Summary::of_ratios(ours, theirs),
            ..Self::alone(what, unit, ours)
        }
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Whether the goal is reached; `None` if there is none.
    pub(crate) fn is_reached(&self) -> Option<bool> {
        let median = |summary: Option<Summary>| summary.map(|summary| summary.median);
        Some(match self.goal? {
            Goal::RatioAtMost(goal) => median(self.ratio)? <= goal,
            Goal::RatioAtLeast(goal) => median(self.ratio)? >= goal,
            Goal::OursAtMost(goal) => median(self.ours)? <= goal,
        })
    }
}

/// Fails where a goal is not reached.
///
/// # Errors
/// With the rows that are over their goals.
pub(crate) fn check(rows: &[Row]) -> anyhow::Result<()> {
    let missed: Vec<_> = rows
        .iter()
        .filter(|row| row.is_reached() == Some(false))
        .map(|row| row.what.as_str())
        .collect();
    ensure!(missed.is_empty(), "over the bound: {}", missed.join("; "));
    Ok(())
}

/// A table in Markdown.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| measurement | ours | compared with | theirs | ratio | goal | reached | notes |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let reached = match row.is_reached() {
            None => "no goal",
            Some(true) => "yes",
            Some(false) => "**no**",
        };
        let goal = row.goal.map_or(String::new(), |goal| goal.to_string());
        let cells = [
            format!("{}, {}", row.what, row.unit),
            spread(row.ours),
            row.against.clone(),
            spread(row.theirs),
            spread(row.ratio),
            goal,
            reached.to_owned(),
            row.note.clone(),
        ];
        // Writing to a string can't fail.
        let _ = writeln!(table, "| {} |", cells.join(" | "));
    }
    table
}

/// `1.23 (1.10–1.40, n 5)`.
pub(crate) fn spread(summary: Option<Summary>) -> String {
    summary.map_or(String::new(), |s| {
        let (median, min, max) = (figure(s.median), figure(s.min), figure(s.max));
        match s.n {
            1 => median,
            n => format!("{median} ({min}–{max}, n {n})"),
        }
    })
}

/// A number with three significant digits.
fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 100.0 => 0,
        x if x >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_compared_with_medians() {
        let row = |goal| Row::pairs("x", "µs", &[2.0, 2.0, 9.0], "y", &[2.0, 2.0, 2.0]).goal(goal);
        assert_eq!(row(Goal::RatioAtMost(1.0)).is_reached(), Some(true));
        assert_eq!(row(Goal::RatioAtMost(0.9)).is_reached(), Some(false));
        assert_eq!(row(Goal::RatioAtLeast(1.1)).is_reached(), Some(false));
        assert_eq!(row(Goal::OursAtMost(2.0)).is_reached(), Some(true));
        assert_eq!(Row::alone("x", "µs", &[1.0]).is_reached(), None);
    }

    #[test]
    fn a_row_has_all_figures() {
        let row = Row::pairs("a", "µs", &[1.0, 250.0, 10.5], "b", &[1.0, 1.0, 1.0])
            .goal(Goal::RatioAtMost(1.15))
            .note("c");
        let table = markdown(&[row]);
        let line = "| a, µs | 10.5 (1.00–250, n 3) | b | 1.00 (1.00–1.00, n 3) \
                    | 10.5 (1.00–250, n 3) | ≤ 1.15 × | **no** | c |\n";
        assert!(table.ends_with(line), "{table}");
    }
}
