//! A message's text as a terminal draws it: characters with styles. Which characters are formatting
//! is decided by [`chat_shared::text::parse`], as for every client.

use std::ops::Range;

use chat_shared::text::{self, Block, Inline};

/// How a piece of text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TextStyle {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) struck: bool,
    pub(crate) code: bool,
    pub(crate) quote: bool,
    pub(crate) mention: bool,
    /// The index in [`Markup::links`] of the URL that it leads to.
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

/// Links of one message that can be opened; further ones are shown without.
const LINKS_MAX: usize = 100;

/// Begins each line of a quote and of a fence.
const BAR: &str = "\u{258f} ";

impl Markup {
    pub(crate) fn plain(text: &str) -> Self {
        let mut markup = Self::default();
        markup.push(text, TextStyle::default());
        markup
    }

    /// Reads a message's text; an `@name` is a mention if it is one of `mentions`.
    pub(crate) fn parse(text: &str, mentions: &[impl AsRef<str>]) -> Self {
        let mut markup = Self::default();
        for (at, block) in text::parse(text, mentions).iter().enumerate() {
            if at > 0 {
                markup.push("\n", TextStyle::default());
            }
            markup.block(block);
        }
        markup
    }

    pub(crate) fn push(&mut self, text: &str, style: TextStyle) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        match self.runs.last_mut() {
            Some((range, last)) if *last == style => range.end = self.text.len(),
            _ => self.runs.push((start..self.text.len(), style)),
        }
    }

    fn block(&mut self, block: &Block) {
        let plain = TextStyle::default();
        let quote = TextStyle {
            quote: true,
            ..plain
        };
        match block {
            Block::Paragraph(inlines) => self.inlines(inlines, plain, ""),
            Block::Quote(inlines) => {
                self.push(BAR, quote);
                self.inlines(inlines, quote, BAR);
            }
            Block::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    let feed = if at > 0 { "\n" } else { "" };
                    self.push(&format!("{feed}{} ", item.mark), plain);
                    self.inlines(&item.text, plain, "");
                }
            }
            Block::Fence { text, .. } => {
                for (at, line) in text.split('\n').enumerate() {
                    self.push(if at > 0 { "\n" } else { "" }, plain);
                    self.push(BAR, quote);
                    self.push(
                        line,
                        TextStyle {
                            code: true,
                            ..plain
                        },
                    );
                }
            }
        }
    }

    /// Adds the parts of a line, or of lines that each begin with `bar`.
    fn inlines(&mut self, inlines: &[Inline], style: TextStyle, bar: &str) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.lines(text, style, bar),
                Inline::Strong(inner) => {
                    let bold = true;
                    self.inlines(inner, TextStyle { bold, ..style }, bar);
                }
                Inline::Emphasis(inner) => {
                    let italic = true;
                    self.inlines(inner, TextStyle { italic, ..style }, bar);
                }
                Inline::Strike(inner) => {
                    let struck = true;
                    self.inlines(inner, TextStyle { struck, ..style }, bar);
                }
                Inline::Code(text) => {
                    // The backticks stay, so that code is recognised without colours.
                    let ticks = if text.contains('`') { "``" } else { "`" };
                    let code = true;
                    let text = format!("{ticks}{text}{ticks}");
                    self.push(&text, TextStyle { code, ..style });
                }
                Inline::Link { url, label } => self.link(url, label, style),
                Inline::Mention(name) => {
                    let mention = true;
                    self.push(&format!("@{name}"), TextStyle { mention, ..style });
                }
            }
        }
    }

    fn lines(&mut self, text: &str, style: TextStyle, bar: &str) {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.push("\n", style);
                self.push(bar, style);
            }
            self.push(line, style);
        }
    }

    /// Adds a link. Its URL is always visible: behind the label, unless that shows it.
    fn link(&mut self, url: &str, label: &[Inline], style: TextStyle) {
        let link = self.index_of(url);
        let start = self.text.len();
        self.inlines(label, TextStyle { link, ..style }, "");
        let shown = &self.text[start..];
        if shown != url && url.strip_prefix("https://") != Some(shown) {
            self.push(&format!(" <{url}>"), style);
        }
    }

    fn index_of(&mut self, url: &str) -> Option<u16> {
        if self.links.len() >= LINKS_MAX {
            return None;
        }
        self.links.push(url.to_owned());
        u16::try_from(self.links.len() - 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows each run in brackets after the letters of its style.
    #[track_caller]
    fn check(text: &str, expect: &str) {
        let markup = Markup::parse(text, &["bob"]);
        let mut shown = String::new();
        let mut at = 0;
        for (range, style) in &markup.runs {
            assert_eq!(range.start, at, "no gap, no overlap");
            at = range.end;
            let mut letters = String::new();
            for (letter, is) in [
                ('b', style.bold),
                ('i', style.italic),
                ('s', style.struck),
                ('c', style.code),
                ('q', style.quote),
                ('@', style.mention),
            ] {
                if is {
                    letters.push(letter);
                }
            }
            if let Some(link) = style.link {
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
    fn styles() {
        check("**a *b* c**", "b[a ]bi[b]b[ c]");
        check("~~gone~~", "s[gone]");
        check("`a*b*` ``a`b``", "c[`a*b*`] c[``a`b``]");
        check("hi @bob", "hi @[@bob]");
        check("- *a*\n2) b", "- i[a]\n2) b");
    }

    #[test]
    fn bars() {
        check("> said\n> *more*\nno", "q[▏ said\n▏ ]iq[more]\nno");
        check(
            "so:\n```rust\nlet *a*;\n\n```\nend",
            "so:\nq[▏ ]c[let *a*;]\nq[▏ ]\nend",
        );
    }

    #[test]
    fn urls_are_visible() {
        check(
            "https://a.example www.b.example",
            "<https://a.example>[https://a.example] <https://www.b.example>[www.b.example]",
        );
        check(
            "[here](https://a.example)",
            "<https://a.example>[here] <https://a.example>",
        );
    }
}
