//! The lines that Up and Down bring back.

/// Sent lines that are kept.
const HISTORY_MAX: usize = 200;

/// The sent lines, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputHistory {
    lines: Vec<String>,
    /// The line that is shown, and what was in the input before.
    at: Option<(usize, String)>,
}

impl InputHistory {
    pub(crate) fn add(&mut self, line: &str) {
        self.at = None;
        if self.lines.last().is_none_or(|last| last != line) {
            if self.lines.len() == HISTORY_MAX {
                self.lines.remove(0);
            }
            self.lines.push(line.to_owned());
        }
    }

    /// The line before the shown one.
    pub(crate) fn older(&mut self, typed: &str) -> Option<String> {
        let (at, typed) = self
            .at
            .clone()
            .unwrap_or((self.lines.len(), typed.to_owned()));
        let at = at.checked_sub(1)?;
        self.at = Some((at, typed));
        self.lines.get(at).cloned()
    }

    /// The line after the shown one; after the last, what was in the input before.
    pub(crate) fn newer(&mut self) -> Option<String> {
        let (at, typed) = self.at.take()?;
        let Some(line) = self.lines.get(at + 1) else {
            return Some(typed);
        };
        self.at = Some((at + 1, typed));
        Some(line.clone())
    }
}
