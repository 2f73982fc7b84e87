//! Connections with a wrong first frame, and upgrades that must be refused.

use futures::future::join;
use serde_json::{Value, json};

use super::closed_for_silence;
use super::row::{Attack, Frame, Row};
use crate::support::frames::{BINARY, FIN, masked};
use crate::support::{Site, User};

/// Sends no first frame within its 10 seconds.
pub(super) async fn silent_ones_are_closed(site: Site, mal: User) {
    let silent = site.upgrade(&mal).await;
    let anonymous = site
        .open("nobody", &[])
        .await
        .expect("an upgrade without a name");
    join(closed_for_silence(silent), closed_for_silence(anonymous)).await;
}

pub(super) fn rows(site: &Site, mal: &User) -> Vec<Row> {
    let mut rows = not_hello(mal);
    rows.extend(not_welcome(site, mal));
    rows
}

fn not_hello(mal: &User) -> Vec<Row> {
    let first = |about, frame: Frame, close| {
        let headers = vec![("Authorization", mal.bearer())];
        Row::new(
            about,
            Attack::First {
                headers,
                frame,
                close,
            },
        )
    };
    let text = |text: &str| Frame::Text(text.to_owned());
    let json = |value: Value| Frame::Json(value);
    vec![
        first(
            "a command first",
            json(json!({"type": "ping", "id": "1"})),
            4400,
        ),
        first(
            "a message first",
            json(json!({"type": "send", "room": "lobby", "text": "hi", "nonce": "first"})),
            4400,
        ),
        first("garbage first", text("hello"), 4400),
        first("nothing first", text(""), 4400),
        first("an array first", text("[]"), 4400),
        first("a deep frame first", Frame::Text("[".repeat(30_000)), 4400),
        first(
            "a hello without a version",
            json(json!({"type": "hello"})),
            4400,
        ),
        first(
            "a version that is no number",
            json(json!({"type": "hello", "version": "1"})),
            4400,
        ),
        first(
            "version 99",
            json(json!({"type": "hello", "version": 99})),
            4406,
        ),
        first(
            "version 0",
            json(json!({"type": "hello", "version": 0})),
            4406,
        ),
        first(
            "a resume that is none",
            json(json!({"type": "hello", "version": 1, "resume": [1]})),
            4400,
        ),
        first(
            "a binary frame first",
            Frame::Raw(masked(FIN | BINARY, b"{}")),
            1003,
        ),
        first(
            "a first frame that is too big",
            Frame::Text(" ".repeat(65_537)),
            1009,
        ),
    ]
}

fn not_welcome(site: &Site, mal: &User) -> Vec<Row> {
    let hello = || json!({"type": "hello", "version": 1});
    let nobody = |about, frame: Value, close| {
        Row::new(
            about,
            Attack::First {
                headers: vec![],
                frame: Frame::Json(frame),
                close,
            },
        )
    };
    let page = |origin: &str| {
        vec![
            ("Cookie", mal.cookie.clone()),
            ("Origin", origin.to_owned()),
        ]
    };
    let refused = |about, headers, statuses| Row::new(about, Attack::Upgrade { headers, statuses });
    vec![
        nobody("a hello of nobody", hello(), 4401),
        nobody(
            "a demo page's first frame of nobody",
            json!({"username": "mal"}),
            4401,
        ),
        Row::new(
            "a demo page's first frame in someone else's name",
            Attack::First {
                headers: page(&site.origin()),
                frame: Frame::Json(json!({"username": "ann"})),
                close: 4401,
            },
        ),
        refused(
            "the cookie with a foreign origin",
            page("http://evil.example"),
            &[403],
        ),
        refused(
            "the cookie with our host on another port",
            page("http://127.0.0.1:1"),
            &[403],
        ),
        refused("the cookie with a sandbox's origin", page("null"), &[403]),
        refused(
            "the cookie with an origin that begins as ours",
            page(&format!("{}.evil.example", site.origin())),
            &[403],
        ),
        refused(
            "the cookie without an origin",
            vec![("Cookie", mal.cookie.clone())],
            &[403],
        ),
    ]
}
