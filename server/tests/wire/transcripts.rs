//! Earlier clients keep working: conversations that clients of an earlier release had with their
//! server are replayed against this one.
//!
//! `transcripts/README.md` says how they were recorded and what is compared.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{PATIENCE, Received, Server, User, Ws};

#[derive(Deserialize)]
struct Transcript {
    about: String,
    /// The users that are bots.
    bots: Vec<String>,
    steps: Vec<Step>,
}

/// A step of a transcript, on one of the connections.
#[derive(Deserialize)]
struct Step {
    connection: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    /// The client opened it, with this user's token or cookie.
    Open { user: String, with: Credential },
    /// The client sent this frame.
    Sent(Value),
    /// The server sent this frame.
    Received(Value),
    /// The client closed it.
    Closed,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Credential {
    Bearer,
    Cookie,
}

/// Fields whose values differ from run to run. Only their types are compared.
const CHANGING: [&str; 11] = [
    "ts",
    "until",
    "now",
    "session",
    "edited_ts",
    "avatar",
    "limits",
    "heartbeat_ms",
    "online",
    "log",
    "cursor",
];

/// Whether a value is one that differs from run to run and that the client sends back: the id of
/// the log, the cursor of a search, the name of a direct room.
fn is_sent_back(key: &str, value: &Value) -> bool {
    let is_direct = value.as_str().is_some_and(|name| name.starts_with('@'));
    matches!(key, "log" | "cursor") || (key == "room" && is_direct)
}

/// A connection, with the frames that no step has asked for yet.
struct Replayed {
    ws: Ws,
    unread: VecDeque<Value>,
}

/// Why a frame does not have what an earlier client relied on.
fn difference(recorded: &Value, now: &Value, path: &str) -> Option<String> {
    let differs = || Some(format!("{path}: {now} instead of {recorded}"));
    match (recorded, now) {
        (Value::Object(recorded), Value::Object(now)) => {
            recorded.iter().find_map(|(key, value)| {
                let path = format!("{path}.{key}");
                let Some(now) = now.get(key) else {
                    return Some(format!("{path} is missing"));
                };
                // Sentences may be reworded.
                let is_sentence = key == "message" && !recorded.contains_key("nonce");
                let is_count = key == "members" && value.is_number();
                let changes = CHANGING.contains(&key.as_str()) || is_sent_back(key, value);
                if changes || is_sentence || is_count {
                    return kind(value, now, &path);
                }
                difference(value, now, &path)
            })
        }
        (Value::Array(recorded), Value::Array(now)) => {
            if recorded.len() != now.len() {
                return differs();
            }
            let (recorded, now) = (by_room(recorded), by_room(now));
            let pairs = recorded.iter().zip(now).enumerate();
            let mut found = pairs.filter_map(|(at, (recorded, now))| {
                difference(recorded, now, &format!("{path}[{at}]"))
            });
            found.next()
        }
        (recorded, now) if recorded == now => None,
        _ => differs(),
    }
}

/// Lists of rooms are compared by name: rooms that were active in the same instant have no order.
fn by_room(list: &[Value]) -> Vec<&Value> {
    let mut list: Vec<&Value> = list.iter().collect();
    if list.iter().all(|it| it.get("last_seq").is_some()) {
        list.sort_by_key(|it| it["room"].to_string());
    }
    list
}

/// As [`difference`], of types alone.
fn kind(recorded: &Value, now: &Value, path: &str) -> Option<String> {
    if let (Value::Object(recorded), Value::Object(now)) = (recorded, now) {
        return recorded.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match now.get(key) {
                Some(now) => kind(value, now, &path),
                None => Some(format!("{path} is missing")),
            }
        });
    }
    let same = std::mem::discriminant(recorded) == std::mem::discriminant(now);
    (!same).then(|| format!("{path}: {now} is of another type than {recorded}"))
}

