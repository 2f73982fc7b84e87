//! The lines that Up and Down bring back.

/// Sent lines that are kept.
const HISTORY_MAX: usize = 200;

/// A line that was sent or carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryLine {
    pub(crate) text: String,
    /// The bytes at its start that were typed: a pasted `/quit` does not become a command when it
    /// is recalled.
    pub(crate) typed: usize,
}

/// The sent lines, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputHistory {
    lines: Vec<HistoryLine>,
}

impl InputHistory {
    pub(crate) fn add(&mut self, text: &str, typed: usize) {
        let text = text.to_owned();
        let line = HistoryLine { text, typed };
        if self.lines.last() != Some(&line) {
            if self.lines.len() == HISTORY_MAX {
                self.lines.remove(0);
            }
            self.lines.push(line);
        }
    }

    /// The line before the one at `at`; the newest if none is shown.
    pub(crate) fn older(&self, at: Option<usize>) -> Option<(usize, &HistoryLine)> {
        let at = at.unwrap_or(self.lines.len()).checked_sub(1)?;
        Some((at, self.lines.get(at)?))
    }

    /// The line after the one at `at`; `None` after the newest.
    pub(crate) fn newer(&self, at: usize) -> Option<(usize, &HistoryLine)> {
        Some((at + 1, self.lines.get(at + 1)?))
    }
}
