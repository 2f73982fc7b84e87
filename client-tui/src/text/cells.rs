//! Cuts text from other people into cells that are safe to draw.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Code points allowed in one cell; a family emoji with skin tones has eleven.
const GRAPHEME_CHARS_MAX: usize = 12;

/// Replaces what has no safe form.
const REPLACEMENT: &str = "\u{FFFD}";

/// One grapheme cluster of a text, as the screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    /// The byte at which it starts.
    pub(crate) at: usize,
    /// Its length in bytes.
    pub(crate) len: usize,
    /// The text to draw, without control, escape and bidi characters.
    pub(crate) shown: Cow<'a, str>,
    /// Its width in columns.
    pub(crate) width: usize,
}

impl Cell<'_> {
    pub(crate) fn end(&self) -> usize {
        self.at + self.len
    }

    pub(crate) fn is_newline(&self) -> bool {
        self.shown == "\n"
    }

    pub(crate) fn is_space(&self) -> bool {
        self.shown == " " || self.shown == "    "
    }
}

/// The cells of `text`, in order. A line end is a cell of width 0.
pub(crate) fn cells(text: &str) -> impl Iterator<Item = Cell<'_>> {
    text.grapheme_indices(true).map(|(at, grapheme)| {
        let shown = shown(grapheme);
        let width = if shown == "\n" { 0 } else { shown.width() };
        Cell {
            at,
            len: grapheme.len(),
            shown,
            width,
        }
    })
}

/// `text` on one line, safe to draw.
pub(crate) fn sanitize(text: &str) -> String {
    cells(text)
        .map(|cell| {
            if cell.is_newline() {
                "\u{2424}".into()
            } else {
                cell.shown
            }
        })
        .collect()
}

/// The width of `text` on one line, in columns.
pub(crate) fn width(text: &str) -> usize {
    cells(text).map(|cell| cell.width).sum()
}

fn shown(grapheme: &str) -> Cow<'_, str> {
    let mut chars = grapheme.chars();
    let Some(first) = chars.next() else {
        return Cow::Borrowed("");
    };
    if matches!(grapheme, "\n" | "\r\n") {
        return Cow::Borrowed("\n");
    }
    match first {
        '\t' => return Cow::Borrowed("    "),
        // The symbols for control characters start at U+2400, in the order of the characters.
        '\0'..='\u{1F}' => return picture(u32::from(first)),
        '\u{7F}' => return picture(0x21),
        // Zero-width space, word joiner, byte order mark and soft hyphen are invisible to a reader.
        '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' => return Cow::Borrowed(""),
        _ if first.is_control() || is_format(first) => return Cow::Borrowed(REPLACEMENT),
        _ => {}
    }
    let tagged = first == '\u{1F3F4}';
    let is_hidden = |c: char| is_format(c) && !(tagged && is_tag(c));
    let mut text = Cow::Borrowed(grapheme);
    if grapheme.chars().any(is_hidden) || grapheme.chars().nth(GRAPHEME_CHARS_MAX).is_some() {
        let kept = grapheme
            .chars()
            .filter(|c| !is_hidden(*c))
            .take(GRAPHEME_CHARS_MAX);
        text = Cow::Owned(kept.collect());
    }
    if text.ends_with('\u{200D}') {
        // A joiner at the end would join the next cell, which may be another person's text.
        text = Cow::Owned(text.trim_end_matches('\u{200D}').to_owned());
    }
    if text.width() == 0 {
        // A combining mark without a base would change the cell before it.
        let mark = if first.is_alphanumeric() {
            REPLACEMENT.to_owned()
        } else {
            format!("\u{25CC}{text}")
        };
        return Cow::Owned(if mark.width() == 1 {
            mark
        } else {
            REPLACEMENT.to_owned()
        });
    }
    text
}

fn picture(index: u32) -> Cow<'static, str> {
    char::from_u32(0x2400 + index).map_or(Cow::Borrowed(REPLACEMENT), |c| Cow::Owned(c.into()))
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0020}'..='\u{E007F}')
}

/// Characters that change how others are shown or are invisible: Unicode's bidi controls (UAX #9),
/// separators, annotations and tags.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{061C}' | '\u{180E}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2061}'..='\u{206F}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str, expect_width: usize) {
        let shown = sanitize(text);
        assert_eq!(
            (shown.as_str(), width(text)),
            (expect, expect_width),
            "{text:?}"
        );
        assert!(
            !shown.chars().any(|c| c.is_control()),
            "{text:?} shows a control character"
        );
    }

    #[test]
    fn control_characters_of_others_are_removed() {
        check("plain ä", "plain ä", 7);
        check("\x1b[31mred", "␛[31mred", 8);
        check("a\x07\x7fb", "a␇␡b", 4);
        check("\u{9b}31m", "\u{FFFD}31m", 4);
        check("ann\u{202e}txt.exe", "ann\u{FFFD}txt.exe", 11);
        check("\u{2066}x\u{2069}", "\u{FFFD}x\u{FFFD}", 3);
        check("a\u{200b}b\u{feff}", "ab", 2);
        check("a\tb", "a    b", 6);
        check("a\nb", "a␤b", 2);
        check("a\rb", "a␍b", 3);
        check("\u{2028}", "\u{FFFD}", 1);
    }

    #[test]
    fn graphemes_have_the_width_of_their_cells() {
        check("日本", "日本", 4);
        check("👩‍👩‍👧", "👩‍👩‍👧", 2);
        check("e\u{301}", "e\u{301}", 1);
        check("\u{301}x", "\u{25CC}\u{301}x", 2);
        check("🏴\u{E0067}\u{E007F}", "🏴\u{E0067}\u{E007F}", 2);
        check("a\u{E0067}", "a", 1);
        let zalgo = format!("z{}", "\u{335}".repeat(300));
        assert_eq!(sanitize(&zalgo).chars().count(), GRAPHEME_CHARS_MAX);
        assert_eq!(width(&zalgo), 1);
    }
}
