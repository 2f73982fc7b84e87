//! Who may know whom: state and its changes do no input or output, and the view changes nothing.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs;
use std::path::Path;

#[track_caller]
fn check(dir: &str, forbidden: &[&str]) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(dir);
    let mut read = 0;
    for file in fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        read += 1;
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            for word in forbidden {
                let found = line.contains(word) && !line.trim_start().starts_with("//");
                assert!(
                    !found,
                    "{}:{}: {word} in {line:?}",
                    file.display(),
                    number + 1
                );
            }
        }
    }
    assert!(read > 1, "{} holds no sources", dir.display());
}

const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::io",
    "std::net",
    "std::env",
    "SystemTime",
    "Instant",
    "tokio",
    "crate::net",
    "crate::run",
    "crate::storage",
    "crate::terminal",
    "crossterm::terminal",
];

#[test]
fn state_and_update_do_no_input_or_output() {
    check("state", OUTSIDE);
    check("update", OUTSIDE);
    check("text", OUTSIDE);
}

#[test]
fn state_knows_no_view_and_no_update() {
    check(
        "state",
        &["crate::view", "crate::update", "ratatui", "crossterm"],
    );
}

#[test]
fn the_view_changes_nothing() {
    check("view", OUTSIDE);
    check(
        "view",
        &["&mut App", "&mut Chat", "&mut Room", "crate::update"],
    );
}
