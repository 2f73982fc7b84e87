//! One WebSocket connection. It keeps everything that it received, for the message of a failure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use hyper::Request;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Answer, Log, PATIENCE, Site};

/// Most bytes of a frame, in either direction.
const FRAME_BYTES_MAX: usize = 65_536;

/// Unacknowledged messages of `say_many`.
const WINDOW: usize = 50;

/// Something that came from the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Received {
    Frame(Value),
    Pong(Bytes),
    /// A close frame's code, 1005 if it had none, 1006 if the connection ended without one.
    Closed(u16),
}

/// A connection to `/ws`.
pub(crate) struct Ws {
    name: String,
    stream: WebSocketStream<TcpStream>,
    /// Frames that were read while looking for another.
    pending: VecDeque<Value>,
    seen: Vec<String>,
    asked: u64,
    log: Arc<Log>,
    /// The welcome, once it has come.
    pub(crate) welcome: Value,
}

/// A new nonce.
pub(crate) fn fresh_nonce() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!(
        "{:x}-{}",
        std::process::id(),
        LAST.fetch_add(1, Ordering::Relaxed)
    )
}

/// The frame's `type`.
pub(crate) fn kind_of(frame: &Value) -> &str {
    frame["type"].as_str().unwrap_or("(none)")
}

/// A chat's text.
pub(crate) fn text_of(frame: &Value) -> &str {
    frame["message"].as_str().unwrap_or("(none)")
}

/// Whether the frame is about presence, which may come at any time.
pub(crate) fn is_noise(frame: &Value) -> bool {
    kind_of(frame) == "presence"
        || matches!(frame["event"].as_str(), Some("joined_chat" | "left_chat"))
}

impl Site {
    /// Opens a WebSocket, or returns the HTTP response that refused it.
    pub(crate) async fn open(
        &self,
        name: &str,
        headers: &[(&str, &str)],
    ) -> Result<Ws, Box<Answer>> {
        let host = headers.iter().find(|(name, _)| *name == "Host");
        let host = host.map_or_else(|| self.address.to_string(), |(_, host)| (*host).to_owned());
        let mut request = Request::builder()
            .uri(format!("ws://{host}/ws"))
            .header("Host", host)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", generate_key());
        for (name, value) in headers.iter().filter(|(name, _)| *name != "Host") {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a well-formed upgrade");
        let tcp = TcpStream::connect(self.address)
            .await
            .expect("the server listens");
        tcp.set_nodelay(true).expect("a TCP socket");
        let handshake = tokio_tungstenite::client_async(request, tcp);
        let opened = timeout(PATIENCE, handshake).await;
        match opened.unwrap_or_else(|_| panic!("{name}'s upgrade was not answered")) {
            Ok((stream, _)) => Ok(Ws {
                name: name.to_owned(),
                stream,
                pending: VecDeque::new(),
                seen: Vec::new(),
                asked: 0,
                log: Arc::clone(&self.log),
                welcome: Value::Null,
            }),
            Err(Error::Http(response)) => {
                let (head, body) = response.into_parts();
                Err(Box::new(Answer {
                    status: head.status.as_u16(),
                    headers: head.headers,
                    body: String::from_utf8_lossy(&body.unwrap_or_default()).into_owned(),
                }))
            }
            Err(error) => panic!(
                "{name}'s upgrade broke: {error}; log:\n    {}",
                self.log.tail()
            ),
        }
    }
}

impl Ws {
    /// Fails the test with the frames that this connection received and the server's log.
    pub(crate) fn fail(&self, what: &str) -> ! {
        let from = self.seen.len().saturating_sub(25);
        panic!(
            "{}: {what}\n  frames received ({} in all, the last ones):\n    {}\n  server's log:\n    {}",
            self.name,
            self.seen.len(),
            self.seen[from..].join("\n    "),
            self.log.tail(),
        );
    }

    /// Fails unless `holds`.
    pub(crate) fn check(&self, holds: bool, what: &str) {
        if !holds {
            self.fail(what);
        }
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        if let Err(error) = self.try_send(text).await {
            self.fail(&format!("could not send: {error}"));
        }
    }

