//! Bodies of requests: read as what they say or rejected with a sentence that repeats no secret.

use chat_server::fuzzing::json_body;
use chat_shared::protocol::http::{Credentials, NewPassword};
use serde::de::IgnoredAny;
use serde_json::Value;

/// Characters of what is known of a rejection.
const REJECTION_CHARS_MAX: usize = 300;
/// Bytes of a string that is looked for in a rejection. A shorter one may be a word of the sentence.
const SECRET_BYTES_MIN: usize = 12;
/// Strings of a body that are looked for.
const SECRETS_MAX: usize = 100;

/// Reads the input as the body of `/register` and `/login`, and as that of `/password`.
pub(crate) fn run(input: &[u8]) {
    match json_body::<Credentials>(input) {
        Ok(body) => {
            check_read(
                input,
                &[("username", &body.username), ("password", &body.password)],
            );
            let written = serde_json::to_vec(&body).expect("a body is JSON");
            let again = json_body::<Credentials>(&written).expect("what was written is read");
            assert_eq!(
                (again.username, again.password, again.bot),
                (body.username, body.password, body.bot)
            );
        }
        Err((status, known)) => check_rejection(input, status, &known),
    }
    match json_body::<NewPassword>(input) {
        Ok(body) => check_read(input, &[("old", &body.old), ("new", &body.new)]),
        Err((status, known)) => check_rejection(input, status, &known),
    }
}

/// A body is an object, and its fields are these.
fn check_read(input: &[u8], fields: &[(&str, &str)]) {
    // A field that nobody reads may hold what serde_json can't represent.
    if let Ok(body) = serde_json::from_slice::<Value>(input) {
        for (name, value) in fields {
            assert_eq!(body[name].as_str(), Some(*value), "{name}");
        }
    }
}

/// A body that is no JSON is answered by 400, and JSON of another shape by 422. Numbers and escapes that
/// serde_json can't represent may be either.
fn check_rejection(input: &[u8], status: u16, known: &str) {
    assert!(matches!(status, 400 | 422), "{known}");
    assert!(known.chars().count() <= REJECTION_CHARS_MAX, "{known}");
    if serde_json::from_slice::<IgnoredAny>(input).is_err() {
        assert_eq!(status, 400, "{known}");
    }
    if let Ok(body) = serde_json::from_slice(input) {
        assert_eq!(status, 422, "{known}");
        let mut secrets = Vec::new();
        push_strings(&body, &mut secrets);
        for secret in secrets {
            assert!(!known.contains(secret), "{known:?} repeats {secret:?}");
        }
    }
}

fn push_strings<'a>(value: &'a Value, strings: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.len() >= SECRET_BYTES_MIN && strings.len() < SECRETS_MAX => {
            strings.push(text);
        }
        Value::Array(all) => all.iter().for_each(|value| push_strings(value, strings)),
        Value::Object(all) => all.values().for_each(|value| push_strings(value, strings)),
        _ => {}
    }
}
