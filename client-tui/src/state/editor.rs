//! A text field with a cursor that stands between grapheme clusters, readline's kill ring and undo.

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
    /// The kill ring, the last kill at the end.
    killed: Vec<String>,
    /// The range that the last yank inserted, and the index of its kill.
    yanked: Option<(std::ops::Range<usize>, usize)>,
    undo: Vec<(String, usize)>,
    /// Consecutive typed letters are one undo step.
    typing: bool,
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
    pub(crate) fn with_text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.len(),
            ..Self::default()
        }
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
    }

    pub(crate) fn type_char(&mut self, c: char) {
        if !self.typing || c.is_whitespace() {
            self.step();
        }
        self.put(c.encode_utf8(&mut [0; 4]));
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
            self.put(&text);
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
        if let Some(text) = self.killed.get(at).cloned() {
            self.step();
            self.put_yanked(&text, at);
        }
    }

    /// Directly after a yank, replaces it with the kill before.
    pub(crate) fn yank_older(&mut self) {
        if let Some((range, at)) = self.yanked.clone() {
            let at = at.checked_sub(1).unwrap_or(self.killed.len() - 1);
            let text = self.killed[at].clone();
            self.text.replace_range(range.clone(), "");
            self.cursor = range.start;
            self.put_yanked(&text, at);
        }
    }

    fn put_yanked(&mut self, text: &str, at: usize) {
        let start = self.cursor;
        self.put(text);
        self.yanked = Some((start..self.cursor, at));
    }

    /// Replaces the text between `start` and the cursor.
    pub(crate) fn replace_back(&mut self, start: usize, text: &str) {
        if start <= self.cursor && self.text.is_char_boundary(start) {
            self.step();
            self.text.replace_range(start..self.cursor, "");
            self.cursor = start;
            self.put(text);
        }
    }

    pub(crate) fn undo(&mut self) {
        if let Some((text, cursor)) = self.undo.pop() {
            (self.text, self.cursor, self.typing) = (text, cursor, false);
            self.yanked = None;
        }
    }

    fn put(&mut self, text: &str) {
        if self.text.len() + text.len() <= TEXT_BYTES_MAX {
            self.text.insert_str(self.cursor, text);
            self.cursor += text.len();
        }
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from < to {
            if self.killed.len() == KILLS_MAX {
                self.killed.remove(0);
            }
            self.killed.push(self.text[from..to].to_owned());
            self.remove(from, to);
        }
    }

    fn remove(&mut self, from: usize, to: usize) {
        if from < to {
            self.step();
            self.text.replace_range(from..to, "");
            self.cursor = from;
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
        self.undo.push((self.text.clone(), self.cursor));
        let mut bytes: usize = self.undo.iter().map(|(text, _)| text.len()).sum();
        while self.undo.len() > UNDO_STEPS_MAX || bytes > UNDO_BYTES_MAX {
            bytes -= self.undo.remove(0).0.len();
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
mod tests {
    use super::*;

    /// `|` marks the cursor.
    fn check(text: &str, edit: impl FnOnce(&mut Editor), expect: &str) {
        let cursor = text.find('|').unwrap();
        let mut editor = Editor::with_text(&text.replace('|', ""));
        editor.cursor = cursor;
        edit(&mut editor);
        let mut shown = editor.text.clone();
        shown.insert(editor.cursor, '|');
        assert_eq!(shown, expect, "from {text:?}");
    }

    #[test]
    fn moves() {
        check("ab|", Editor::left, "a|b");
        check("|ab", Editor::left, "|ab");
        check("|👩‍👩‍👧b", Editor::right, "👩‍👩‍👧|b");
        check("hello wor|ld", Editor::word_left, "hello |world");
        check("hello |world", Editor::word_left, "|hello world");
        check("|hello, world", Editor::word_right, "hello|, world");
        check("a\nbc|d", Editor::line_start, "a\n|bcd");
        check("a\nb|cd\ne", Editor::line_end, "a\nbcd|\ne");
        check("abc\nde|f", |e| assert!(e.up()), "ab|c\ndef");
        check("a\nde|f", |e| assert!(e.up()), "a|\ndef");
        check("ab|c\nd", |e| assert!(e.down()), "abc\nd|");
        check("ab|c", |e| assert!(!e.up() && !e.down()), "ab|c");
    }

    #[test]
    fn changes() {
        check("|", |e| e.type_char('ä'), "ä|");
        check("e\u{301}|", Editor::backspace, "|");
        check("a|日b", Editor::delete, "a|b");
        check("a|", Editor::delete, "a|");
        check("ab|cd", Editor::kill_to_end, "ab|");
        check("ab|\ncd", Editor::kill_to_end, "ab|cd");
        check("x\nab|cd", Editor::kill_to_start, "x\n|cd");
        check("say a.b  |", Editor::kill_back, "say |");
        check("|say it", Editor::kill_word, "| it");
        check(
            "a|b",
            |e| assert!(e.insert("1\r\n2\r3\t\x1b[0m")),
            "a1\n2\n3    [0m|b",
        );
        check(
            "ab cd|",
            |e| {
                e.kill_back();
                e.line_start();
                e.yank();
                e.yank();
            },
            "cdcd|ab ",
        );
    }

    #[test]
    fn yank_goes_round_the_kills() {
        let kill_two = |e: &mut Editor| {
            e.kill_back();
            e.kill_back();
            e.yank();
        };
        check("one two|", kill_two, "one |");
        check("one two|", |e| (kill_two(e), e.yank_older()).1, "two|");
        let three = |e: &mut Editor| {
            kill_two(e);
            e.yank_older();
            e.yank_older();
        };
        check("one two|", three, "one |");
        check("one two|", |e| (e.kill_back(), e.yank_older()).1, "one |");
    }

    #[test]
    fn undo_goes_back_by_steps() {
        let type_all = |e: &mut Editor| "one two".chars().for_each(|c| e.type_char(c));
        check(
            "|",
            |e| {
                type_all(e);
                e.undo();
            },
            "one|",
        );
        check(
            "|",
            |e| {
                type_all(e);
                e.undo();
                e.undo();
                e.undo();
            },
            "|",
        );
        check(
            "ab|",
            |e| {
                e.kill_to_start();
                e.undo();
            },
            "ab|",
        );
        check(
            "ab|",
            |e| {
                e.set("x");
                e.undo();
            },
            "ab|",
        );
    }

    #[test]
    fn a_text_is_bounded() {
        let mut editor = Editor::default();
        assert!(!editor.insert(&"x".repeat(TEXT_BYTES_MAX + 1)));
        assert!(editor.is_empty());
        (0..UNDO_STEPS_MAX * 2).for_each(|_| assert!(editor.insert("x")));
        assert_eq!(editor.undo.len(), UNDO_STEPS_MAX);
    }
}