    /// Sends to a server that may have closed the connection.
    pub(crate) async fn try_send(&mut self, text: impl Into<String>) -> Result<(), Error> {
        self.stream.send(Message::text(text.into())).await
    }

    /// Writes bytes below WebSocket. The server may end the connection in the middle of them.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes).await;
    }

    /// Sends a WebSocket ping.
    pub(crate) async fn send_ping(&mut self, payload: &'static [u8]) {
        self.stream
            .send(Message::Ping(Bytes::from_static(payload)))
            .await
            .expect("an open socket");
    }

    /// Closes with a close frame, and waits until the server has ended the connection.
    pub(crate) async fn close(mut self) {
        let _ = self.stream.close(None).await;
        while let Ok(Some(Ok(_))) = timeout(PATIENCE, self.stream.next()).await {}
    }

    /// The next thing on the wire, within `PATIENCE`.
    pub(crate) async fn receive(&mut self) -> Received {
        match self.receive_by(Instant::now() + PATIENCE).await {
            Some(received) => received,
            None => self.fail(&format!("nothing came within {PATIENCE:?}")),
        }
    }

    /// The next thing on the wire, or `None` at `deadline`.
    pub(crate) async fn receive_by(&mut self, deadline: Instant) -> Option<Received> {
        if let Some(frame) = self.pending.pop_front() {
            return Some(Received::Frame(frame));
        }
        self.read_by(deadline).await
    }

    async fn read_by(&mut self, deadline: Instant) -> Option<Received> {
        loop {
            let message = timeout_at(deadline, self.stream.next()).await.ok()?;
            let received = match message {
                Some(Ok(Message::Text(text))) => {
                    self.seen.push(text.chars().take(400).collect());
                    self.check(
                        text.len() <= FRAME_BYTES_MAX,
                        "a frame over 65,536 bytes came",
                    );
                    match serde_json::from_str(&text) {
                        Ok(frame) => Received::Frame(frame),
                        Err(error) => self.fail(&format!("the server's frame is no JSON: {error}")),
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Pong(payload))) => Received::Pong(payload),
                Some(Ok(Message::Binary(_))) => self.fail("the server sent a binary frame"),
                Some(Ok(Message::Close(close))) => {
                    self.seen.push(format!("close {close:?}"));
                    Received::Closed(close.map_or(1005, |close| close.code.into()))
                }
                Some(Err(error)) => {
                    self.seen.push(format!("broken: {error}"));
                    Received::Closed(1006)
                }
                None => {
                    self.seen.push("ended".to_owned());
                    Received::Closed(1006)
                }
            };
            return Some(received);
        }
    }

    /// Reads what has come until now and drops it. The server's pings are answered while a connection
    /// is read, and one that answers none for 75 seconds is closed.
    pub(crate) async fn catch_up(&mut self) {
        self.pending.clear();
        while let Some(received) = self.read_by(Instant::now()).await {
            if matches!(received, Received::Closed(_)) {
                return;
            }
        }
    }

    /// The next frame of any type.
    pub(crate) async fn next_any(&mut self) -> Value {
        match self.receive().await {
            Received::Frame(frame) => frame,
            other => self.fail(&format!("expected a frame, got {other:?}")),
        }
    }

