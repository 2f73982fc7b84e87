//! Frames that break WebSocket or the protocol.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::ground::{Attack, code_of, connected, held_if};
use crate::support::{Received, Ws, fresh_nonce};

/// How long a broken frame may go without an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The first error code, page of results or close code that comes.
async fn answer(ws: &mut Ws) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ws.receive_by(deadline).await {
            Some(Received::Frame(frame))
                if frame["type"] == "error" || frame["type"] == "results" =>
            {
                return code_of(&frame);
            }
            Some(Received::Frame(_) | Received::Pong(_)) => {}
            Some(Received::Closed(code)) => return format!("close {code}"),
            None => return "nothing".to_owned(),
        }
    }
}

/// A control frame over the 125 bytes of RFC 6455 section 5.5, whole.
const LONG_PING: [u8; 134] = {
    let mut frame = [0; 134];
    frame[0] = 0x89;
    frame[1] = 0xFE;
    frame[3] = 126;
    frame
};

/// Bytes written beneath WebSocket, each with the answers that hold it.
#[rustfmt::skip]
const BROKEN: &[(&str, &[u8], &[&str])] = &[
    ("an unmasked frame", b"\x81\x02hi", &["close 1002", "bad_frame"]),
    ("a reserved bit", b"\xC1\x80\0\0\0\0", &["close 1002", "bad_frame"]),
    ("a reserved opcode", b"\x83\x80\0\0\0\0", &["close 1002", "bad_frame"]),
    ("a binary frame", b"\x82\x81\0\0\0\0x", &["close 1003", "bad_frame"]),
    ("a text that is not UTF-8", b"\x81\x81\0\0\0\0\xFF", &["close 1007", "bad_frame"]),
    ("a continuation of nothing", b"\x80\x81\0\0\0\0x", &["close 1002", "bad_frame"]),
    ("a fragmented ping", b"\x09\x80\0\0\0\0", &["close 1002", "bad_frame"]),
    ("a ping of 126 bytes", &LONG_PING, &["close 1002", "bad_frame"]),
    ("a frame of 2^62 bytes", b"\x81\xFF\x40\0\0\0\0\0\0\0\0\0\0\0", &["close 1009", "bad_frame"]),
    ("a length with the top bit", b"\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0", &["close 1002", "close 1009", "bad_frame"]),
    ("a close of one byte", b"\x88\x81\0\0\0\0\x03", &["close 1002", "bad_frame"]),
    ("a close with the code 1005", b"\x88\x82\0\0\0\0\x03\xED", &["close 1002", "bad_frame"]),
];

/// Texts with the error codes that hold them.
fn texts() -> Vec<(&'static str, String, &'static [&'static str])> {
    let send = |text: &str| {
        json!({"type": "send", "room": "lobby", "text": text, "nonce": fresh_nonce()}).to_string()
    };
    vec![
        ("no JSON", "{".to_owned(), &["bad_json"]),
        (
            "65 levels of nesting",
            "[".repeat(65) + &"]".repeat(65),
            &["bad_json"],
        ),
        ("60,000 open brackets", "[".repeat(60_000), &["bad_json"]),
        (
            "a lone surrogate",
            r#"{"type":"\ud800"}"#.to_owned(),
            &["bad_json"],
        ),
        (
            "a type that is a number",
            r#"{"type":1}"#.to_owned(),
            &["bad_frame"],
        ),
        (
            "an unknown command",
            r#"{"type":"shutdown"}"#.to_owned(),
            &["unknown_command"],
        ),
        (
            "a key of 60 kB",
            format!(r#"{{"{}":1}}"#, "k".repeat(60_000)),
            &["bad_frame"],
        ),
        (
            "a text of 4,001 characters",
            send(&"x".repeat(4_001)),
            &["too_long"],
        ),
        ("a blank text", send(" \n\t"), &["bad_field", "too_long"]),
        (
            "a seq of 2^64",
            r#"{"type":"read","room":"lobby","seq":18446744073709551616}"#.to_owned(),
            &["bad_field", "bad_json"],
        ),
        (
            "a seq of -1",
            r#"{"type":"read","room":"lobby","seq":-1}"#.to_owned(),
            &["bad_field"],
        ),
        (
            "a limit of 10^9",
            r#"{"type":"history","room":"lobby","limit":1000000000}"#.to_owned(),
            &["bad_field"],
        ),
        (
            "a room named ../../etc",
            r#"{"type":"join","room":"../../etc"}"#.to_owned(),
            &["bad_field", "not_found"],
        ),
        (
            "a hello that comes later",
            r#"{"type":"hello","version":1}"#.to_owned(),
            &["bad_frame"],
        ),
        (
            "a search in FTS syntax",
            r#"{"type":"search","query":"\" OR 1=1 --"}"#.to_owned(),
            &["results"],
        ),
        (
            "a regular expression as a nonce",
            r#"{"type":"send","room":"lobby","text":"x","nonce":{"$gt":""}}"#.to_owned(),
            &["bad_field"],
        ),
    ]
}

pub(crate) fn attacks() -> Vec<Attack> {
    let broken = BROKEN.iter().map(|(name, bytes, holds)| {
        Attack::new(*name, move |site| async move {
            let (_, mut ws) = connected(&site, "frames").await;
            ws.send_raw(bytes).await;
            let got = answer(&mut ws).await;
            held_if(holds.contains(&got.as_str()), got)
        })
    });
    let texts = texts().into_iter().map(|(name, text, holds)| {
        Attack::new(format!("a frame with {name}"), move |site| async move {
            let (_, mut ws) = connected(&site, "frames").await;
            ws.send_text(text).await;
            let got = answer(&mut ws).await;
            held_if(holds.contains(&got.as_str()), got)
        })
    });
    broken.chain(texts).collect()
}
