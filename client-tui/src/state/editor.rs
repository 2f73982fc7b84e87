//! A text field with a cursor between grapheme clusters, readline's kill ring and undo.
//!
//! The field knows which bytes at its start were typed, as opposed to pasted or loaded: only a
//! slash that was typed starts a command.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// The longest text, in bytes. It is longer than any message, so that the user can shorten one.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The number of undo steps, and the bytes that they may hold.
const UNDO_STEPS_MAX: usize = 100;
const UNDO_BYTES_MAX: usize = 256 * 1024;

/// The number of kills that yank can bring back.
const KILLS_MAX: usize = 10;

#[derive(Clone, Default)]
pub(crate) struct Editor {
    text: String,
    cursor: usize,
    /// So many bytes at the start of `text` were typed.
    typed: usize,
    /// The kill ring, the last kill at the end.
    killed: Vec<Piece>,
    /// The range that the last yank inserted, and the index of its kill.
    yanked: Option<(std::ops::Range<usize>, usize)>,
    undo: Vec<Step>,
    /// Consecutive typed letters are one undo step.
    typing: bool,
}

/// A text that was killed.
#[derive(Clone)]
struct Piece {
    text: String,
    is_typed: bool,
}

/// A state that undo returns to.
#[derive(Clone)]
struct Step {
    text: String,
    cursor: usize,
    typed: usize,
}

/// Omits the text, which may be a password.
impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Editor")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

impl Editor {
    /// A field that holds a loaded text.
    pub(crate) fn with_text(text: &str) -> Self {
        Self::restored(text, 0)
    }

