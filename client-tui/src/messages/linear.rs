//! Lines that only linear mode prints. `--` starts what happened, `!!` an error.

use std::fmt::Display;

pub(crate) const GREETING: &str =
    "Type a line and Enter to send it, /help for the commands, /quit to quit.";

pub(crate) fn connected(username: impl Display) -> String {
    format!("-- Connected as {username}.")
}

pub(crate) fn disconnected(why: &str) -> String {
    format!("-- {why} What you write is sent once you are connected again.")
}

pub(crate) fn info(text: &str) -> String {
    format!("-- {text}")
}

pub(crate) fn error(text: impl Display) -> String {
    format!("!! {text}")
}

pub(crate) fn not_sent(why: impl Display) -> String {
    format!("!! Not sent: {why} /retry tries again, /discard drops it.")
}

pub(crate) fn found(count: usize) -> String {
    match count {
        1 => "-- 1 message found.".to_owned(),
        count => format!("-- {count} messages found."),
    }
}

pub(crate) fn found_message(
    username: impl Display,
    room: impl Display,
    text: impl Display,
) -> String {
    format!("{username} in {room}: {text}")
}

/// Stands before a line about another room.
pub(crate) fn place(room: impl Display) -> String {
    format!("[{room}] ")
}

pub(crate) fn message(username: impl Display, text: &str) -> String {
    format!("{username}: {text}")
}

pub(crate) fn quote(text: &str) -> String {
    format!("\"{text}\"")
}

pub(crate) fn unknown_message(seq: u64) -> String {
    format!("message {seq}")
}

pub(crate) fn edited(username: impl Display, old: &str, text: &str) -> String {
    format!("-- {username} edited {old}: {text}")
}

pub(crate) fn deleted(username: impl Display, old: &str) -> String {
    format!("-- {username} deleted {old}")
}

pub(crate) fn reacted(username: impl Display, emoji: &str, old: &str) -> String {
    format!("-- {username} reacted {emoji} to {old}")
}

pub(crate) fn current_room(title: &str, topic: &str) -> String {
    match topic {
        "" => format!("-- You are in {title}."),
        topic => format!("-- You are in {title}. Topic: {topic}"),
    }
}

pub(crate) fn command(usage: &str, what: &str) -> String {
    format!("{usage}: {what}")
}
