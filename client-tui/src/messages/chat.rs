//! Texts of the chat screen and its commands.

use std::fmt::Display;

use chat_shared::limits::{QUERY_CHARS_MAX, TEXT_CHARS_MAX};
use chat_shared::protocol::{RoomsPage, SystemEvent, SystemKind};
use chat_shared::text::TextError;
use chat_shared::{RoomName, TimestampMs};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::state::{ConnectionState, PresenceChanges};

// Sending

pub(crate) const ACTION_NEEDS_TEXT: &str = "/me needs a text: /me waves";
pub(crate) const TOO_LONG_TO_PASTE: &str = "That is too long to paste into a message.";
pub(crate) const TOO_LONG_FOR_A_MESSAGE: &str = "That is too long for a message.";

/// Why a text can't be sent.
pub(crate) fn wrong_text(text: &str, error: TextError) -> String {
    match error {
        TextError::TooLong => format!(
            "The message is too long by {}: {TEXT_CHARS_MAX} characters at most.",
            characters_too_many(text)
        ),
        TextError::Empty => format!("{error}."),
    }
}

pub(crate) fn ask_to_split(text: &str, parts: usize) -> String {
    let over = characters_too_many(text);
    format!("Too long by {over}. Enter: send {parts} messages, Esc: back")
}

fn characters_too_many(text: &str) -> usize {
    let characters = text.trim_end().chars().count();
    characters.saturating_sub(TEXT_CHARS_MAX)
}

pub(crate) const RECONNECT_HINT: &str = "/reconnect tries again";
pub(crate) const CONNECTS_BY_ITSELF: &str = "The client connects by itself.";

pub(crate) fn too_many_waiting(max: usize) -> String {
    format!("{max} messages are waiting to be sent; wait until some of them are.")
}

pub(crate) fn not_sent(why: &str) -> String {
    format!("not sent: {why} Ctrl-R tries again, /discard drops it.")
}

// Commands

pub(crate) const LOBBY_CANT_BE_LEFT: &str = "Nobody can leave the lobby; /quit ends the program.";
pub(crate) const NO_TOPIC: &str = "This room has no topic.";
pub(crate) const REACTION_NEEDS_EMOJI: &str = "/react needs an emoji: /react :tada:";
pub(crate) const NOTHING_TO_REACT_TO: &str = "There is no message to react to.";
pub(crate) const NOTHING_TO_REPLY_TO: &str = "There is no message to reply to.";
pub(crate) const NOTHING_TO_COPY: &str = "There is no message to copy.";
pub(crate) const COPIED: &str = "Copied, if your terminal allows it.";
pub(crate) const NO_OWN_MESSAGE: &str = "You have no message here.";
pub(crate) const ONLY_OWN_MESSAGES: &str = "You can edit only your own messages.";
pub(crate) const SEARCH_NEEDS_WORDS: &str = "/search needs words: /search tea in:lobby from:ann";

pub(crate) fn unknown_command(name: &str) -> String {
    format!("There is no command /{name}. /help lists them; //{name} sends the text.")
}

pub(crate) fn needs_room(command: &str) -> String {
    format!("{command} needs a room: {command} rust")
}

pub(crate) fn needs_username(command: &str) -> String {
    format!("{command} needs a username: {command} ann")
}

pub(crate) fn needs_role(username: impl Display) -> String {
    format!("/role needs a role: /role {username} moderator")
}

pub(crate) fn not_a_duration(text: &str) -> String {
    format!("{text:?} is not a duration; write it like 10m, 2h or 7d.")
}

pub(crate) fn topic(topic: &str) -> String {
    format!("Topic: {topic}")
}

pub(crate) fn query_too_long() -> String {
    format!("The search is too long: {QUERY_CHARS_MAX} characters at most.")
}

pub(crate) fn nothing_starts_with(word: &str) -> String {
    format!("Nothing starts with {word}.")
}

/// The answer to `/rooms`.
pub(crate) fn public_rooms(page: &RoomsPage) -> String {
    if page.rooms.is_empty() {
        return "No public room found.".to_owned();
    }
    let mut text = "Public rooms:".to_owned();
    for room in &page.rooms {
        let plural = if room.members == 1 { "" } else { "s" };
        text += &format!("\n#{}, {} member{plural}", room.room, room.members);
        if room.joined {
            text += ", joined";
        }
        if !room.topic.is_empty() {
            text += &format!(": {}", room.topic);
        }
    }
    if page.more {
        text += "\nand more; /rooms PREFIX narrows the list";
    }
    text
}

