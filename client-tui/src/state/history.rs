/// Sent lines that Up brings back.
const HISTORY_MAX: usize = 200;

/// What was sent before, for Up and Down.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputHistory {
    lines: Vec<String>,
    /// Which line is shown, and what was being typed before.
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

    /// The line before the one shown.
    pub(crate) fn older(&mut self, typed: &str) -> Option<String> {
        let (at, typed) = self
            .at
            .clone()
            .unwrap_or((self.lines.len(), typed.to_owned()));
        let at = at.checked_sub(1)?;
        self.at = Some((at, typed));
        self.lines.get(at).cloned()
    }

    /// The line after the one shown; after the last, what was being typed.
    pub(crate) fn newer(&mut self) -> Option<String> {
        let (at, typed) = self.at.take()?;
        let Some(line) = self.lines.get(at + 1) else {
            return Some(typed);
        };
        self.at = Some((at + 1, typed));
        Some(line.clone())
    }
}
