//! Every text of `golden/text` as the terminal draws it. The expected lines come from the vector's
//! tree alone, by rules of its own: letters for a cell's style, and the text with the terminal's
//! bars, backticks and URLs.

use std::fmt::Write as _;

use chat_shared::Username;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use serde_json::Value;

use super::{Rows, number_of};
use crate::state::{Line as TimelineLine, LineKey};
use crate::testing::{Script, message};
use crate::text::sanitize;

/// Wider than any vector, so that only line feeds break rows.
const COLUMNS: u16 = u16::MAX;

/// The columns before a message: `HH:MM bob: `.
const HEAD_COLUMNS: usize = 11;

/// Pieces of a line, each with the letters of its style.
type Pieces = Vec<(String, String)>;

fn push(pieces: &mut Pieces, letters: &str, text: &str) {
    match pieces.last_mut() {
        Some((last, piece)) if last == letters => piece.push_str(text),
        _ => pieces.push((letters.to_owned(), text.to_owned())),
    }
}

/// `text` with each styled piece in brackets after its letters.
fn in_brackets(pieces: &Pieces) -> String {
    let mut shown = String::new();
    for (letters, text) in pieces.iter().filter(|(_, text)| !text.is_empty()) {
        let text = sanitize(text);
        let _ = match letters.as_str() {
            "" => write!(shown, "{text}"),
            letters => write!(shown, "{letters}[{text}]"),
        };
    }
    shown
}

fn with(letters: &str, letter: char) -> String {
    let mut all: Vec<char> = letters.chars().chain([letter]).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().collect()
}

fn expect_inlines(inlines: &Value, letters: &str, pieces: &mut Pieces) {
    for inline in inlines.as_array().unwrap() {
        let (kind, value) = inline.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "text" => push(pieces, letters, value.as_str().unwrap()),
            "strong" => expect_inlines(value, &with(letters, 'b'), pieces),
            "emphasis" => expect_inlines(value, &with(letters, 'i'), pieces),
            "strike" => expect_inlines(value, &with(letters, 's'), pieces),
            "mention" => {
                let text = format!("@{}", value.as_str().unwrap());
                push(pieces, &with(letters, 'b'), &text);
            }
            "code" => {
                let code = value.as_str().unwrap();
                let ticks = if code.contains('`') { "``" } else { "`" };
                let code = format!("{ticks}{code}{ticks}");
                push(pieces, &with(letters, 'c'), &code);
            }
            "link" => {
                let url = value["url"].as_str().unwrap();
                let mut label = Pieces::new();
                expect_inlines(&value["label"], &with(letters, 'u'), &mut label);
                let shown: String = label.iter().map(|(_, text)| text.as_str()).collect();
                for (letters, text) in label {
                    push(pieces, &letters, &text);
                }
                if shown != url && format!("https://{shown}") != url {
                    push(pieces, letters, &format!(" <{url}>"));
                }
            }
            other => panic!("no rule for {other}"),
        }
    }
}

/// Cuts pieces at their line feeds and begins each line with `bar`.
fn lines_of(pieces: Pieces, bar: &str) -> Vec<String> {
    let begin = || vec![("q".to_owned(), bar.to_owned())];
    let mut lines = vec![begin()];
    for (letters, text) in pieces {
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 {
                lines.push(begin());
            }
            push(lines.last_mut().unwrap(), &letters, part);
        }
    }
    lines.iter().map(in_brackets).collect()
}

fn expected(blocks: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks.as_array().unwrap() {
        let (kind, value) = block.as_object().unwrap().iter().next().unwrap();
        let mut pieces = Pieces::new();
        match kind.as_str() {
            "paragraph" => {
                expect_inlines(value, "", &mut pieces);
                lines.extend(lines_of(pieces, ""));
            }
            "quote" => {
                expect_inlines(value, "q", &mut pieces);
                lines.extend(lines_of(pieces, "▏ "));
            }
            "fence" => {
                pieces.push(("c".to_owned(), value["text"].as_str().unwrap().to_owned()));
                lines.extend(lines_of(pieces, "▏ "));
            }
            "list" => {
                for item in value.as_array().unwrap() {
                    let mut pieces = Pieces::new();
                    push(&mut pieces, "", item["mark"].as_str().unwrap());
                    push(&mut pieces, "", " ");
                    expect_inlines(&item["text"], "", &mut pieces);
                    lines.push(in_brackets(&pieces));
                }
            }
            other => panic!("no rule for {other}"),
        }
    }
    lines
}

fn letters_of(style: Style) -> String {
    let (link, modifier) = number_of(style.add_modifier);
    [
        ('b', modifier.contains(Modifier::BOLD)),
        ('c', style.fg == Some(Color::Cyan)),
        ('i', modifier.contains(Modifier::ITALIC)),
        ('q', modifier.contains(Modifier::DIM)),
        ('s', modifier.contains(Modifier::CROSSED_OUT)),
        ('u', modifier.contains(Modifier::UNDERLINED)),
    ]
    .into_iter()
    .filter(|(letter, is)| {
        assert_eq!(
            *letter == 'u' && *is,
            *letter == 'u' && link > 0,
            "what leads somewhere is underlined, and nothing else"
        );
        *is
    })
    .map(|(letter, _)| letter)
    .collect()
}

/// The drawn rows without what stands before the message.
fn drawn(rows: &[Line<'_>]) -> Vec<String> {
    let line = |row: &Line<'_>| {
        let mut pieces = Pieces::new();
        let mut columns = 0;
        for span in &row.spans {
            if columns >= HEAD_COLUMNS {
                push(&mut pieces, &letters_of(span.style), &span.content);
            }
            columns += crate::text::width(&span.content);
        }
        in_brackets(&pieces)
    };
    rows.iter().map(line).collect()
}

#[test]
fn every_vector_is_drawn_as_its_tree() {
    let mut client = Script::chat(120, 40);
    client.run("page 1 1 end; members ann bob");
    client.app.colours = true;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/golden/text");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mentions = file["mentions"].as_array().unwrap().iter();
        let mentions: Vec<_> = mentions
            .map(|name| Username::existing(name.as_str().unwrap()))
            .collect();
        for vector in file["vectors"].as_array().unwrap() {
            let text = vector["text"].as_str().unwrap();
            let mut message = message("lobby", 2, "bob", text);
            message.mentions.clone_from(&mentions);
            let rows = Rows::new(&client.app, client.state(), COLUMNS);
            let above = Some((LineKey::durable(1), message.ts));
            let line = TimelineLine::Message(&message);
            let rows = rows.of(LineKey::durable(2), line, above);
            assert_eq!(drawn(&rows), expected(&vector["blocks"]), "{text:?}");
            checked += 1;
        }
    }
    assert!(checked >= 300, "only {checked} vectors");
}
