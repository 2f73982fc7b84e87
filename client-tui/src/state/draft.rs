//! The unsent texts of a room: the input line, and what it covers.
//!
//! Nothing that was typed is dropped because something else takes the input line. Editing a
//! message, or getting back a text that could not be sent, sets the present draft aside; sending or
//! cancelling gives it back. A line recalled from the history covers the draft in the same way.

use chat_shared::Seq;

use super::{Editor, HistoryLine, Room};

/// Drafts that are set aside in one room; beyond that, the oldest two are joined.
const DRAFTS_BELOW_MAX: usize = 16;

/// The effect of Enter on the input line.
///
/// ```text
///           Alt-R                    Alt-E
/// Reply ◀────────── New ──────────▶ Edit       (Edit sets the draft aside)
///    └── Enter, Esc ──▲── Enter, Esc ──┘       (and these give it back)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Compose {
    #[default]
    New,
    Reply(Seq),
    Edit(Seq),
}

/// An unsent text and what Enter does with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) input: Editor,
    pub(crate) compose: Compose,
}

/// A line of the history that is shown in the input line.
#[derive(Debug, Clone)]
pub(crate) struct Recalled {
    /// Its index in the history.
    pub(crate) at: usize,
    pub(crate) line: HistoryLine,
    /// The input line as it was before.
    pub(crate) typed: Editor,
}

impl Room {
    /// Every draft of the room that would be lost with it, the one in the input line last.
    pub(crate) fn drafts(&self) -> Vec<Draft> {
        let mut drafts = self.below.clone();
        let compose = self.compose;
        let mut add = |input: &Editor| {
            if !input.text().trim().is_empty() && !self.is_unchanged(input, compose) {
                let input = input.clone();
                drafts.push(Draft { input, compose });
            }
        };
        match &self.recalled {
            Some(recalled) => {
                add(&recalled.typed);
                if recalled.line.text != self.input.text() {
                    add(&self.input);
                }
            }
            None => add(&self.input),
        }
        drafts
    }

    /// Returns true if `input` is the text of the message that it edits.
    fn is_unchanged(&self, input: &Editor, compose: Compose) -> bool {
        match compose {
            Compose::Edit(seq) => self
                .message(seq)
                .is_some_and(|message| message.message == input.text()),
            _ => false,
        }
    }

    /// Puts `input` into the input line and sets aside what was there.
    pub(crate) fn load(&mut self, input: Editor, compose: Compose) {
        let drafts = self.drafts();
        self.below.clear();
        drafts.into_iter().for_each(|draft| self.set_aside(draft));
        self.recalled = None;
        (self.input, self.compose) = (input, compose);
    }

    /// Sets a draft aside; [`Room::give_back`] returns it.
    pub(crate) fn set_aside(&mut self, draft: Draft) {
        self.below.push(draft);
        if self.below.len() > DRAFTS_BELOW_MAX {
            let oldest = self.below.remove(0);
            let next = &mut self.below[0];
            let text = format!("{}\n{}", oldest.input.text(), next.input.text());
            *next = Draft {
                input: Editor::restored(&text, 0),
                compose: Compose::New,
            };
        }
    }

    /// Empties the input line after its text was sent, or cancelled, and gives back the draft that
    /// it covered.
    pub(crate) fn give_back(&mut self) {
        let covered = match self.recalled.take() {
            Some(recalled) if !recalled.typed.is_empty() => Some(Draft {
                input: recalled.typed,
                compose: Compose::New,
            }),
            _ => self.below.pop(),
        };
        let Draft { input, compose } = covered.unwrap_or_default();
        (self.input, self.compose) = (input, compose);
    }

    /// Shows a line of the history in the input line.
    pub(crate) fn recall(&mut self, at: usize, line: &HistoryLine) {
        let typed = match self.recalled.take() {
            Some(recalled) => recalled.typed,
            None => std::mem::take(&mut self.input),
        };
        self.input = Editor::restored(&line.text, line.typed);
        let line = line.clone();
        self.recalled = Some(Recalled { at, line, typed });
    }

    /// Leaves the history and shows what was typed before.
    pub(crate) fn end_recall(&mut self) {
        if let Some(recalled) = self.recalled.take() {
            self.input = recalled.typed;
        }
    }
}
