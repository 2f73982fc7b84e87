//! What was measured, as a table and as JSON.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::stats::Summary;

/// One measurement beside what it is held against.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Option<Summary>,
    /// Against what.
    pub(crate) against: String,
    pub(crate) theirs: Option<Summary>,
    /// Ours by theirs.
    pub(crate) ratio: Option<Summary>,
    pub(crate) mark: Option<Mark>,
    pub(crate) note: String,
}

/// What a median must reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    RatioAtMost(f64),
    RatioAtLeast(f64),
    OursAtMost(f64),
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RatioAtMost(mark) => write!(f, "≤ {mark} ×"),
            Self::RatioAtLeast(mark) => write!(f, "≥ {mark} ×"),
            Self::OursAtMost(mark) => write!(f, "≤ {mark}"),
        }
    }
}

impl Row {
    /// Ours alone.
    pub(crate) fn alone(what: impl Into<String>, unit: &'static str, ours: &[f64]) -> Self {
        Self {
            what: what.into(),
            unit,
            ours: Summary::of(ours),
            against: String::new(),
            theirs: None,
            ratio: None,
            mark: None,
            note: String::new(),
        }
    }

    /// Ours and theirs, measured in turns.
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

    pub(crate) fn mark(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// `None` where there is no mark.
    pub(crate) fn met(&self) -> Option<bool> {
        let median = |summary: Option<Summary>| summary.map(|summary| summary.median);
        Some(match self.mark? {
            Mark::RatioAtMost(mark) => median(self.ratio)? <= mark,
            Mark::RatioAtLeast(mark) => median(self.ratio)? >= mark,
            Mark::OursAtMost(mark) => median(self.ours)? <= mark,
        })
    }
}

/// A table in Markdown.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| what | ours | against | theirs | ratio | mark | met | |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let met = match row.met() {
            None => "told",
            Some(true) => "yes",
            Some(false) => "**no**",
        };
        let mark = row.mark.map_or(String::new(), |mark| mark.to_string());
        let cells = [
            format!("{}, {}", row.what, row.unit),
            spread(row.ours),
            row.against.clone(),
            spread(row.theirs),
            spread(row.ratio),
            mark,
            met.to_owned(),
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

/// Three digits that count.
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
    fn marks_are_held_against_medians() {
        let row = |mark| Row::pairs("x", "µs", &[2.0, 2.0, 9.0], "y", &[2.0, 2.0, 2.0]).mark(mark);
        assert_eq!(row(Mark::RatioAtMost(1.0)).met(), Some(true));
        assert_eq!(row(Mark::RatioAtMost(0.9)).met(), Some(false));
        assert_eq!(row(Mark::RatioAtLeast(1.1)).met(), Some(false));
        assert_eq!(row(Mark::OursAtMost(2.0)).met(), Some(true));
        assert_eq!(Row::alone("x", "µs", &[1.0]).met(), None);
    }

    #[test]
    fn the_table_says_it_all() {
        let row = Row::pairs("a", "µs", &[1.0, 250.0, 10.5], "b", &[1.0, 1.0, 1.0])
            .mark(Mark::RatioAtMost(1.15))
            .note("c");
        let table = markdown(&[row]);
        let line = "| a, µs | 10.5 (1.00–250, n 3) | b | 1.00 (1.00–1.00, n 3) \
                    | 10.5 (1.00–250, n 3) | ≤ 1.15 × | **no** | c |\n";
        assert!(table.ends_with(line), "{table}");
    }
}
