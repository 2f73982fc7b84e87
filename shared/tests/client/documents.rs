//! The examples of the documentation, and secrets that `Debug` leaves out.

use chat_shared::client::{ClientConfig, ServerUrl};

#[test]
fn no_secret_is_in_debug() {
    let url = ServerUrl::parse("http://127.0.0.1:1").unwrap();
    assert!(!format!("{:?}", ClientConfig::new(url, "secret-token")).contains("secret"));
}

#[test]
fn the_readme_and_the_documentation_show_the_same_program() {
    let readme = include_str!("../../README.md");
    let program = readme
        .split("```rust\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert!(program.lines().count() > 10);
    let shown: String = program
        .lines()
        .map(|line| format!("//! {line}").trim_end().to_owned() + "\n")
        .collect();
    assert!(
        include_str!("../../src/client/mod.rs").contains(&shown),
        "{shown}"
    );
}
