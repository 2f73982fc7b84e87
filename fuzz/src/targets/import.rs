//! What an older version or the FastAPI demo left in a database: it is read, or it is an error for
//! the operator that repeats no password and no message.

use std::sync::LazyLock;

use chat_server::fuzzing::PasswordCheck;
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent, MessageStates, RoomState};
use chat_server_store::mongo::fuzzing as mongo;
use chat_server_store::sqlite::fuzzing as sqlite;
use chat_server_store::{PasswordRecord, StoreError};
use chat_shared::{RoomName, Username};
use mongodb::bson::{Bson, Document};

/// Bytes of a text that is looked for in an error. A shorter one may be a word of the sentence.
const SECRET_BYTES_MIN: usize = 12;
/// Characters of an error: a sentence, with 40 characters of an unknown kind, each of which may be
/// escaped.
const ERROR_CHARS_MAX: usize = 600;
/// Lines of one input.
const LINES_MAX: usize = 64;

static PASSWORDS: LazyLock<PasswordCheck> =
    LazyLock::new(|| PasswordCheck::new().expect("the system has threads and random numbers"));

/// Reads each line of the input as what a database may hold: a password hash where it begins with
/// `$`, else JSON, which is a user of the demo's, a document of the log, and an event's body.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut documents = Vec::new();
    let mut bodies = Vec::new();
    for line in text.lines().take(LINES_MAX) {
        if line.starts_with('$') {
            PASSWORDS.opens("correct horse", line);
        } else {
            bodies.extend(read_body(line));
            documents.extend(serde_json::from_str::<Document>(line));
        }
    }
    documents.iter().for_each(check_log_document);
    check_user(&documents);
    fold(&bodies);
}

/// An account that may be several documents of the demo's opens with their passwords alone.
fn check_user(documents: &[Document]) {
    let Some(read) = mongo::read_user(documents) else {
        return;
    };
    let plain = || {
        documents
            .iter()
            .filter_map(|user| user.get_str("password").ok())
    };
    match read {
        Ok(user) => {
            assert!(!format!("{user:?}").is_empty());
            check_password(&user.password, documents);
        }
        Err(error) => {
            let error = error.to_string();
            for secret in plain().filter(|secret| secret.len() >= SECRET_BYTES_MIN) {
                let is_name = documents
                    .iter()
                    .any(|user| user.get_str("username").ok() == Some(secret));
                assert!(is_name || !error.contains(secret), "{error}");
            }
        }
    }
}

fn check_password(password: &PasswordRecord, documents: &[Document]) {
    match password {
        PasswordRecord::AnyOf(all) => {
            assert_ne!(all.len(), 1, "one record needs no list");
            all.iter().for_each(|one| check_password(one, documents));
            return;
        }
        PasswordRecord::Plain(all) => {
            for plain in all {
                let is_there = documents
                    .iter()
                    .any(|user| holds(user.get("password"), plain));
                assert!(is_there, "a password that nobody had: {plain}");
            }
        }
        PasswordRecord::Argon2id(_) | PasswordRecord::Missing => {}
    }
    let again = mongo::reread_password(password).expect("one record can be written");
    let again = again.expect("what was written is read");
    assert!(again == *password, "{again:?}");
}

fn holds(stored: Option<&Bson>, plain: &str) -> bool {
    match stored {
        Some(Bson::String(text)) => text == plain,
        Some(Bson::Array(all)) => all.iter().any(|one| one.as_str() == Some(plain)),
        _ => false,
    }
}

fn check_log_document(document: &Document) {
    match mongo::read_event(document) {
        Some(Err(error)) => check_error(&error, ""),
        Some(Ok(event)) => check_event(&event),
        None => {}
    }
}

fn read_body(json: &str) -> Option<EventBody> {
    let read = sqlite::read_body(&RoomName::lobby(), 1, json);
    read.inspect_err(|error| check_error(error, json)).ok()
}

/// An error names a kind of event at most, and repeats nothing else of what is stored.
fn check_error(error: &StoreError, stored: &str) {
    let error = error.to_string();
    assert!(error.chars().count() <= ERROR_CHARS_MAX, "{error}");
    // An array whose first item is a kind is no message and has no text.
    let stored: serde_json::Value = serde_json::from_str(stored).unwrap_or_default();
    let field = |name| stored.get(name).and_then(serde_json::Value::as_str);
    if let Some(text) = field("text").filter(|text| field("kind") != Some(*text)) {
        let is_secret = text.len() >= SECRET_BYTES_MIN;
        assert!(!is_secret || !error.contains(text), "{error}");
    }
}

/// An event that was read can be stored again, in both stores.
fn check_event(event: &LogEvent) {
    let json = serde_json::to_string(&event.body).expect("a body is JSON");
    let again = sqlite::read_body(&RoomName::lobby(), event.seq, &json);
    assert_eq!(again.ok().as_ref(), Some(&event.body), "{json}");
    if let Some(again) = mongo::reread_event(&RoomName::lobby(), event) {
        assert_eq!(again.ok().as_ref(), Some(event));
    }
}

/// Whatever is in a log, a room is made of it: nothing a person did may keep a room from loading.
fn fold(bodies: &[EventBody]) {
    for room in ["lobby", "den", "@0a1b"] {
        let mut state = RoomState::empty(RoomName::parse(room).expect("a room's name"));
        let mut messages = MessageStates::default();
        for (seq, body) in (1..).zip(bodies) {
            let event = LogEvent {
                seq,
                ts: seq,
                id: EventId(String::new()),
                sender: Username::existing(["ann", "bob"][seq as usize % 2]),
                nonce: EventNonce::from_seq(seq),
                messages: state.messages() + u64::from(body.is_message()),
                body: body.clone(),
            };
            check_event(&event);
            state.apply(&event);
            messages.apply(&event);
        }
        let snapshot = serde_json::to_string(&state).expect("a state is JSON");
        assert_eq!(
            serde_json::from_str::<RoomState>(&snapshot).ok(),
            Some(state)
        );
    }
}
