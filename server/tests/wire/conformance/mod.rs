//! The demands of RFC 6455 on a server, case by case, in the manner of the Autobahn test suite: over plain
//! TCP and over TLS, with the server's send queue empty, and with it full while the client does not
//! read.
//!
//! The cases are one table, `cases::all`. The bytes that the server writes are checked too
//! (`client`), since it encodes its frames itself.

mod cases;
mod client;

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use self::cases::{Case, Expect};
use self::client::{Client, Got, Transport};
use crate::support::frames::{FIN, TEXT, masked};
use crate::support::tls::TestCertificate;
use crate::support::{PASSWORD, PATIENCE, Server, fresh_nonce};

/// Messages of 16 KB in the lobby: more than a queue and all buffers of a connection hold.
const LONG_MESSAGES: usize = 40;
const LONG_CHARACTERS: usize = 4_000;

/// Bytes that wait at least in the queue of a connection that is sent those and does not read.
const FULL_QUEUE_BYTES: u64 = 64 << 10;

/// Connections at the same time: what waits for all of them is within the bound of one user.
const CONNECTIONS_AT_ONCE: usize = 64;

/// Between two pieces of a case that are written one by one.
const PIECE_PAUSE: Duration = Duration::from_millis(1);

const FLAGS: [&str; 4] = ["--rate-limit", "off", "--max-connections-per-user", "1000"];

