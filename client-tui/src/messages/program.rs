//! Texts about the program itself: its start, the terminal, files and the config.

use std::fmt::Display;
use std::path::Path;

pub(crate) fn line(text: impl Display) -> String {
    format!("chat-tui: {text}")
}

// The command line

pub(crate) const NOT_AN_INVITE: &str = "The invite is neither a link such as \
    https://chat.example/join/CODE nor a code. Copy the whole link, with its beginning.";
pub(crate) const NO_INVITE_IN_LINEAR_MODE: &str = "Plain lines have no sign-up. \
    Sign up with `chat-tui register --invite LINK`, then start again without --invite.";

pub(crate) fn invite_of_other_server(invite: impl Display, chosen: impl Display) -> String {
    format!(
        "The invite is for {invite}, and --server or CHAT_SERVER says {chosen}: leave one of them out."
    )
}

// The terminal

pub(crate) const NEEDS_A_TERMINAL: &str =
    "chat-tui needs a terminal; its output goes somewhere else. Use --linear for plain lines.";
pub(crate) const TERMINAL_NOT_SET_UP: &str = "The terminal can't be set up";
pub(crate) const TERMINAL_GONE: &str = "The terminal is gone";
pub(crate) const NO_KEYS: &str = "Keys can't be read";
pub(crate) const NO_SIGNALS: &str = "Signals can't be handled";
pub(crate) const EDITOR_NOT_AWAITED: &str = "The editor did not report how it ended.";

pub(crate) fn editor_failed(why: impl Display) -> String {
    format!("The editor failed: {why}.")
}

pub(crate) fn editor_ended(editor: &str, status: impl Display) -> String {
    format!("{editor} ended with {status}")
}

// Files

pub(crate) const NO_HOME: &str =
    "Your home directory can't be found, so no session can be saved; set HOME.";

pub(crate) fn cant_read(path: &Path) -> String {
    format!("{} can't be read", path.display())
}

pub(crate) fn cant_write(path: &Path) -> String {
    format!("{} can't be written", path.display())
}

pub(crate) fn cant_remove(path: &Path) -> String {
    format!("{} can't be removed", path.display())
}

pub(crate) fn cant_read_drafts(path: &Path) -> String {
    let path = path.display();
    format!("Drafts and unsent messages can't be read from {path}")
}

pub(crate) const WRITTEN_BY_NEWER: &str = "a newer version of chat-tui wrote it";

/// An error with its causes, as a sentence.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    format!("{error:#}.")
}

// The config file

pub(crate) fn config_too_large(path: &Path) -> String {
    format!("{} is too large for a config file.", path.display())
}

pub(crate) fn unknown_profile(name: &str, hint: &str) -> String {
    format!("There is no profile {name:?}{hint}")
}

/// Ends a sentence, with the word that was perhaps meant.
pub(crate) fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name:?}?"),
        None => ".".to_owned(),
    }
}

pub(crate) fn unknown_action(name: &str) -> String {
    format!("There is no action {name:?}")
}

pub(crate) fn unknown_key_name(key: &str) -> String {
    format!("There is no key {key:?}; keys are written like \"ctrl-n\", \"alt-enter\", \"f5\"")
}

pub(crate) const KEY_IS_TEXT: &str = "a key is text, in quotes: \"ctrl-n\".";
pub(crate) const IS_A_TABLE: &str = "this is a table with keys of its own.";

pub(crate) fn unknown_config_action(name: &str, hint: &str) -> String {
    format!("there is no action {name:?}{hint}")
}

pub(crate) fn unknown_config_key(name: &str, hint: &str) -> String {
    format!("there is no key {name:?} here{hint}")
}

pub(crate) fn action_is_a_list(name: &str) -> String {
    format!("{name} is a list of keys: [\"ctrl-n\"].")
}

pub(crate) fn is_text(key: &str) -> String {
    format!("{key} is text, in quotes.")
}

pub(crate) fn is_a_switch(key: &str) -> String {
    format!("{key} is true or false.")
}

/// `theme is "auto", "dark" or "light".`
pub(crate) fn is_one_of(key: &str, words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("{key} is {} or {last}.", rest.join(", "))
        }
        _ => format!("{key} is {}.", quoted.concat()),
    }
}

// Where a password comes from

pub(crate) const COMMAND_NOT_RUN: &str = "password_command can't be run";
pub(crate) const OUTPUT_TOO_LONG: &str = "the output is too long for a password";
pub(crate) const NOT_UTF8: &str = "the output is not UTF-8";
pub(crate) const NO_PASSWORD: &str = "the output holds no password";

pub(crate) fn command_failed(status: impl Display) -> String {
    format!("password_command failed: {status}")
}

pub(crate) fn password_file(path: &Path) -> String {
    format!("password_file {}", path.display())
}

pub(crate) fn password_file_is_public(path: &Path, mode: u32) -> String {
    let path = path.display();
    format!("password_file {path} can be read by others (its mode is {mode:o}); `chmod 600 {path}`")
}