/// The answer to `/names`: the names that are online, and those that are not.
pub(crate) fn names(online: u64, here: &str, away: &str) -> String {
    let mut text = format!("{online} online");
    if !here.is_empty() {
        text += &format!(": {here}");
    }
    if !away.is_empty() {
        text += &format!("; offline: {away}");
    }
    text
}

pub(crate) fn display_name_changed(name: &str) -> String {
    format!("Your display name is now {name}.")
}

pub(crate) fn blocked(username: impl Display) -> String {
    format!("{username} can't invite you or write to you directly. /unblock {username} lifts it.")
}

pub(crate) fn unblocked(username: impl Display) -> String {
    format!("{username} is not blocked.")
}

// Sentences about failed actions; the server's reason follows.

pub(crate) fn failed(what: &str, why: impl Display) -> String {
    format!("{what}: {why}")
}

pub(crate) fn cant_join(room: &RoomName) -> String {
    format!("You can't join {room}")
}

pub(crate) fn cant_leave(room: &RoomName) -> String {
    format!("You can't leave {room}")
}

pub(crate) fn cant_write_to(username: impl Display) -> String {
    format!("You can't write to {username}")
}

pub(crate) fn not_created(room: &RoomName) -> String {
    format!("{room} was not created")
}

pub(crate) const ROOMS_NOT_LISTED: &str = "The rooms can't be listed";
pub(crate) const MESSAGE_NOT_EDITED: &str = "The message was not edited";
pub(crate) const MESSAGE_NOT_DELETED: &str = "The message was not deleted";
pub(crate) const REACTION_NOT_CHANGED: &str = "The reaction was not changed";
pub(crate) const TOPIC_NOT_CHANGED: &str = "The topic was not changed";
pub(crate) const DISPLAY_NAME_NOT_CHANGED: &str = "Your display name was not changed";
pub(crate) const OLDER_NOT_LOADED: &str = "Older messages can't be loaded";
pub(crate) const NEWER_NOT_LOADED: &str = "Newer messages can't be loaded";
pub(crate) const THESE_NOT_LOADED: &str = "These messages can't be loaded";

pub(crate) fn not_done(username: impl Display, what: &str) -> String {
    format!("{username} was not {what}")
}

pub(crate) fn role_not_changed(username: impl Display) -> String {
    format!("{username}'s role was not changed")
}

// Rooms

pub(crate) const NOTHING_UNREAD_ELSEWHERE: &str = "There is nothing unread in other rooms.";
pub(crate) const NOTHING_UNREAD_HERE: &str = "There is nothing unread here.";
pub(crate) const NO_SUCH_ROOM: &str = "no such room";

pub(crate) fn not_in_room(room: &RoomName) -> String {
    format!("You are no longer in {room}.")
}

pub(crate) fn cant_send_here(why: &str, room: &RoomName) -> String {
    format!("{why} Your text stays here; /join {room} to come back, /leave to discard it.")
}

/// Why the user is out of a room, if this event says so.
pub(crate) fn removed(event: &SystemEvent, zone: &TimeZone) -> Option<String> {
    let room = &event.room;
    let by = match &event.by {
        Some(by) => format!(" by {by}"),
        None => String::new(),
    };
    let until = event.until.map_or(String::new(), |until| {
        format!(" until {}", date_time(until, zone))
    });
    match event.event {
        SystemKind::Kicked => Some(format!("You were removed from {room}{by}.")),
        SystemKind::Banned => Some(format!("You were banned from {room}{by}{until}.")),
        _ => None,
    }
}

fn date_time(ts: TimestampMs, zone: &TimeZone) -> String {
    let ts = i64::try_from(ts).ok();
    let ts = ts.and_then(|ts| Timestamp::from_millisecond(ts).ok());
    let time = zone.to_datetime(ts.unwrap_or_default());
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

pub(crate) const PROMPT_CLOSED: &str = "closed> ";

/// Shown while the input line starts with a slash that is not a command.
pub(crate) const SLASH_IS_TEXT: &str = "Enter sends this as a message";

pub(crate) fn drafts_below(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} draft{plural} set aside")
}

pub(crate) const NOT_LOADED_OFFLINE: &str =
    "That message is not loaded; it can be once you are connected.";

// The timeline

pub(crate) const DELETED: &str = "(deleted)";
pub(crate) const EDITED: &str = " (edited)";
pub(crate) const EARLIER_MESSAGE: &str = "an earlier message";
pub(crate) const NEW_MESSAGES: &str = "new messages";
pub(crate) const LOADING_OLDER: &str = "loading older messages …";
pub(crate) const OLDER_FAILED: &str = "older messages could not be loaded; PgUp tries again";