/// A server with one user and a lobby of long messages.
struct Ground {
    _server: Server,
    address: SocketAddr,
    transport: Transport,
    token: String,
    log: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_plain_tcp_every_case_passes() {
    let server = Server::start_with(&FLAGS).await;
    let ground = Ground::prepare(server, Transport::Plain).await;
    ground.run_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_every_case_passes() {
    let certificate = TestCertificate::new();
    let flags = [&FLAGS[..], &certificate.flags()].concat();
    let server = Server::start_with(&flags).await;
    let transport = Transport::Tls(certificate.connector());
    let ground = Ground::prepare(server, transport).await;
    ground.run_all().await;
}

impl Ground {
    async fn prepare(server: Server, transport: Transport) -> Self {
        let mut ground = Self {
            address: server.address,
            _server: server,
            transport,
            token: String::new(),
            log: Value::Null,
        };
        let ann = json!({"username": "ann", "password": PASSWORD});
        ground.http("POST", "/register", &ann.to_string()).await;
        let signed_in = ground.http("POST", "/login", &ann.to_string()).await;
        let signed_in: Value = serde_json::from_str(&signed_in).unwrap();
        signed_in["token"]
            .as_str()
            .unwrap()
            .clone_into(&mut ground.token);
        let mut client = ground.enter(json!({})).await;
        let Got::Json(welcome) = client.next().await else {
            panic!("no welcome");
        };
        ground.log = welcome["log"].clone();
        let text = "🦀".repeat(LONG_CHARACTERS);
        for _ in 0..LONG_MESSAGES {
            let send =
                json!({"type": "send", "room": "lobby", "text": text, "nonce": fresh_nonce()});
            client
                .write(&masked(FIN | TEXT, send.to_string().as_bytes()))
                .await
                .unwrap();
            loop {
                match client.next().await {
                    Got::Json(frame) if frame["type"] == "ack" => break,
                    Got::Json(frame) if frame["type"] != "error" => {}
                    // The heartbeat, where the store is slow.
                    Got::Ping => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        ground
    }

    async fn http(&self, method: &str, path: &str, body: &str) -> String {
        let mut client = self.transport.connect(self.address).await;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let (head, body) = client.http(&request).await;
        assert!(head.starts_with("http/1.1 20"), "{head}");
        String::from_utf8(body).unwrap()
    }

    /// Upgrades and says hello. Reads nothing after the upgrade.
    async fn enter(&self, more: Value) -> Client {
        let mut client = self.transport.connect(self.address).await;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Authorization: Bearer {}\r\n\r\n",
            self.address, self.token
        );
        let (head, _) = client.http(&request).await;
        assert!(head.starts_with("http/1.1 101"), "{head}");
        let accept = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n";
        assert!(head.contains(accept), "{head}");
        let mut hello = json!({"type": "hello", "version": 1});
        for (key, value) in more.as_object().unwrap() {
            hello[key] = value.clone();
        }
        let hello = masked(FIN | TEXT, hello.to_string().as_bytes());
        client.write(&hello).await.unwrap();
        client
    }

    /// Runs every case with an empty queue, then every case with a full one.
    async fn run_all(&self) {
        let cases = cases::all();
        assert!(cases.len() >= 100, "{} cases", cases.len());
        let mut failures = Vec::new();
        for is_full in [false, true] {
            for some in cases.chunks(CONNECTIONS_AT_ONCE) {
                failures.extend(self.run_some(some, is_full).await);
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    /// Runs some cases at the same time, and returns what fails.
    async fn run_some(&self, cases: &[Case], is_full: bool) -> Vec<String> {
        let more = match is_full {
            true => json!({"log": self.log, "resume": {"lobby": 0}}),
            false => json!({}),
        };
        let clients = join_all(cases.iter().map(|_| self.enter(more.clone()))).await;
        if is_full {
            self.await_full_queues(clients.len() as u64).await;
        }
        let runs = cases.iter().zip(clients);
        let outcomes = join_all(runs.map(|(case, client)| run(case, client))).await;
        let queue = if is_full { "full" } else { "empty" };
        let failures = cases.iter().zip(outcomes).filter_map(|(case, outcome)| {
            let Case { rfc, about, .. } = case;
            let fault = outcome.err()?;
            Some(format!("{rfc}, {about}, queue {queue}: {fault}"))
        });
        failures.collect()
    }

    async fn await_full_queues(&self, connections: u64) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let metrics = self.http("GET", "/metrics", "").await;
            let line = metrics
                .lines()
                .find_map(|line| line.strip_prefix("chat_send_queue_bytes "));
            let waiting: f64 = line.unwrap_or("0").parse().unwrap();
            if waiting >= (connections * FULL_QUEUE_BYTES) as f64 {
                return;
            }
            assert!(Instant::now() < deadline, "only {waiting} bytes wait");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Writes a case's pieces, and then looks for what it expects.
async fn run(case: &Case, mut client: Client) -> Result<(), String> {
    for piece in &case.pieces {
        // Where the server has closed already, what it said before is what counts.
        if client.write(piece).await.is_err() {
            break;
        }
        if case.pieces.len() > 1 {
            tokio::time::sleep(PIECE_PAUSE).await;
        }
    }
    for expect in &case.expect {
        let met = timeout(PATIENCE, meet(expect, &mut client)).await;
        met.map_err(|_| format!("nothing came where {expect:?} was expected"))??;
    }
    Ok(())
}

async fn meet(expect: &Expect, client: &mut Client) -> Result<(), String> {
    loop {
        let got = client.next().await;
        let is_met = match (expect, &got) {
            (Expect::Pong(payload), Got::Pong(pong)) => payload == pong,
            // Of several pongs the server may leave older ones out (section 5.5.3).
            (Expect::LastPong(payload), Got::Pong(pong)) if payload != pong => continue,
            (Expect::LastPong(_), Got::Pong(_)) => true,
            (Expect::Reply(id), Got::Json(frame)) if frame["re"] != Value::Null => {
                frame["type"] == "pong" && frame["re"] == *id
            }
            (Expect::Close(codes), Got::Close(code)) => codes.contains(code),
            (Expect::End, Got::End) => true,
            // The sentence that comes before a close.
            (Expect::Close(_), Got::Json(_)) => continue,
            (Expect::Error(code), Got::Json(frame)) if frame["type"] == "error" => {
                frame["code"] == *code
            }
            (_, Got::Ping) => continue,
            (_, Got::Json(frame)) if frame["type"] != "error" && frame["re"].is_null() => continue,
            _ => false,
        };
        return match is_met {
            true => Ok(()),
            false => Err(format!("expected {expect:?}, got {got:?}")),
        };
    }
}
