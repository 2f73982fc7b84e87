//! The tree of a message's text.

use serde::{Deserialize, Serialize};

/// A part of a message that takes whole lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Lines of running text, with the line feeds between them.
    Paragraph(Vec<Inline>),
    /// Lines that were quoted with `> `, without that mark, with the line feeds between them.
    Quote(Vec<Inline>),
    /// Lines that each begin with the mark of a list.
    List(Vec<Item>),
    /// Lines between two lines of three backticks.
    Fence {
        /// The language that the opening line names; empty if it names none.
        language: String,
        /// The lines, with the line feeds between them, exactly as typed.
        text: String,
    },
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The mark of the line: `-`, `*`, or a number with `.` or `)`.
    pub mark: String,
    /// The text behind the mark and a space.
    pub text: Vec<Inline>,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// Text to show exactly as it is.
    Text(String),
    /// `**strong**`
    Strong(Vec<Inline>),
    /// `*emphasis*` or `_emphasis_`
    Emphasis(Vec<Inline>),
    /// `~~struck~~`
    Strike(Vec<Inline>),
    /// `` `code` ``, exactly as typed.
    Code(String),
    /// A URL in the text, or `[label](url)`.
    Link {
        /// The URL to open.
        url: String,
        /// The label to show, without links and mentions.
        label: Vec<Inline>,
    },
    /// `@name` of a user whom the message mentions; the name as it was typed.
    Mention(String),
}

impl Inline {
    /// Puts text at the end of `inlines`, joined with text that is there.
    pub(super) fn push_text(inlines: &mut Vec<Self>, text: &str) {
        match inlines.last_mut() {
            _ if text.is_empty() => {}
            Some(Self::Text(last)) => last.push_str(text),
            _ => inlines.push(Self::Text(text.to_owned())),
        }
    }

    /// Appends `more` to `inlines`, with texts that meet joined.
    pub(super) fn append(inlines: &mut Vec<Self>, more: Vec<Self>) {
        for inline in more {
            match inline {
                Self::Text(text) => Self::push_text(inlines, &text),
                other => inlines.push(other),
            }
        }
    }
}

/// The text of a tree without its formatting: for notifications, previews and search results.
pub fn plain(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        match block {
            Block::Paragraph(inlines) | Block::Quote(inlines) => push_plain(inlines, &mut text),
            Block::Fence { text: code, .. } => text.push_str(code),
            Block::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        text.push('\n');
                    }
                    text.push_str(&item.mark);
                    text.push(' ');
                    push_plain(&item.text, &mut text);
                }
            }
        }
    }
    text
}

fn push_plain(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(piece) | Inline::Code(piece) => text.push_str(piece),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                push_plain(inner, text);
            }
            Inline::Link { label, .. } => push_plain(label, text),
            Inline::Mention(name) => {
                text.push('@');
                text.push_str(name);
            }
        }
    }
}
