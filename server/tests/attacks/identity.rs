//! Names and passwords that mislead.

use serde_json::json;

use crate::ground::{Attack, code_of, connected, fresh_address, fresh_name, held_if};
use crate::support::PASSWORD;

/// Usernames that a new account may not have.
const USERNAMES: &[&str] = &[
    "admin",
    "Admin",
    "system",
    "server",
    ".",
    "..",
    "a b",
    "",
    "x\u{202e}y",
    "root",
];

/// Display names that must be refused.
const DISPLAY_NAMES: &[(&str, &str)] = &[
    ("another's username", "root"),
    ("another's username in Cyrillic letters", "r\u{43e}\u{43e}t"),
    ("nothing but a zero-width space", "\u{200b}"),
    ("nothing but a Hangul filler", "\u{3164}"),
    ("nothing but a blank Braille pattern", "\u{2800}"),
    ("a bidi override", "\u{202e}toor"),
    ("a line break", "ann\nroot"),
    ("a control character", "ann\u{7}"),
];

/// Passwords that a new account may not have.
const PASSWORDS: &[&str] = &["12345678", "password", "qwertyuiop", "short"];

pub(crate) fn attacks() -> Vec<Attack> {
    let usernames = USERNAMES.iter().map(|name| {
        Attack::new(
            format!("an account named {name:?}"),
            move |site| async move {
                let body = json!({"username": name, "password": PASSWORD});
                let address = fresh_address();
                let answer = site
                    .post("/register", &[("X-Forwarded-For", &address)], &body)
                    .await;
                held_if(
                    matches!(answer.status, 409 | 422),
                    answer.status.to_string(),
                )
            },
        )
    });
    let display_names = DISPLAY_NAMES.iter().map(|(what, name)| {
        Attack::new(
            format!("a display name that is {what}"),
            move |site| async move {
                let (_, mut ws) = connected(&site, "looks").await;
                let frame = ws
                    .ask(json!({"type": "profile", "display_name": name}))
                    .await;
                held_if(frame["type"] == "error", code_of(&frame))
            },
        )
    });
    let passwords = PASSWORDS.iter().map(|password| {
        Attack::new(
            format!("the password {password:?}"),
            move |site| async move {
                let body = json!({"username": fresh_name("weak"), "password": password});
                let address = fresh_address();
                let answer = site
                    .post("/register", &[("X-Forwarded-For", &address)], &body)
                    .await;
                held_if(answer.status == 422, answer.status.to_string())
            },
        )
    });
    let own = Attack::new("a password that is the username", |site| async move {
        let name = fresh_name("a-long-username");
        let body = json!({"username": name, "password": name});
        let address = fresh_address();
        let answer = site
            .post("/register", &[("X-Forwarded-For", &address)], &body)
            .await;
        held_if(answer.status == 422, answer.status.to_string())
    });
    usernames
        .chain(display_names)
        .chain(passwords)
        .chain([own])
        .collect()
}
