//! Commands with invalid values.

use serde_json::{Value, json};

use super::row::{Attack, Expect, Frame, Row, send};
use crate::support::fresh_nonce;

/// Most characters of a text.
const TEXT_CHARS_MAX: usize = 4_000;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = texts();
    rows.extend(nonces());
    rows.extend(rooms());
    rows.extend(numbers());
    rows
}

fn with(mut frame: Value, field: &str, value: Value) -> Value {
    frame[field] = value;
    frame
}

fn without(mut frame: Value, field: &str) -> Value {
    frame.as_object_mut().unwrap().remove(field);
    frame
}

fn bad_field() -> Expect {
    Expect::Error(&["bad_field"])
}

fn texts() -> Vec<Row> {
    let long = "\u{1f980}".repeat(TEXT_CHARS_MAX);
    vec![
        Row::frame("an empty text", send(""), bad_field()),
        Row::frame("a text of white space", send(" \t\n\u{3000}"), bad_field()),
        Row::frame("a text that is no string", send(json!(["hi"])), bad_field()),
        Row::frame("no text", without(send("x"), "text"), bad_field()),
        Row::frame(
            "a text of 4,001 characters",
            send("x".repeat(TEXT_CHARS_MAX + 1)),
            Expect::Error(&["too_long"]),
        ),
        Row::frame(
            "a text of exactly 4,000 characters of four bytes",
            send(long.clone()),
            Expect::Reply("ack"),
        )
        .showing(long),
        Row::frame(
            "white space at the end does not count",
            send(format!("{}  \n", "y".repeat(TEXT_CHARS_MAX))),
            Expect::Reply("ack"),
        )
        .showing("y".repeat(TEXT_CHARS_MAX)),
        Row::frame(
            "a text of all that is odd is kept as it is",
            send("a\u{0}b\u{1b}[2Jc\u{202e}d<script>\"'&\u{fdd0}"),
            Expect::Reply("ack"),
        )
        .showing("a\u{0}b\u{1b}[2Jc\u{202e}d<script>\"'&\u{fdd0}"),
        Row::frame(
            "an id that is no string",
            with(json!({"type": "ping"}), "id", json!(7)),
            bad_field(),
        ),
        Row::frame(
            "an empty id",
            json!({"type": "ping", "id": ""}),
            bad_field(),
        ),
        Row::frame(
            "an id of 65 characters",
            json!({"type": "ping", "id": "i".repeat(65)}),
            bad_field(),
        ),
    ]
}

fn nonces() -> Vec<Row> {
    let once = |text: &str, nonce: &str| Frame::Json(with(send(text), "nonce", json!(nonce)));
    let (nonce, nonce_of_rooms) = (fresh_nonce(), fresh_nonce());
    let mut repeated = vec![(once("only once", &nonce), Expect::Reply("ack"))];
    for text in [
        "only once",
        "another text",
        "",
        "   ",
        &"x".repeat(TEXT_CHARS_MAX + 1),
    ] {
        repeated.push((once(text, &nonce), Expect::FirstAck));
    }
    repeated.push((
        Frame::Json(with(
            with(send("an answer"), "nonce", json!(nonce)),
            "reply_to",
            json!(1),
        )),
        Expect::FirstAck,
    ));
    let bad = ["", " ", "a b", "a/b", "ü", "~1", "a\n"];
    let mut rows: Vec<Row> = bad
        .into_iter()
        .map(|nonce| {
            Row::frame(
                "a bad nonce",
                with(send("x"), "nonce", json!(nonce)),
                bad_field(),
            )
        })
        .collect();
    rows.extend([
        Row::frame(
            "a nonce of 65",
            with(send("x"), "nonce", json!("n".repeat(65))),
            bad_field(),
        ),
        Row::frame(
            "a nonce that is no string",
            with(send("x"), "nonce", json!(1)),
            bad_field(),
        ),
        Row::frame("no nonce", without(send("x"), "nonce"), bad_field()),
        Row::new(
            "a repeated nonce gets the first ack, whatever its text",
            Attack::socket(repeated),
        )
        .showing("only once"),
        Row::new(
            "a nonce that was refused may be used",
            Attack::socket(vec![
                (once("", &nonce_of_rooms), bad_field()),
                (once("at last", &nonce_of_rooms), Expect::Reply("ack")),
            ]),
        )
        .showing("at last"),
    ]);
    rows
}

