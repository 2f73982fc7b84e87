//! Parses the arguments of slash commands. An error is a sentence.

use chat_shared::protocol::Role;
use chat_shared::{RoomName, Username};

use crate::messages::chat as messages;

/// Splits off the first word.
pub(super) fn first_word(argument: &str) -> (&str, &str) {
    let (first, rest) = argument
        .split_once(char::is_whitespace)
        .unwrap_or((argument, ""));
    (first, rest.trim())
}

/// Parses `rust` or `#rust`; `command` is named in the error.
pub(super) fn room_name(argument: &str, command: &str) -> Result<RoomName, String> {
    let name = argument.strip_prefix('#').unwrap_or(argument);
    if name.is_empty() {
        return Err(messages::needs_room(command));
    }
    RoomName::parse(name).map_err(|error| format!("{error}."))
}

/// Parses `ann` or `@ann`; `command` is named in the error.
pub(super) fn username(argument: &str, command: &str) -> Result<Username, String> {
    let name = argument.strip_prefix('@').unwrap_or(argument);
    if name.is_empty() {
        return Err(messages::needs_username(command));
    }
    Ok(Username::existing(name))
}

/// Parses the role for `username`.
pub(super) fn role(argument: &str, username: &Username) -> Result<Role, String> {
    match argument {
        "owner" => Ok(Role::Owner),
        "moderator" | "mod" => Ok(Role::Moderator),
        "member" => Ok(Role::Member),
        _ => Err(messages::needs_role(username)),
    }
}

/// Parses `10m`, `2h` or `7d` into seconds; an empty text means without end.
pub(super) fn duration_s(text: &str) -> Result<Option<u64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || messages::not_a_duration(text);
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    match number.checked_mul(factor) {
        Some(seconds @ 1..=chat_shared::limits::FOR_S_MAX) => Ok(Some(seconds)),
        _ => Err(wrong()),
    }
}