pub(crate) fn presence(changes: &PresenceChanges) -> String {
    let list = |names: &[chat_shared::Username]| {
        let names: Vec<_> = names.iter().map(chat_shared::Username::as_str).collect();
        names.join(", ")
    };
    let mut parts = Vec::new();
    if !changes.joined.is_empty() {
        parts.push(format!("{} joined", list(&changes.joined)));
    }
    if !changes.left.is_empty() {
        parts.push(format!("{} left", list(&changes.left)));
    }
    if changes.others > 0 {
        parts.push(format!("{} others joined or left", changes.others));
    }
    parts.join("; ")
}

pub(crate) fn online(count: u64) -> String {
    format!("{count} online")
}

pub(crate) fn offline(count: usize) -> String {
    format!("{count} offline")
}

pub(crate) fn more_members(count: usize) -> String {
    format!("… {count} more")
}

// The input line's prompt

pub(crate) const PROMPT: &str = "> ";
pub(crate) const PROMPT_EDIT: &str = "edit> ";

/// The prompt of a reply to a message, of which `said` shows the sender and the start.
pub(crate) fn prompt_reply(said: &str) -> String {
    if said.is_empty() {
        return "reply> ".to_owned();
    }
    format!("reply to {said}> ")
}

// The status row

pub(crate) fn connection(state: &ConnectionState, wait_ms: Option<u64>) -> String {
    match state {
        ConnectionState::Connecting => "connecting …".to_owned(),
        ConnectionState::Live => "connected".to_owned(),
        ConnectionState::Waiting { .. } => match wait_ms {
            Some(left) => format!("reconnecting in {} s", left.div_ceil(1_000)),
            None => "reconnecting …".to_owned(),
        },
        ConnectionState::Ended { .. } => "disconnected".to_owned(),
    }
}

/// The reason that follows [`connection`], if there is room for it.
pub(crate) fn connection_lost_because(state: &ConnectionState) -> Option<&str> {
    match state {
        ConnectionState::Connecting | ConnectionState::Live => None,
        ConnectionState::Waiting { why, .. } | ConnectionState::Ended { why } => Some(why),
    }
}

/// Of `all` rooms with unread messages out of sight, `mine` mention the user or are direct.
pub(crate) fn hidden_news(mark: &str, all: usize, mine: usize) -> String {
    match mine {
        0 => format!("{mark} {all} new"),
        mine => format!("{mark} {all} new, {mine} to you"),
    }
}

pub(crate) fn unread_rooms(rooms: &str) -> String {
    format!("new: {rooms}")
}

pub(crate) fn by(username: impl Display) -> String {
    format!("by @{username}")
}

pub(crate) fn quit_armed(key: impl Display) -> String {
    format!("{key} again quits")
}

pub(crate) fn confirm_paste(lines: usize) -> String {
    format!("Paste {lines} lines? Enter: paste, Esc: cancel")
}

pub(crate) fn new_below(count: u64, key: impl Display) -> String {
    format!("{count} new below, {key}")
}

pub(crate) fn to_newest(key: impl Display) -> String {
    format!("{key}: newest")
}

pub(crate) fn cancel(key: impl Display) -> String {
    format!("{key}: cancel")
}

pub(crate) fn help_key(key: impl Display) -> String {
    format!("{key} help")
}

pub(crate) fn typing(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} is typing …")),
        names => Some(format!("{} are typing …", names.join(", "))),
    }
}

// The search, the switcher and the help

pub(crate) const SEARCH_KEYS: &str = "Enter: go there, Esc: cancel";
pub(crate) const SEARCHING: &str = "searching …";
pub(crate) const NOTHING_FOUND: &str = "Nothing found.";
pub(crate) const MORE_RESULTS: &str = "Down: more";
pub(crate) const SWITCHER_TITLE: &str = " Go to ";
pub(crate) const SWITCHER_KEYS: &str = " Enter: go, Esc: cancel ";
pub(crate) const HELP_TITLE: &str = " Help ";
pub(crate) const HELP_COMMANDS: &str = "Commands";
pub(crate) const HELP_MORE: &str = " Down: more, any other key: close ";
pub(crate) const HELP_CLOSE: &str = " any key: close ";
pub(crate) const HELP_NO_KEY: &str = "(no key)";
/// Listed with the commands, though it is not one.
pub(crate) const HELP_SLASH: (&str, &str) = ("//TEXT", "send a text that starts with /");

pub(crate) fn search_title(query: &str) -> String {
    format!("Search: {query}")
}

pub(crate) fn unread_in_switcher(count: u64) -> String {
    format!(" ({count} new)")
}