fn rooms() -> Vec<Row> {
    let not_found = || Expect::Error(&["not_found"]);
    let mut rows = vec![
        Row::frame(
            "a room that isn't",
            with(send("x"), "room", json!("nowhere")),
            not_found(),
        ),
        Row::frame(
            "a room that can't be",
            with(send("x"), "room", json!("No Where!")),
            not_found(),
        ),
        Row::frame(
            "a direct room that isn't",
            with(send("x"), "room", json!("@00ff")),
            not_found(),
        ),
        Row::frame(
            "a room that is no string",
            with(send("x"), "room", json!([1])),
            bad_field(),
        ),
        Row::frame("no room", without(send("x"), "room"), bad_field()),
        Row::frame(
            "an empty room",
            with(send("x"), "room", json!("")),
            not_found(),
        ),
        Row::frame(
            "leaving the lobby",
            json!({"type": "leave", "id": "l", "room": "lobby"}),
            Expect::Error(&["forbidden", "bad_field"]),
        ),
        Row::frame(
            "making the lobby",
            json!({"type": "create", "id": "c", "room": "lobby"}),
            Expect::Error(&["taken"]),
        ),
        Row::frame(
            "a topic of 251 characters",
            json!({"type": "create", "id": "c", "room": "topical", "topic": "t".repeat(251)}),
            Expect::Error(&["too_long", "bad_field"]),
        ),
        Row::frame(
            "a room that is neither private nor not",
            json!({"type": "create", "id": "c", "room": "perhaps", "private": "maybe"}),
            bad_field(),
        ),
    ];
    rows.extend(names_of_new_rooms());
    for kind in ["join", "leave", "history", "members", "events"] {
        for room in ["nowhere", "No Where!"] {
            let mut frame = json!({"type": kind, "id": "r", "room": room});
            if kind == "events" {
                frame["after"] = json!(0);
            }
            rows.push(Row::frame(
                "a command to a room that isn't",
                frame,
                not_found(),
            ));
        }
    }
    rows
}

fn names_of_new_rooms() -> Vec<Row> {
    let mut rows = Vec::new();
    for name in [
        "Upper",
        "with space",
        "",
        "@direct",
        "a/b",
        "../x",
        "$where",
        "r\u{0}",
    ] {
        rows.push(Row::frame(
            "making a room that can't be",
            json!({"type": "create", "id": "c", "room": name}),
            bad_field(),
        ));
    }
    rows.push(Row::frame(
        "a room's name of 33 characters",
        json!({"type": "create", "id": "c", "room": "r".repeat(33)}),
        bad_field(),
    ));
    rows
}

fn numbers() -> Vec<Row> {
    let history = || json!({"type": "history", "id": "h", "room": "lobby"});
    let mut rows = Vec::new();
    for value in [
        json!(-1),
        json!(1.5),
        json!("1"),
        json!({"$gt": 0}),
        json!(1e300),
    ] {
        rows.push(Row::frame(
            "a history before no number",
            with(history(), "before", value.clone()),
            bad_field(),
        ));
        rows.push(Row::frame(
            "a limit that is no number",
            with(history(), "limit", value.clone()),
            bad_field(),
        ));
        rows.push(Row::frame(
            "an answer to no number",
            with(send("x"), "reply_to", value),
            bad_field(),
        ));
    }
    rows.extend([
        Row::frame(
            "a limit of 0",
            with(history(), "limit", json!(0)),
            bad_field(),
        ),
        Row::frame(
            "a limit of 201",
            with(history(), "limit", json!(201)),
            bad_field(),
        ),
        Row::frame(
            "before and after at once",
            with(with(history(), "before", json!(2)), "after", json!(1)),
            bad_field(),
        ),
        Row::frame(
            "a history before the largest number is the newest page",
            with(history(), "before", json!(u64::MAX)),
            // It may be refused as over 2^53, but must not end the connection.
            Expect::Either(&["history"], &["bad_field"]),
        ),
        Row::frame(
            "events after the largest number",
            json!({"type": "events", "id": "e", "room": "lobby", "after": u64::MAX}),
            Expect::Either(&["events"], &["bad_field"]),
        ),
        Row::frame(
            "an answer to what nobody said",
            with(send("x"), "reply_to", json!(999_999)),
            Expect::Error(&["not_found", "bad_field"]),
        ),
        Row::frame(
            "events without a start",
            json!({"type": "events", "id": "e", "room": "lobby"}),
            bad_field(),
        ),
        Row::frame(
            "a resume of no rooms",
            json!({"type": "resume", "id": "r"}),
            bad_field(),
        ),
        Row::frame(
            "a resume from no number",
            json!({"type": "resume", "id": "r", "rooms": {"lobby": "1"}}),
            bad_field(),
        ),
    ]);
    rows
}
