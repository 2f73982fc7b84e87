//! Texts of the subcommands for scripts.

use std::fmt::Display;

use chat_shared::RoomName;

pub(crate) use super::chat::wrong_text;

pub(crate) const STDIN_NOT_UTF8: &str = "Standard input is not UTF-8.";
pub(crate) const NO_RECIPIENT: &str = "Name a room with --room or a user with --to.";
pub(crate) const PASSWORD_NOT_FROM_TERMINAL: &str = "\
The password is read from standard input or CHAT_PASSWORD, not from a terminal. To sign up in a \
terminal, start chat-tui and press F2.";

pub(crate) fn stdin_not_read(why: impl Display) -> String {
    format!("Standard input can't be read: {why}")
}

pub(crate) fn stdout_not_written(why: impl Display) -> String {
    format!("Standard output can't be written: {why}")
}

pub(crate) fn password_not_read(why: impl Display) -> String {
    format!("The password can't be read: {why}")
}

pub(crate) const THE_SERVER: &str = "The server";

pub(crate) fn no_answer(server: &str, seconds: u64, why: Option<&str>) -> String {
    let why = why.map_or(String::new(), |why| format!(": {why}"));
    format!("{server} did not answer within {seconds} s{why}")
}

pub(crate) fn not_in_room(room: &RoomName) -> String {
    format!("You are not in {room}; join it first.")
}

pub(crate) fn with(username: impl Display) -> String {
    format!("with {username}")
}

pub(crate) const JOINED: &str = "joined";

// Lines of `tail`, `history` and `search`.

pub(crate) fn message(username: impl Display, text: &str) -> String {
    format!("{username}: {text}")
}

pub(crate) fn edited(username: impl Display, seq: u64, text: &str) -> String {
    format!("-- {username} edited {seq}: {text}")
}

pub(crate) fn deleted(username: impl Display, seq: u64) -> String {
    format!("-- {username} deleted {seq}")
}

pub(crate) fn reacted(username: impl Display, emoji: &str, seq: u64, on: bool) -> String {
    match on {
        true => format!("-- {username} reacted {emoji} to {seq}"),
        false => format!("-- {username} removed {emoji} from {seq}"),
    }
}

pub(crate) fn system(text: &str) -> String {
    format!("-- {text}")
}