/// Replaces values of the recording by those that this server gave instead.
fn with_own_values(value: &Value, given: &HashMap<String, String>) -> Value {
    let own = |text: &String| given.get(text).unwrap_or(text).clone();
    match value {
        Value::String(text) => Value::String(own(text)),
        Value::Array(list) => list.iter().map(|it| with_own_values(it, given)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(key, value)| (own(key), with_own_values(value, given)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn remember(recorded: &Value, now: &Value, given: &mut HashMap<String, String>) {
    let Value::Object(fields) = recorded else {
        return;
    };
    for (key, value) in fields {
        match (value, &now[key]) {
            (Value::String(recorded), Value::String(now)) if is_sent_back(key, value) => {
                given.insert(recorded.clone(), now.clone());
            }
            (value @ Value::Object(_), now) => remember(value, now, given),
            _ => {}
        }
    }
}

impl Replayed {
    /// Waits for a frame that has what the recorded one had. Others are kept: the order of frames
    /// about different rooms is not promised.
    async fn expect(&mut self, recorded: &Value, step: usize) -> Value {
        let mut why = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        let mut next = 0;
        loop {
            while let Some(frame) = self.unread.get(next) {
                match difference(recorded, frame, "") {
                    None => return self.unread.remove(next).unwrap(),
                    Some(found) if frame["type"] == recorded["type"] => why.push(found),
                    Some(_) => {}
                }
                next += 1;
            }
            match self.ws.receive_by(deadline).await {
                Some(Received::Frame(frame)) => self.unread.push_back(frame),
                Some(Received::Pong(_)) => {}
                other => self.ws.fail(&format!(
                    "step {step}: {other:?} while waiting for {recorded}\n  alike: {}",
                    why.join("\n         ")
                )),
            }
        }
    }
}

async fn replay(name: &str, server: Server) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/transcripts");
    let text = std::fs::read_to_string(path.join(name).with_extension("json")).unwrap();
    let transcript: Transcript = serde_json::from_str(&text).unwrap();
    assert!(!transcript.about.is_empty(), "{name} says what it is");
    let mut users: HashMap<String, User> = HashMap::new();
    let mut connections: HashMap<String, Replayed> = HashMap::new();
    let mut given = HashMap::new();
    let mut compared = 0;
    for (at, step) in transcript.steps.iter().enumerate() {
        let connection = connections.get_mut(&step.connection);
        match (&step.what, connection) {
            (What::Open { user, with }, _) => {
                if !users.contains_key(user) {
                    server.register(user, transcript.bots.contains(user)).await;
                    users.insert(user.clone(), server.sign_in(user).await);
                }
                let user = &users[user];
                let (bearer, origin) = (user.bearer(), server.origin());
                let headers = match with {
                    Credential::Bearer => vec![("Authorization", bearer.as_str())],
                    Credential::Cookie => vec![("Cookie", &*user.cookie), ("Origin", &*origin)],
                };
                let ws = server.open(&step.connection, &headers).await;
                let ws = ws.unwrap_or_else(|answer| panic!("{name}, step {at}: {answer:?}"));
                let unread = VecDeque::new();
                connections.insert(step.connection.clone(), Replayed { ws, unread });
            }
            (What::Sent(frame), Some(connection)) => {
                connection.ws.send(&with_own_values(frame, &given)).await;
            }
            (What::Received(frame), Some(connection)) => {
                let now = connection.expect(frame, at).await;
                remember(frame, &now, &mut given);
                compared += 1;
            }
            (What::Closed, Some(_)) => {
                if let Some(connection) = connections.remove(&step.connection) {
                    connection.ws.close().await;
                }
            }
            (_, None) => panic!("{name}, step {at}: no connection {}", step.connection),
        }
    }
    assert!(compared > 3, "{name} compares nothing");
}

#[tokio::test]
async fn the_echo_bot_of_an_earlier_release_works() {
    // The bot signed up first, which made it the admin then.
    let flags = ["--rate-limit", "off", "--admin", "echo"];
    replay("echo_bot", Server::start_with(&flags).await).await;
}

#[tokio::test]
async fn the_terminal_client_of_an_earlier_release_works() {
    replay("terminal", Server::start().await).await;
}

#[tokio::test]
async fn the_scripts_of_an_earlier_release_work() {
    replay("scripts", Server::start().await).await;
}

#[tokio::test]
async fn the_web_page_of_an_earlier_release_works() {
    replay("page", Server::start().await).await;
}

/// A bot that signed in at release 0.1.0 is still signed in, and finds what it said.
#[tokio::test]
async fn the_database_and_a_token_of_an_earlier_release_work() {
    let release =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/transcripts/release-0.1.0");
    let session = std::fs::read_to_string(release.join("session.json")).unwrap();
    let session: Value = serde_json::from_str(&session).unwrap();
    let token = session["token"].as_str().unwrap();
    let mut server = Server::start_for_restarts().await;
    if server.database().is_some() {
        // The kept database is SQLite's; these tests run on MongoDB.
        return;
    }
    server.terminate();
    server.ended(PATIENCE).await;
    std::fs::copy(release.join("chat.db"), server.data_dir().join("chat.db")).unwrap();
    server.restart().await;
    let user = User {
        name: "helper".to_owned(),
        token: token.to_owned(),
        cookie: String::new(),
    };
    let mut bot = server.enter(&user).await;
    assert_eq!(bot.welcome["username"], "helper");
    let page = json!({"type": "history", "room": "lobby"});
    let page = bot.done(page, "history").await;
    assert_eq!(page["messages"][0]["message"], "said in 0.1.0");
    assert_eq!(page["messages"][0]["bot"], true);
}

/// The comparison itself: it finds what an earlier client would miss.
#[test]
fn a_missing_or_changed_field_is_found() {
    let recorded = json!({"type": "chat", "seq": 1, "ts": 5, "nonce": "a", "message": "hi"});
    let check = |key: &str, value: Option<Value>, found: bool| {
        let mut now = recorded.clone();
        now["added_since"] = Value::Bool(true);
        match value {
            Some(value) => now[key] = value,
            None => drop(now.as_object_mut().unwrap().remove(key)),
        }
        assert_eq!(difference(&recorded, &now, "").is_some(), found, "{now}");
    };
    check("ts", Some(7.into()), false);
    check("ts", Some("7".into()), true);
    check("seq", Some(2.into()), true);
    check("message", Some("ho".into()), true);
    check("nonce", None, true);
}
