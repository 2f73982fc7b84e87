//! Reads the formatting of a message: emphasis, code, quotes and links.

use std::ops::Range;

/// How a piece of text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TextStyle {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) struck: bool,
    pub(crate) code: bool,
    pub(crate) quote: bool,
    /// The index in [`Markup::links`] of the address that it leads to.
    pub(crate) link: Option<u16>,
}

/// A text without its formatting marks, and the style of each part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Markup {
    pub(crate) text: String,
    /// Ranges of `text`, in order, without gap or overlap.
    pub(crate) runs: Vec<(Range<usize>, TextStyle)>,
    pub(crate) links: Vec<String>,
}

/// Links of one message; further ones stay plain text.
const LINKS_MAX: usize = 100;

/// The longest address that becomes a link, in bytes.
const LINK_CHARS_MAX: usize = 2_000;

/// How deep marks may be nested.
const DEPTH_MAX: usize = 4;

impl Markup {
    pub(crate) fn plain(text: &str) -> Self {
        let mut markup = Self::default();
        markup.push(text, TextStyle::default());
        markup
    }

    /// Parses a message.
    pub(crate) fn parse(text: &str) -> Self {
        let mut markup = Self::default();
        let mut fenced = false;
        let fences = text.lines().filter(|line| is_fence(line)).count();
        let mut seen = 0;
        let mut first = true;
        for line in text.split('\n') {
            if is_fence(line) && (fenced || seen + 1 < fences) {
                seen += 1;
                fenced = !fenced;
                continue;
            }
            seen += usize::from(is_fence(line));
            if !first {
                markup.push("\n", TextStyle::default());
            }
            first = false;
            let look = TextStyle::default();
            if fenced {
                markup.push(
                    "\u{258f} ",
                    TextStyle {
                        quote: true,
                        ..look
                    },
                );
                markup.push(line, TextStyle { code: true, ..look });
            } else if let Some(quoted) = line.strip_prefix("> ") {
                markup.push(
                    "\u{258f} ",
                    TextStyle {
                        quote: true,
                        ..look
                    },
                );
                markup.inline(
                    quoted,
                    TextStyle {
                        quote: true,
                        ..look
                    },
                    0,
                );
            } else {
                markup.inline(line, look, 0);
            }
        }
        markup
    }

    pub(crate) fn push(&mut self, text: &str, look: TextStyle) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        match self.runs.last_mut() {
            Some((range, last)) if *last == look => range.end = self.text.len(),
            _ => self.runs.push((start..self.text.len(), look)),
        }
    }

    fn inline(&mut self, text: &str, look: TextStyle, depth: usize) {
        let mut rest = text;
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            let word_before = before.is_some_and(char::is_alphanumeric);
            let used = match c {
                '`' => self.code(rest, look),
                '*' | '_' | '~' if depth < DEPTH_MAX => {
                    self.emphasis(rest, look, word_before, depth)
                }
                '[' => self.named_link(rest, look, depth),
                'h' if !word_before => self.bare_link(rest, look),
                '\\' => self.escaped(rest, look),
                _ => None,
            };
            let used = used.unwrap_or_else(|| {
                self.push(&rest[..c.len_utf8()], look);
                c.len_utf8()
            });
            before = rest[..used].chars().next_back();
            rest = &rest[used..];
        }
    }

    fn escaped(&mut self, text: &str, look: TextStyle) -> Option<usize> {
        let next = text[1..].chars().next()?;
        if !"*_~`[\\".contains(next) {
            return None;
        }
        self.push(&text[1..2], look);
        Some(2)
    }

    /// The backticks stay, so that code can be recognised without colours.
    fn code(&mut self, text: &str, look: TextStyle) -> Option<usize> {
        let marks = text.len() - text.trim_start_matches('`').len();
        let mark = &text[..marks];
        let inner = &text[marks..];
        let end = inner.find(mark)?;
        if end == 0 {
            return None;
        }
        let used = marks + end + marks;
        self.push(&text[..used], TextStyle { code: true, ..look });
        Some(used)
    }

    fn emphasis(
        &mut self,
        text: &str,
        look: TextStyle,
        word_before: bool,
        depth: usize,
    ) -> Option<usize> {
        let (mark, inside) = [
            ("**", TextStyle { bold: true, ..look }),
            ("__", TextStyle { bold: true, ..look }),
            (
                "~~",
                TextStyle {
                    struck: true,
                    ..look
                },
            ),
            (
                "*",
                TextStyle {
                    italic: true,
                    ..look
                },
            ),
            (
                "_",
                TextStyle {
                    italic: true,
                    ..look
                },
            ),
        ]
        .into_iter()
        .find(|(mark, _)| text.starts_with(mark))?;
        // snake_case is not emphasis.
        if word_before && mark.starts_with('_') {
            return None;
        }
        let inner = &text[mark.len()..];
        if inner.starts_with(char::is_whitespace) {
            return None;
        }
        let mut from = 0;
        loop {
            let end = from + inner[from..].find(mark)?;
            let after = &inner[end + mark.len()..];
            let is_open = inner[..end].ends_with(char::is_whitespace) || end == 0;
            let in_word = mark.starts_with('_') && after.starts_with(char::is_alphanumeric);
            let is_longer = mark.len() == 1 && after.starts_with(mark);
            if !is_open && !in_word && !is_longer {
                self.inline(&inner[..end], inside, depth + 1);
                return Some(mark.len() + end + mark.len());
            }
            from = end + mark.len();
            // Inside `*…*`, a `**` is not the closing mark.
            from += usize::from(mark.len() == 1 && inner[from..].starts_with(mark));
        }
    }

    fn named_link(&mut self, text: &str, look: TextStyle, depth: usize) -> Option<usize> {
        let middle = text.find("](")?;
        let name = &text[1..middle];
        let end = middle + 2 + text[middle + 2..].find(')')?;
        let address = &text[middle + 2..end];
        if name.is_empty() || name.contains('[') || !is_address(address) {
            return None;
        }
        let link = Some(self.link(address)?);
        self.inline(name, TextStyle { link, ..look }, depth.max(DEPTH_MAX));
        // The address is always visible.
        if name != address {
            self.push(&format!(" <{address}>"), look);
        }
        Some(end + 1)
    }

    fn bare_link(&mut self, text: &str, look: TextStyle) -> Option<usize> {
        let end = text
            .find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
            .unwrap_or(text.len());
        let mut address = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
        // A closing parenthesis around the address is not part of it.
        if address.ends_with(')') && !address.contains('(') {
            address = address.trim_end_matches(')');
        }
        if look.link.is_some() || !is_address(address) {
            return None;
        }
        let link = Some(self.link(address)?);
        self.push(address, TextStyle { link, ..look });
        Some(address.len())
    }

    fn link(&mut self, address: &str) -> Option<u16> {
        if self.links.len() >= LINKS_MAX {
            return None;
        }
        self.links.push(address.to_owned());
        u16::try_from(self.links.len() - 1).ok()
    }
}