    /// A field that holds a text whose first `typed` bytes were typed.
    pub(crate) fn restored(text: &str, typed: usize) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.len(),
            typed: typed.min(text.len()),
            ..Self::default()
        }
    }

    /// The number of bytes at the start of the text that were typed.
    pub(crate) fn typed(&self) -> usize {
        self.typed
    }

    /// Returns true if the text is one line that starts with a typed slash.
    pub(crate) fn is_command(&self) -> bool {
        self.typed > 0 && self.text.starts_with('/') && !self.text.trim_end().contains('\n')
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The byte offset of the cursor.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces the text; undo brings the old one back.
    pub(crate) fn set(&mut self, text: &str) {
        self.step();
        self.text.clear();
        self.text.push_str(text);
        self.cursor = text.len();
        self.typed = 0;
    }

    pub(crate) fn type_char(&mut self, c: char) {
        if !self.typing || c.is_whitespace() {
            self.step();
        }
        self.put(c.encode_utf8(&mut [0; 4]), true);
        self.typing = true;
    }

    /// Inserts a pasted text. Line ends become `\n` and control characters are left out. Returns
    /// false if the text does not fit.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        let text = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\t', "    ");
        let text: String = text
            .chars()
            .filter(|c| *c == '\n' || !c.is_control())
            .collect();
        let fits = self.text.len() + text.len() <= TEXT_BYTES_MAX;
        if fits && !text.is_empty() {
            self.step();
            self.put(&text, false);
        }
        fits
    }

    pub(crate) fn backspace(&mut self) {
        self.remove(self.before(self.cursor), self.cursor);
    }

    pub(crate) fn delete(&mut self) {
        self.remove(self.cursor, self.after(self.cursor));
    }

    pub(crate) fn left(&mut self) {
        self.go(self.before(self.cursor));
    }

    pub(crate) fn right(&mut self) {
        self.go(self.after(self.cursor));
    }

    pub(crate) fn word_left(&mut self) {
        self.go(self.word_start());
    }

    pub(crate) fn word_right(&mut self) {
        self.go(self.word_end());
    }

    pub(crate) fn line_start(&mut self) {
        self.go(self.this_line().start);
    }

    pub(crate) fn line_end(&mut self) {
        self.go(self.this_line().end);
    }

    /// Moves to the same column of the line above; returns false if there is none.
    pub(crate) fn up(&mut self) -> bool {
        let line = self.this_line();
        let Some(end) = line.start.checked_sub(1) else {
            return false;
        };
        let start = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
        self.go_column(start, end, line.start);
        true
    }

    /// Moves to the same column of the line below; returns false if there is none.
    pub(crate) fn down(&mut self) -> bool {
        let line = self.this_line();
        if line.end == self.text.len() {
            return false;
        }
        let start = line.end + 1;
        let end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |at| start + at);
        self.go_column(start, end, line.start);
        true
    }

    pub(crate) fn kill_to_end(&mut self) {
        let end = self.this_line().end;
        // At the end of a line, kill the line break.
        self.kill(
            self.cursor,
            if end == self.cursor {
                self.after(end)
            } else {
                end
            },
        );
    }

    pub(crate) fn kill_to_start(&mut self) {
        self.kill(self.this_line().start, self.cursor);
    }

    /// Kills the word before the cursor, up to white space.
    pub(crate) fn kill_back(&mut self) {
        let trimmed = self.text[..self.cursor].trim_end();
        let start = trimmed
            .rfind(char::is_whitespace)
            .map_or(0, |at| self.after(at));
        self.kill(start, self.cursor);
    }

    pub(crate) fn kill_word(&mut self) {
        self.kill(self.cursor, self.word_end());
    }

    pub(crate) fn yank(&mut self) {
        let at = self.killed.len().saturating_sub(1);
        if let Some(piece) = self.killed.get(at).cloned() {
            self.step();
            self.put_yanked(&piece, at);
        }
    }

    /// Directly after a yank, replaces it with the kill before.
    pub(crate) fn yank_older(&mut self) {
        if let Some((range, at)) = self.yanked.clone() {
            let at = at.checked_sub(1).unwrap_or(self.killed.len() - 1);
            let piece = self.killed[at].clone();
            self.cut(range);
            self.put_yanked(&piece, at);
        }
    }

    fn put_yanked(&mut self, piece: &Piece, at: usize) {
        let start = self.cursor;
        self.put(&piece.text, piece.is_typed);
        self.yanked = Some((start..self.cursor, at));
    }

    /// Replaces the text between `start` and the cursor with its completion, which counts as
    /// typed.
    pub(crate) fn replace_back(&mut self, start: usize, text: &str) {
        if start <= self.cursor && self.text.is_char_boundary(start) {
            self.step();
            self.cut(start..self.cursor);
            self.put(text, true);
        }
    }

    pub(crate) fn undo(&mut self) {
        if let Some(step) = self.undo.pop() {
            (self.text, self.cursor, self.typed) = (step.text, step.cursor, step.typed);
            (self.typing, self.yanked) = (false, None);
        }
    }

    fn put(&mut self, text: &str, is_typed: bool) {
        if self.text.len() + text.len() <= TEXT_BYTES_MAX {
            self.text.insert_str(self.cursor, text);
            if is_typed && self.cursor <= self.typed {
                self.typed += text.len();
            } else {
                self.typed = self.typed.min(self.cursor);
            }
            self.cursor += text.len();
        }
    }

    /// Takes a range out and places the cursor where it was.
    fn cut(&mut self, range: std::ops::Range<usize>) {
        let typed = range.start.min(self.typed)..range.end.min(self.typed);
        self.typed -= typed.len();
        self.cursor = range.start;
        self.text.replace_range(range, "");
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from < to {
            if self.killed.len() == KILLS_MAX {
                self.killed.remove(0);
            }
            self.killed.push(Piece {
                text: self.text[from..to].to_owned(),
                is_typed: to <= self.typed,
            });
            self.remove(from, to);
        }
    }

    fn remove(&mut self, from: usize, to: usize) {
        if from < to {
            self.step();
            self.cut(from..to);
        }
    }

    fn go(&mut self, to: usize) {
        self.cursor = to;
        self.typing = false;
        self.yanked = None;
    }

    fn go_column(&mut self, start: usize, end: usize, from: usize) {
        let column = self.text[from..self.cursor].graphemes(true).count();
        let line = &self.text[start..end];
        self.go(line
            .grapheme_indices(true)
            .nth(column)
            .map_or(end, |(at, _)| start + at));
    }

    fn step(&mut self) {
        self.undo.push(Step {
            text: self.text.clone(),
            cursor: self.cursor,
            typed: self.typed,
        });
        let mut bytes: usize = self.undo.iter().map(|step| step.text.len()).sum();
        while self.undo.len() > UNDO_STEPS_MAX || bytes > UNDO_BYTES_MAX {
            bytes -= self.undo.remove(0).text.len();
        }
        (self.typing, self.yanked) = (false, None);
    }

    fn before(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor
            .prev_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(0)
    }

    fn after(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor
            .next_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(self.text.len())
    }

    fn this_line(&self) -> std::ops::Range<usize> {
        let start = self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[self.cursor..]
            .find('\n')
            .map_or(self.text.len(), |at| self.cursor + at);
        start..end
    }

    fn word_start(&self) -> usize {
        let head = &self.text[..self.cursor];
        head.unicode_word_indices()
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn word_end(&self) -> usize {
        let tail = &self.text[self.cursor..];
        let word = tail.unicode_word_indices().next();
        word.map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }
}

#[cfg(test)]
mod tests;
