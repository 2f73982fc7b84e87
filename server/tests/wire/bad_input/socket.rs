//! Frames that break WebSocket or JSON after the welcome.

use serde_json::json;

use super::row::{Attack, Expect, Frame, Row, send};
use crate::support::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT, masked, unmasked};

/// A ping command that is exactly `len` bytes long.
fn padded_ping(len: usize) -> String {
    let bare = r#"{"type":"ping","id":"p","pad":""}"#;
    bare.replace(
        r#""pad":"""#,
        &format!(r#""pad":"{}""#, "x".repeat(len - bare.len())),
    )
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = not_json();
    rows.extend(not_websocket());
    rows
}

fn not_json() -> Vec<Row> {
    let bad_json = || Expect::Error(&["bad_json"]);
    let bad_frame = || Expect::Error(&["bad_frame"]);
    let deep_field = format!(
        r#"{{"type":"ping","x":{}1{}}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    vec![
        Row::text("not JSON", "hello there", bad_json()),
        Row::text("an empty frame", "", bad_json()),
        Row::text("half an object", r#"{"type":"send","#, bad_json()),
        Row::text(
            "two objects",
            r#"{"type":"ping"}{"type":"ping"}"#,
            bad_json(),
        ),
        Row::text("not a number", r#"{"type":"ping","x":NaN}"#, bad_json()),
        Row::text("arrays nested 30,000 deep", "[".repeat(30_000), bad_json()),
        Row::text("closed arrays nested 30,000 deep", deep_field, bad_json()),
        Row::text(
            "objects nested 10,000 deep",
            r#"{"a":"#.repeat(10_000),
            bad_json(),
        ),
        Row::text(
            "half a surrogate pair",
            r#"{"type":"send","room":"lobby","text":"\ud800","nonce":"half"}"#,
            Expect::Error(&["bad_json", "bad_field"]),
        ),
        Row::text("an array", "[1,2,3]", bad_frame()),
        Row::text("a string", r#""send""#, bad_frame()),
        Row::text("a number", "42", bad_frame()),
        Row::text("null", "null", bad_frame()),
        Row::frame("a type that is no string", json!({"type": 5}), bad_frame()),
        Row::frame(
            "no type",
            json!({}),
            Expect::Error(&["bad_frame", "bad_field"]),
        ),
        Row::frame(
            "a query instead of a name",
            json!({"username": {"$ne": null}, "password": {"$ne": null}}),
            Expect::Error(&["bad_frame", "bad_field"]),
        ),
        Row::frame(
            "a demo page's message on this protocol's connection",
            json!({"username": "ann", "message": "I am ann"}),
            Expect::Error(&["bad_frame", "bad_field"]),
        ),
        Row::frame(
            "a second hello",
            json!({"type": "hello", "version": 1}),
            Expect::Error(&["bad_frame", "unknown_command"]),
        ),
        Row::frame(
            "an unknown command",
            json!({"type": "launch", "id": "u1"}),
            Expect::Error(&["unknown_command"]),
        ),
        Row::frame(
            "an unknown command without id",
            json!({"type": "welcome"}),
            Expect::Error(&["unknown_command"]),
        ),
        Row::text(
            "a frame of exactly 65,536 bytes",
            padded_ping(65_536),
            Expect::Reply("pong"),
        ),
    ]
}

fn good_message_in_pieces() -> Row {
    let message = send("in pieces").to_string();
    let (one, rest) = message.as_bytes().split_at(10);
    let (two, three) = rest.split_at(7);
    let in_pieces = vec![
        (Frame::Raw(masked(TEXT, one)), Expect::Nothing),
        (Frame::Raw(masked(FIN | PING, b"between")), Expect::Nothing),
        (Frame::Raw(masked(CONTINUATION, two)), Expect::Nothing),
        (
            Frame::Raw(masked(FIN | CONTINUATION, three)),
            Expect::Reply("ack"),
        ),
    ];
    Row::new("a good message in pieces", Attack::socket(in_pieces)).showing("in pieces")
}

fn not_websocket() -> Vec<Row> {
    let broken = || Expect::Close(&[1002]);
    let mut too_big_in_pieces = masked(TEXT, &[b' '; 40_000]);
    too_big_in_pieces.extend(masked(FIN | CONTINUATION, &[b' '; 40_000]));
    let mut split_inside_a_character = masked(TEXT, "\"é".as_bytes().split_last().unwrap().1);
    split_inside_a_character.extend(masked(FIN | CONTINUATION, b"\""));
    vec![
        Row::raw(
            "a binary frame",
            masked(FIN | BINARY, b"\x01\x02"),
            Expect::Close(&[1003]),
        ),
        Row::raw(
            "a binary frame that holds a good command",
            masked(FIN | BINARY, br#"{"type":"ping","id":"b"}"#),
            Expect::Close(&[1003]),
        ),
        Row::text(
            "a frame of 65,537 bytes",
            padded_ping(65_537),
            Expect::Close(&[1009]),
        ),
        Row::raw(
            "a frame that says it is 2^62 bytes long",
            [
                &[FIN | TEXT, 0x80 | 127][..],
                &(1_u64 << 62).to_be_bytes(),
                &[0; 4],
            ]
            .concat(),
            Expect::Close(&[1009, 1002]),
        ),
        Row::raw(
            "pieces of 80,000 bytes in all",
            too_big_in_pieces,
            Expect::Close(&[1009]),
        ),
        Row::raw(
            "text that is not UTF-8",
            masked(FIN | TEXT, b"{\"type\":\"ping\",\"id\":\"\xff\xfe\"}"),
            Expect::Close(&[1007]),
        ),
        Row::raw(
            "a character that never ends",
            split_inside_a_character,
            Expect::Close(&[1007]),
        ),
        Row::raw(
            "an unmasked frame",
            unmasked(FIN | TEXT, br#"{"type":"ping"}"#),
            broken(),
        ),
        Row::raw("a reserved opcode", masked(FIN | 0x3, b"x"), broken()),
        Row::raw("a reserved bit", masked(FIN | 0x40 | TEXT, b"{}"), broken()),
        Row::raw("a ping in pieces", masked(PING, b"x"), broken()),
        Row::raw(
            "a ping of 126 bytes",
            masked(FIN | PING, &[b'x'; 126]),
            broken(),
        ),
        Row::raw(
            "a piece of nothing",
            masked(FIN | CONTINUATION, b"x"),
            broken(),
        ),
        Row::raw(
            "HTTP in the middle",
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            broken(),
        ),
        Row::raw(
            "a close with a code that no one may send",
            masked(FIN | CLOSE, &1005_u16.to_be_bytes()),
            // A server may answer with a protocol error or only with a close.
            Expect::Close(&[1000, 1002, 1005, 1006]),
        ),
        good_message_in_pieces(),
    ]
}