    /// The next frame that is not about presence.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let frame = self.next_any().await;
            if !is_noise(&frame) {
                return frame;
            }
        }
    }

    /// The next frame, which must be of this type.
    pub(crate) async fn expect_next(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        self.check(
            kind_of(&frame) == kind,
            &format!("expected {kind} next, got {frame}"),
        );
        frame
    }

    /// The first frame of this type. Frames before it are skipped.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        self.expect_matching(kind, |frame| kind_of(frame) == kind)
            .await
    }

    /// The first frame that `matches`. Frames before it are skipped.
    pub(crate) async fn expect_matching(
        &mut self,
        what: &str,
        matches: impl Fn(&Value) -> bool,
    ) -> Value {
        self.collect_until(what, matches)
            .await
            .pop()
            .expect("the one that matched")
    }

    /// All frames up to and including the first that `matches`.
    pub(crate) async fn collect_until(
        &mut self,
        what: &str,
        matches: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        let mut frames = Vec::new();
        loop {
            match self.receive_by(deadline).await {
                Some(Received::Frame(frame)) => {
                    let found = matches(&frame);
                    frames.push(frame);
                    if found {
                        return frames;
                    }
                }
                Some(Received::Pong(_)) => {}
                other => self.fail(&format!("waited for {what}, got {other:?}")),
            }
        }
    }

    /// The code with which the server closes this connection, and the frames before it.
    pub(crate) async fn closed(&mut self) -> (u16, Vec<Value>) {
        self.closed_within(PATIENCE).await
    }

    pub(crate) async fn closed_within(&mut self, time: Duration) -> (u16, Vec<Value>) {
        let deadline = Instant::now() + time;
        let mut frames = Vec::new();
        loop {
            match self.receive_by(deadline).await {
                Some(Received::Frame(frame)) => frames.push(frame),
                Some(Received::Pong(_)) => {}
                Some(Received::Closed(code)) => return (code, frames),
                None => self.fail(&format!("was not closed within {time:?}")),
            }
        }
    }

    /// Sends a command with an `id` and returns its reply. Frames before it are kept for later.
    pub(crate) async fn ask(&mut self, mut command: Value) -> Value {
        self.asked += 1;
        let id = format!("q{}", self.asked);
        command["id"] = json!(id);
        self.send(&command).await;
        self.read_until(&format!("the answer to {command}"), |frame| {
            frame["re"] == json!(id)
        })
        .await
    }

    /// Like `ask`, for a command that must be refused with one of `codes`.
    pub(crate) async fn refused(&mut self, command: Value, codes: &[&str]) -> Value {
        let asked = command.to_string();
        let frame = self.ask(command).await;
        let code = frame["code"].as_str().unwrap_or_default();
        let fits = kind_of(&frame) == "error" && codes.contains(&code);
        self.check(
            fits,
            &format!("expected error {codes:?} for {asked}, got {frame}"),
        );
        self.check(
            text_of(&frame).len() > 3,
            &format!("an error has a sentence: {frame}"),
        );
        frame
    }

    /// Like `ask`, for a command that must be answered by a frame of type `kind`.
    pub(crate) async fn done(&mut self, command: Value, kind: &str) -> Value {
        let asked = command.to_string();
        let frame = self.ask(command).await;
        self.check(
            kind_of(&frame) == kind,
            &format!("expected {kind} for {asked}, got {frame}"),
        );
        frame
    }

    /// Sends a message and waits for its ack.
    pub(crate) async fn say(&mut self, room: &str, text: &str) -> Value {
        let nonce = fresh_nonce();
        let send = json!({"type": "send", "room": room, "text": text, "nonce": nonce});
        self.send(&send).await;
        let answer = self
            .read_until(&format!("an answer to {send}"), |frame| {
                frame["nonce"] == json!(nonce) && kind_of(frame) != "chat"
            })
            .await;
        self.check(
            kind_of(&answer) == "ack",
            &format!("expected an ack, got {answer}"),
        );
        answer
    }

    /// Sends `n` messages as fast as they are acknowledged, and returns the last seq. Other frames
    /// are dropped.
    pub(crate) async fn say_many(&mut self, room: &str, n: usize) -> u64 {
        let mut seq = 0;
        let mut left = n;
        while left > 0 {
            let batch = left.min(WINDOW);
            for i in 0..batch {
                let text = format!("{room} {}", left - i);
                self.send(
                    &json!({"type": "send", "room": room, "text": text, "nonce": fresh_nonce()}),
                )
                .await;
            }
            for _ in 0..batch {
                seq = self.expect("ack").await["seq"].as_u64().expect("a seq");
            }
            left -= batch;
        }
        seq
    }

    async fn read_until(&mut self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.read_by(deadline).await {
                Some(Received::Frame(frame)) if matches(&frame) => return frame,
                Some(Received::Frame(frame)) => self.pending.push_back(frame),
                Some(Received::Pong(_)) => {}
                other => self.fail(&format!("waited for {what}, got {other:?}")),
            }
        }
    }
}
