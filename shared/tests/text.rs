//! The vectors of `golden/text`, which the page and the terminal are held to as well, and what
//! holds for every text.

use std::time::{Duration, Instant};

use chat_shared::limits::TEXT_CHARS_MAX;
use chat_shared::text::{Block, Inline, parse};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    mentions: Vec<String>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    text: String,
    blocks: Vec<Block>,
}

#[test]
fn every_vector_is_read_as_its_tree() {
    let dir = format!("{}/golden/text", env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let file = std::fs::read_to_string(&path).unwrap();
        let file: Vectors =
            serde_json::from_str(&file).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for vector in file.vectors {
            let blocks = parse(&vector.text, &file.mentions);
            assert_eq!(
                blocks,
                vector.blocks,
                "{}: {:?}",
                path.display(),
                vector.text
            );
            checked += 1;
        }
    }
    assert!(checked >= 150, "only {checked} vectors");
}

/// Everything that a tree has, in the order of the text, but for the marks of formatting.
fn content(blocks: &[Block]) -> String {
    let mut content = String::new();
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Quote(inlines) => push(inlines, &mut content),
            Block::Fence { language, text } => content += &format!("{language}{text}"),
            Block::List(items) => {
                for item in items {
                    content += &item.mark;
                    push(&item.text, &mut content);
                }
            }
        }
    }
    content
}

fn push(inlines: &[Inline], content: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(text) | Inline::Code(text) | Inline::Mention(text) => *content += text,
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                push(inner, content);
            }
            Inline::Link { url, label } => {
                push(label, content);
                let is_shown = match label.as_slice() {
                    [Inline::Text(text)] => url.ends_with(text.as_str()),
                    _ => false,
                };
                if !is_shown {
                    *content += url;
                }
            }
        }
    }
}

/// The characters that are never a mark of formatting.
fn letters(text: &str) -> String {
    let is_mark = |c: char| c.is_whitespace() || "*_~`[]()>@-".contains(c);
    text.chars().filter(|c| !is_mark(*c)).collect()
}

fn check_lossless(text: &str) {
    let blocks = parse(text, &["ann", "bob"]);
    assert_eq!(letters(&content(&blocks)), letters(text), "{text:?}");
}

/// Pieces of texts that are mostly marks, words and links.
const PIECES: &[&str] = &[
    "*",
    "**",
    "***",
    "_",
    "~~",
    "`",
    "```",
    "\n",
    " ",
    "a",
    "b c",
    "@ann",
    "@bob.",
    "> ",
    "- ",
    "1. ",
    "[",
    "](",
    ")",
    "(",
    "https://x.y/",
    "www.a.b",
    "\\",
    ".",
    "你好",
    "é",
    "👍",
    "]",
    "{",
    "}",
    "<",
    "\"",
    "/",
    "x_y",
];

fn markup() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES), 0..60)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_character_of_a_text_is_in_its_tree(text in "\\PC{0,200}") {
        check_lossless(&text);
    }

    #[test]
    fn every_character_of_formatted_text_is_in_its_tree(text in markup()) {
        check_lossless(&text);
    }
}

#[test]
fn hostile_texts_are_read_in_linear_time() {
    /// Many times what each takes.
    const TIME_MAX: Duration = Duration::from_millis(500);
    /// A machine that has other work may interrupt some of them.
    const TRIES_MAX: usize = 10;
    let pieces = [
        "*a ",
        "**a ",
        "_a ",
        "~~a ",
        "*a *b* ",
        "`",
        "` ",
        "``a`",
        "```\n",
        "```a\n",
        "[",
        "[a](",
        "[a](http://",
        "http://",
        "http://(",
        "www.",
        "www.a.",
        "https://x.y/(",
        "@",
        "@ann",
        "> ",
        "- a\n",
        "*a _b ~~c **d ",
        "](",
        "👍*",
        "a.",
        "@a.b.c-",
        "(https://x(https:",
        "[a](http://x",
        "*(",
        "_*",
    ];
    for piece in pieces {
        let text = piece.repeat(TEXT_CHARS_MAX / piece.chars().count());
        let mut took = Vec::new();
        while took.last().is_none_or(|last| *last >= TIME_MAX) {
            assert!(took.len() < TRIES_MAX, "{piece:?} took {took:?}");
            let started = Instant::now();
            check_lossless(&text);
            took.push(started.elapsed());
        }
    }
}
