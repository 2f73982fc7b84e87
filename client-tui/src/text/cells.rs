use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Code points that one cell may pile up; a family emoji with skin tones has eleven.
const GRAPHEME_CHARS_MAX: usize = 12;

/// Shown for what has no harmless form of its own.
const REPLACEMENT: &str = "\u{FFFD}";

/// One grapheme of a text, as the screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    /// Where it begins in the text, in bytes.
    pub(crate) at: usize,
    /// Its length in the text, in bytes.
    pub(crate) len: usize,
    /// What to draw: no control, escape or bidi character is in it.
    pub(crate) shown: Cow<'a, str>,
    /// Columns that it takes.
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

/// The cells of `text`, in order. A line's end is a cell of no width.
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

/// `text` on one line, as the screen may show it.
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

/// Columns that `text` takes on one line.
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
        // The pictures of the control characters stand in their order from U+2400.
        '\0'..='\u{1F}' => return picture(u32::from(first)),
        '\u{7F}' => return picture(0x21),
        // Zero-width space, word joiner, byte-order mark and soft hyphen say nothing to a reader.
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
        // A joiner at the end would join what is drawn next, another message's text too.
        text = Cow::Owned(text.trim_end_matches('\u{200D}').to_owned());
    }
    if text.width() == 0 {
        // A mark with nothing to stand on would change the cell before it.
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

/// Characters that change how others are shown, or are not shown themselves: Unicode's bidi
/// controls (UAX #9), separators, annotations and tags.
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
    fn what_others_wrote_is_harmless() {
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
