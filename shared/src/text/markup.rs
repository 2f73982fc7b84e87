//! Reads the formatting of a message. PROTOCOL.md, "Message text", is its specification, and
//! `golden/text` has the vectors that every client is held to.
//!
//! Reading takes time linear in the length of the text, never fails, and loses nothing: what is not
//! formatting is in the tree exactly as typed.

use super::inline;
use super::tree::{Block, Inline, Item};

/// The line that begins and ends a fence, without the language.
const FENCE: &str = "```";

/// Characters of the language that a fence names.
const LANGUAGE_CHARS_MAX: usize = 20;

/// Digits of the number of a list's item.
const NUMBER_DIGITS_MAX: usize = 9;

/// The kind of a line.
enum Line<'a> {
    Plain(&'a str),
    Quote(&'a str),
    Item { mark: &'a str, text: &'a str },
}

/// Reads the formatting of `text`. `mentions` has the usernames that the message mentions, as
/// `chat` and `edited` list them; an `@name` of anybody else is text.
pub fn parse(text: &str, mentions: &[impl AsRef<str>]) -> Vec<Block> {
    let lines: Vec<&str> = text.split('\n').collect();
    let fence_ends = fence_ends(&lines);
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if let Some(language) = fence_of(lines[at])
            && let Some(end) = fence_ends[at]
        {
            blocks.push(Block::Fence {
                language: language.to_owned(),
                text: lines[at + 1..end].join("\n"),
            });
            at = end + 1;
            continue;
        }
        push_line(&mut blocks, lines[at], mentions);
        at += 1;
    }
    blocks
}

/// For each line, the nearest later line that is only a fence.
fn fence_ends(lines: &[&str]) -> Vec<Option<usize>> {
    let mut ends = vec![None; lines.len()];
    let mut next = None;
    for (at, line) in lines.iter().enumerate().rev() {
        ends[at] = next;
        if line.trim_end() == FENCE {
            next = Some(at);
        }
    }
    ends
}

/// The language of a line that may open a fence.
fn fence_of(line: &str) -> Option<&str> {
    let language = line.strip_prefix(FENCE)?.trim_end();
    let is_language =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '.' | '_' | '-');
    (language.len() <= LANGUAGE_CHARS_MAX && language.chars().all(is_language)).then_some(language)
}

fn push_line(blocks: &mut Vec<Block>, line: &str, mentions: &[impl AsRef<str>]) {
    match line_of(line) {
        Line::Plain(text) => {
            let inlines = inline::parse(text, mentions);
            match blocks.last_mut() {
                Some(Block::Paragraph(lines)) => append(lines, inlines),
                _ => blocks.push(Block::Paragraph(inlines)),
            }
        }
        Line::Quote(text) => {
            let inlines = inline::parse(text, mentions);
            match blocks.last_mut() {
                Some(Block::Quote(lines)) => append(lines, inlines),
                _ => blocks.push(Block::Quote(inlines)),
            }
        }
        Line::Item { mark, text } => {
            let item = Item {
                mark: mark.to_owned(),
                text: inline::parse(text, mentions),
            };
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(item),
                _ => blocks.push(Block::List(vec![item])),
            }
        }
    }
}

fn append(lines: &mut Vec<Inline>, line: Vec<Inline>) {
    Inline::push_text(lines, "\n");
    Inline::append(lines, line);
}

fn line_of(line: &str) -> Line<'_> {
    if line == ">" {
        return Line::Quote("");
    }
    if let Some(quoted) = line.strip_prefix("> ") {
        return Line::Quote(quoted);
    }
    match line.split_once(' ') {
        Some((mark, text)) if is_list_mark(mark) && begins_text(text) => Line::Item { mark, text },
        _ => Line::Plain(line),
    }
}

/// Whether there is text directly behind the mark and its space.
fn begins_text(text: &str) -> bool {
    text.starts_with(|c: char| !c.is_whitespace())
}

fn is_list_mark(mark: &str) -> bool {
    let number = mark.strip_suffix(['.', ')']).unwrap_or("");
    let is_number = (1..=NUMBER_DIGITS_MAX).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number || matches!(mark, "-" | "*")
}
