//! The golden frames, one file each, which the page's tests read too: what these types read they
//! write again with the same fields. And PROTOCOL.md: it must have the commands, events, codes and
//! limits of these types, no more and no fewer.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use chat_shared::codec::{ClientFrame, decode_client_frame, decode_server_frame};
use chat_shared::limits::*;
use chat_shared::protocol::http::RefusalCode;
use chat_shared::protocol::{CloseCode, ErrorCode, Reconnect, ServerFrame, SystemKind};
use serde_json::Value;

fn frames(side: &str) -> Vec<(String, String)> {
    let dir = format!("{}/golden/{side}", env!("CARGO_MANIFEST_DIR"));
    let mut frames: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (
                path.display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    frames.sort();
    assert!(frames.len() > 10, "the golden frames are missing");
    frames
}

fn same_json(path: &str, golden: &str, written: &Value) {
    assert_eq!(
        serde_json::from_str::<Value>(golden).unwrap(),
        *written,
        "{path}"
    );
}

#[test]
fn server_frames_round_trip() {
    for (path, golden) in frames("server") {
        let frame = decode_server_frame(&golden).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_ne!(frame, ServerFrame::Unknown, "{path}");
        same_json(&path, &golden, &serde_json::to_value(&frame).unwrap());
    }
}

#[test]
fn client_frames_round_trip() {
    for (path, golden) in frames("client") {
        let frame = decode_client_frame(&golden).unwrap_or_else(|e| panic!("{path}: {e}"));
        let written = match frame {
            ClientFrame::Hello(hello) => serde_json::to_value(hello.to_frame()),
            ClientFrame::Command(command) => serde_json::to_value(command),
            ClientFrame::Demo(demo) => serde_json::to_value(demo),
        };
        same_json(&path, &golden, &written.unwrap());
    }
}

/// A stranger finds each shape in the document, and finds each file that it names.
#[test]
fn the_document_names_every_golden_frame() {
    let mut named: Vec<String> = DOCUMENT
        .split("(golden/")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        // The vectors of message text are a directory, not a frame.
        .filter(|name| name.ends_with(".json"))
        .collect();
    named.sort();
    named.dedup();
    let mut files = Vec::new();
    for side in ["client", "server"] {
        for (path, _) in frames(side) {
            let name = path.rsplit('/').next().unwrap_or_default();
            files.push(format!("{side}/{name}"));
        }
    }
    files.sort();
    assert_eq!(named, files);
}

const DOCUMENT: &str = include_str!("../PROTOCOL.md");

/// The rows of the document's tables whose heading row begins with `heading`, as cells.
fn table(heading: &str) -> Vec<Vec<String>> {
    let mut lines = DOCUMENT.lines();
    let start = format!("| {heading} |");
    lines
        .find(|line| line.starts_with(&start))
        .unwrap_or_else(|| panic!("the document has no table of {heading}"));
    let rows: Vec<_> = lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    assert!(!rows.is_empty(), "the table of {heading} is empty");
    rows
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect()
}

fn snake_case(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

/// A row of a command lists its fields, and every command that the codec reads has a row.
#[test]
fn the_document_lists_every_command_with_its_fields() {
    let rows = table("command");
    let mut explained = BTreeSet::new();
    for (path, golden) in frames("client") {
        let name = path.rsplit('/').next().unwrap();
        let frame: Value = serde_json::from_str(&golden).unwrap();
        let Some(kind) = frame["type"].as_str().filter(|kind| *kind != "hello") else {
            continue;
        };
        let link = format!("(golden/client/{name})");
        let row = rows
            .iter()
            .find(|row| row[1].contains(&link))
            .unwrap_or_else(|| panic!("{name} has no row"));
        let fields = words(&row[2]);
        for key in frame.as_object().unwrap().keys() {
            let is_envelope = matches!(key.as_str(), "type" | "id");
            assert!(
                is_envelope || fields.contains(key.as_str()),
                "the row of {kind} does not list {key}"
            );
        }
        explained.insert(kind.to_owned());
    }
    let read: BTreeSet<String> = include_str!("../src/codec.rs")
        .lines()
        .filter(|line| line.contains("=> Command::"))
        .map(|line| line.split('"').nth(1).unwrap().to_owned())
        .collect();
    assert!(
        read.len() > 20,
        "the codec's table of commands was not found"
    );
    assert_eq!(explained, read);
}

/// A row of an event lists its fields.
#[test]
fn the_document_lists_the_fields_of_every_event() {
    let rows = table("event");
    let mut checked = 0;
    for (path, golden) in frames("server") {
        let name = path.rsplit('/').next().unwrap();
        let frame: Value = serde_json::from_str(&golden).unwrap();
        let keys: Vec<_> = frame.as_object().unwrap().keys().collect();
        let link = format!("(golden/server/{name})");
        let row = rows.iter().find(|row| row.join("|").contains(&link));
        let everywhere = words(DOCUMENT);
        for key in keys.into_iter().filter(|key| *key != "type") {
            match row {
                Some(row) if row[1] != "room, room_gone, limited, rooms_state" => {
                    checked += 1;
                    let fields = words(&row[2]);
                    assert!(fields.contains(key.as_str()), "{name}: {key} is not listed");
                }
                _ => assert!(everywhere.contains(key.as_str()), "{name}: {key}"),
            }
        }
    }
    assert!(checked > 40, "only {checked} fields have a row");
}

#[test]
fn the_document_names_every_system_event() {
    let section = DOCUMENT.split("Durable `system` events:").nth(1).unwrap();
    let section = section.split("When a room is opened").next().unwrap();
    let named = words(section);
    for kind in SystemKind::ALL {
        let name = snake_case(&kind);
        assert!(named.contains(name.as_str()), "{name} is not named");
    }
}

#[test]
fn the_document_has_exactly_the_error_codes() {
    let rows = table("error code");
    let documented: BTreeSet<_> = rows.iter().flat_map(|row| row[1].split(", ")).collect();
    let codes: Vec<_> = ErrorCode::ALL.iter().map(snake_case).collect();
    assert_eq!(documented, codes.iter().map(String::as_str).collect());
}

#[test]
fn the_document_has_exactly_the_codes_of_http_errors() {
    let rows = table("code of an HTTP error");
    let documented: Vec<_> = rows.iter().map(|row| row[1].clone()).collect();
    let codes: Vec<_> = RefusalCode::ALL.iter().map(snake_case).collect();
    assert_eq!(documented, codes);
}

#[test]
fn the_document_has_exactly_the_close_codes() {
    let says = |reconnect: Reconnect| match reconnect {
        Reconnect::Never => "no",
        Reconnect::AfterSignIn => "after signing in again",
        Reconnect::AtOnce => "at once",
        Reconnect::AfterBye => "after the time that `bye` gave",
        Reconnect::WithBackoff => "with backoff",
        Reconnect::AfterMinute => "after a minute",
    };
    let rows = table("code");
    let documented: Vec<u16> = rows.iter().map(|row| row[1].parse().unwrap()).collect();
    let codes: Vec<u16> = CloseCode::ALL.iter().map(|close| close.code()).collect();
    assert_eq!(documented, codes);
    for (row, close) in rows.iter().zip(CloseCode::ALL) {
        let expected = says(close.reconnect());
        assert!(row[3].starts_with(expected), "{}: {}", row[1], row[3]);
    }
}

/// Every number of the table of limits is the constant's.
#[test]
fn the_document_has_the_limits_of_the_types() {
    let n = |number: u64| {
        let digits = number.to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped
    };
    let u = |number: usize| n(number as u64);
    let tokens = format!("1 to {} characters", TOKEN_CHARS_MAX);
    let side = n(u64::from(AVATAR_SIDE_PIXELS_MAX));
    let expected = [
        ("size of a frame", format!("{} bytes", u(FRAME_BYTES_MAX))),
        (
            "text of a message",
            format!("1 to {} characters", u(TEXT_CHARS_MAX)),
        ),
        ("nonce", tokens),
        (
            "name of a room",
            format!("1 to {ROOM_NAME_CHARS_MAX} characters"),
        ),
        ("topic", format!("{TOPIC_CHARS_MAX} characters")),
        (
            "display name",
            format!("1 to {DISPLAY_NAME_CHARS_MAX} characters"),
        ),
        (
            "emoji of a reaction",
            format!("at most {EMOJI_CHARS_MAX} characters"),
        ),
        ("different emoji", REACTIONS_MAX.to_string()),
        ("people mentioned", MENTIONS_MAX.to_string()),
        ("query of a search", format!("{QUERY_CHARS_MAX} characters")),
        (
            "picture",
            format!("{} MiB and {side} × {side}", AVATAR_BYTES_MAX >> 20),
        ),
        (
            "new username",
            format!("1 to {USERNAME_CHARS_MAX} characters"),
        ),
        (
            "new password",
            format!("{PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters"),
        ),
        ("people who sign up", u(INVITE_USES_MAX as usize)),
        (
            "time that an invite",
            format!("{} days", INVITE_FOR_S_MAX / 86_400),
        ),
        ("unanswered commands", COMMANDS_IN_FLIGHT_MAX.to_string()),
    ];
    let rows = table("limit");
    for (label, value) in expected {
        let row = rows
            .iter()
            .find(|row| row[1].starts_with(label))
            .unwrap_or_else(|| panic!("no limit of {label}"));
        assert!(
            row[2].contains(&value),
            "{label}: {} is not {value}",
            row[2]
        );
    }
    let commands: String = table("command").iter().map(|row| row[2].clone()).collect();
    for (max, default) in [
        (HISTORY_LIMIT_MAX, HISTORY_LIMIT_DEFAULT),
        (EVENTS_LIMIT_MAX, EVENTS_LIMIT_DEFAULT),
        (SEARCH_LIMIT_MAX, SEARCH_LIMIT_DEFAULT),
        (LIST_LIMIT_MAX, LIST_LIMIT_DEFAULT),
    ] {
        assert!(commands.contains(&format!("limit 1–{max} ({default})")));
    }
}

/// Numbers in sentences of the document that are constants of the crate.
#[test]
fn sentences_of_the_document_have_the_constants() {
    let sentences = [
        "more than 1,000 events of the room, or 5,000 events in all".to_owned(),
        format!("up to {WELCOME_ROOMS_MAX} of"),
        format!("within {} seconds (else 4408)", HELLO_TIMEOUT_MS / 1_000),
        format!("is back within {} seconds", PRESENCE_GRACE_MS / 1_000),
        format!("With more than {PRESENCE_LINES_ONLINE_MAX} users online"),
        format!("has up to {PRESENCE_LINE_NAMES_MAX} names"),
        format!("over after {} seconds unless repeated", TYPING_MS / 1_000),
        format!("never sent in rooms above {TYPING_MEMBERS_MAX} members"),
        format!("above {PRESENCE_NAMES_MEMBERS_MAX} members only"),
    ];
    let unwrapped = DOCUMENT.replace('\n', " ");
    for sentence in sentences {
        assert!(unwrapped.contains(&sentence), "{sentence}");
    }
    assert_eq!((RESUME_ROOM_EVENTS_MAX, RESUME_EVENTS_MAX), (1_000, 5_000));
}