fn is_fence(line: &str) -> bool {
    line.starts_with("```") && !line[3..].contains('`')
}

/// Accepts http and https addresses without white space and control characters.
fn is_address(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| host.starts_with(char::is_alphanumeric))
        && text.len() <= LINK_CHARS_MAX
        && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows each run in brackets after the letters of its style.
    #[track_caller]
    fn check(text: &str, expect: &str) {
        let markup = Markup::parse(text);
        let mut shown = String::new();
        let mut at = 0;
        for (range, look) in &markup.runs {
            assert_eq!(range.start, at, "no gap, no overlap");
            at = range.end;
            let mut letters = String::new();
            for (letter, is) in [
                ('b', look.bold),
                ('i', look.italic),
                ('s', look.struck),
                ('c', look.code),
                ('q', look.quote),
            ] {
                if is {
                    letters.push(letter);
                }
            }
            if let Some(link) = look.link {
                letters += &format!("<{}>", markup.links[usize::from(link)]);
            }
            let text = &markup.text[range.clone()];
            shown += &if letters.is_empty() {
                text.to_owned()
            } else {
                format!("{letters}[{text}]")
            };
        }
        assert_eq!(at, markup.text.len());
        assert_eq!(shown, expect, "{text:?}");
    }

    #[test]
    fn inline_forms() {
        check("plain", "plain");
        check("a **bold** b", "a b[bold] b");
        check("*it* and _it_", "i[it] and i[it]");
        check("**a *b* c**", "b[a ]bi[b]b[ c]");
        check("~~gone~~", "s[gone]");
        check("`a*b*`", "c[`a*b*`]");
        check("``a`b``", "c[``a`b``]");
        check("snake_case_name", "snake_case_name");
        check("2 * 3 * 4", "2 * 3 * 4");
        check("**open", "**open");
        check("a\\*b\\*", "a*b*");
        check("****", "****");
        check("> said", "q[▏ said]");
    }

    #[test]
    fn links() {
        check(
            "see https://a.example/x.",
            "see <https://a.example/x>[https://a.example/x].",
        );
        check(
            "(http://a.example)",
            "(<http://a.example>[http://a.example])",
        );
        check(
            "[here](https://a.example)",
            "<https://a.example>[here] <https://a.example>",
        );
        check("[x](javascript:alert)", "[x](javascript:alert)");
        check("xhttps://a.example", "xhttps://a.example");
        check("https://", "https://");
    }

    #[test]
    fn code_blocks() {
        check(
            "so:\n```rust\nlet *a* = 1;\n```\nend",
            "so:\nq[▏ ]c[let *a* = 1;]\nend",
        );
        check("```\nopen", "```\nopen");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_gap_or_overlap(text in r"[a*_~`\[\]()\\ \nhtps:/.>é😀]{0,60}|.{0,60}") {
            let markup = Markup::parse(&text);
            let mut at = 0;
            for (range, _) in &markup.runs {
                assert_eq!(range.start, at);
                assert!(markup.text.is_char_boundary(range.end));
                at = range.end;
            }
            assert_eq!(at, markup.text.len());
        }
    }
}
