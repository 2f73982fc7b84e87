//! A row of the table of bad input, and how it is run.

use serde_json::{Value, json};

use crate::support::{Received, Site, User, Ws, call, fresh_nonce, is_noise, kind_of, text_of};

/// One kind of bad input and its expected effect.
pub(super) struct Row {
    pub(super) about: &'static str,
    pub(super) attack: Attack,
    /// The texts of accepted messages that the lobby is shown.
    pub(super) shown: Vec<String>,
}

pub(super) enum Attack {
    /// Frames on a connection after its welcome, each with its expected effect.
    Socket(Vec<(Frame, Expect)>),
    /// The first frame on a connection, and the expected close code.
    First {
        headers: Vec<(&'static str, String)>,
        frame: Frame,
        close: u16,
    },
    /// An upgrade that must be refused.
    Upgrade {
        headers: Vec<(&'static str, String)>,
        statuses: &'static [u16],
    },
    /// A call with the expected statuses, and the expected `msg` if one is given.
    Http {
        call: HttpCall,
        statuses: &'static [u16],
        msg: Option<&'static str>,
    },
}

pub(super) struct HttpCall {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

pub(super) enum Frame {
    Json(Value),
    Text(String),
    /// Raw bytes, written below WebSocket.
    Raw(Vec<u8>),
}

pub(super) enum Expect {
    /// An error with one of these codes; the connection stays.
    Error(&'static [&'static str]),
    /// A frame of this type.
    Reply(&'static str),
    /// A frame of one of these types, or an error with one of these codes.
    Either(&'static [&'static str], &'static [&'static str]),
    /// An ack with the seq and the time of this connection's first ack.
    FirstAck,
    Close(&'static [u16]),
    /// No reply: the next frame belongs to the next step.
    Nothing,
}

impl Row {
    /// A row without effect on others.
    pub(super) fn new(about: &'static str, attack: Attack) -> Self {
        Self {
            about,
            attack,
            shown: Vec::new(),
        }
    }

    /// A row that sends one frame after the welcome.
    pub(super) fn frame(about: &'static str, frame: Value, expect: Expect) -> Self {
        Self::new(about, Attack::Socket(vec![(Frame::Json(frame), expect)]))
    }

    pub(super) fn text(about: &'static str, text: impl Into<String>, expect: Expect) -> Self {
        Self::new(
            about,
            Attack::Socket(vec![(Frame::Text(text.into()), expect)]),
        )
    }

    pub(super) fn raw(about: &'static str, bytes: Vec<u8>, expect: Expect) -> Self {
        Self::new(about, Attack::Socket(vec![(Frame::Raw(bytes), expect)]))
    }

    pub(super) fn showing(mut self, text: impl Into<String>) -> Self {
        self.shown.push(text.into());
        self
    }
}

/// A `send` to the lobby with a fresh nonce.
pub(super) fn send(text: impl Into<Value>) -> Value {
    json!({"type": "send", "id": "s", "room": "lobby", "text": text.into(), "nonce": fresh_nonce()})
}

impl Attack {
    pub(super) async fn run(self, site: Site, mal: User) {
        match self {
            Self::Socket(steps) => {
                let mut ws = site.enter(&mal).await;
                let mut first_ack = Value::Null;
                for (frame, expect) in steps {
                    if step(&mut ws, &frame, expect, &mut first_ack)
                        .await
                        .is_closed()
                    {
                        return;
                    }
                }
                // If the connection was not closed, it must still work.
                ws.done(json!({"type": "ping"}), "pong").await;
            }
            Self::First {
                headers,
                frame,
                close,
            } => {
                let headers = borrowed(&headers);
                let opened = site.open("mal", &headers).await;
                let mut ws =
                    opened.unwrap_or_else(|answer| panic!("the upgrade was refused: {answer:?}"));
                frame.send(&mut ws).await;
                let (code, frames) = ws.closed().await;
                ws.check(
                    code == close,
                    &format!("expected close {close}, got {code}"),
                );
                let told = frames
                    .iter()
                    .any(|frame| !matches!(kind_of(frame), "error" | "system"));
                ws.check(!told, "before the welcome nothing but an error is sent");
            }
            Self::Upgrade { headers, statuses } => {
                match site.open("mal", &borrowed(&headers)).await {
                    Ok(_) => panic!("the upgrade must be refused with one of {statuses:?}"),
                    Err(answer) => {
                        assert!(
                            statuses.contains(&answer.status),
                            "expected {statuses:?}: {answer:?}"
                        );
                    }
                }
            }
            Self::Http {
                call:
                    HttpCall {
                        method,
                        path,
                        headers,
                        body,
                    },
                statuses,
                msg,
            } => {
                let answer = call(site.address, method, path, &borrowed(&headers), body).await;
                let said = answer.refused(statuses);
                if let Some(msg) = msg {
                    assert_eq!(said, msg, "the sentence of {answer:?}");
                }
            }
        }
    }
}

fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

impl Frame {
    async fn send(&self, ws: &mut Ws) {
        match self {
            Self::Json(value) => ws.send(value).await,
            Self::Text(text) => ws.send_text(text).await,
            Self::Raw(bytes) => ws.send_raw(bytes).await,
        }
    }
}

enum Step {
    Open,
    Closed,
}

impl Step {
    fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

async fn step(ws: &mut Ws, frame: &Frame, expect: Expect, first_ack: &mut Value) -> Step {
    frame.send(ws).await;
    match expect {
        Expect::Nothing => {}
        Expect::Close(codes) => {
            let (code, _) = ws.closed().await;
            ws.check(
                codes.contains(&code),
                &format!("expected a close {codes:?}, got {code}"),
            );
            return Step::Closed;
        }
        Expect::Error(codes) => {
            let error = own_frame(ws).await;
            let code = error["code"].as_str().unwrap_or_default();
            let fits = kind_of(&error) == "error" && codes.contains(&code);
            ws.check(fits, &format!("expected an error {codes:?}, got {error}"));
            ws.check(
                text_of(&error).len() > 3,
                &format!("an error has a sentence: {error}"),
            );
            if let Frame::Json(Value::Object(sent)) = frame {
                check_answers(ws, &Value::Object(sent.clone()), &error);
            }
        }
        Expect::Reply(kind) => {
            let reply = own_frame(ws).await;
            ws.check(
                kind_of(&reply) == kind,
                &format!("expected {kind}, got {reply}"),
            );
            if kind == "ack" && first_ack.is_null() {
                *first_ack = reply;
            }
        }
        Expect::Either(kinds, codes) => {
            let reply = own_frame(ws).await;
            let code = reply["code"].as_str().unwrap_or_default();
            let fits = kinds.contains(&kind_of(&reply)) || codes.contains(&code);
            ws.check(
                fits,
                &format!("expected {kinds:?} or an error {codes:?}, got {reply}"),
            );
        }
        Expect::FirstAck => {
            let again = own_frame(ws).await;
            let same = ["type", "room", "nonce", "seq", "ts"]
                .iter()
                .all(|k| again[k] == first_ack[k]);
            ws.check(
                same,
                &format!("expected the first ack {first_ack}, got {again}"),
            );
        }
    }
    Step::Open
}

/// The next frame that is not a message of the lobby.
async fn own_frame(ws: &mut Ws) -> Value {
    loop {
        match ws.receive().await {
            Received::Frame(frame) if is_noise(&frame) || kind_of(&frame) == "chat" => {}
            Received::Frame(frame) => return frame,
            Received::Pong(_) => {}
            other => ws.fail(&format!("expected an answer, got {other:?}")),
        }
    }
}

/// Checks that an error carries the `id` and the nonce of its command, if those are valid.
fn check_answers(ws: &Ws, sent: &Value, error: &Value) {
    let token = |value: &Value| {
        value.as_str().is_some_and(|text| {
            (1..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        })
    };
    let is_command = sent["type"].is_string();
    if is_command && token(&sent["id"]) {
        ws.check(
            error["re"] == sent["id"],
            &format!("{error} must answer {}", sent["id"]),
        );
    } else {
        ws.check(error["re"].is_null(), &format!("{error} answers no id"));
    }
    if sent["type"] == "send" && token(&sent["nonce"]) && token(&sent["id"]) {
        ws.check(
            error["nonce"] == sent["nonce"],
            &format!("{error} must name the nonce"),
        );
    }
}
