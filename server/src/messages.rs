//! All sentences that the hub and the gateway show to people, and those that they share with the HTTP
//! calls: errors first, then the lines about what happened in a room.
//!
//! One situation has one sentence. The refusals of the rules are worded beside them
//! ([`chat_server_rules::Refusal`]) and only converted here. Reasons of closes are for developers of
//! clients and stay where they are used.

use crate::accounts::AdminError;
use chat_server_rules::{EventBody, LogEvent, Refusal};
use chat_server_store::{BLOCKED_MAX, CODES_MAX};
use chat_shared::limits::{QUERY_CHARS_MAX, RESUME_ROOMS_MAX};
use chat_shared::protocol::{ErrorCode, ErrorFrame, Role, RoomKind, SystemEvent, SystemKind};
use chat_shared::{RoomName, TimestampMs, Username};

/// The reason that a stopping server gives.
pub(crate) const GOING_DOWN: &str = "The server is going down.";

/// Converts a refusal of the rules.
pub(crate) fn refused(refusal: Refusal) -> ErrorFrame {
    ErrorFrame::new(refusal.code(), refusal.to_string())
}

/// A room whose log holds what only a newer server understands.
pub(crate) fn room_of_newer_server() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Unavailable,
        "A newer version of the server wrote this room; it opens once this server is upgraded.",
    )
}

/// A room whose log can't be read.
pub(crate) fn room_unreadable() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Unavailable,
        "This room's stored messages can't be read; tell the server's operator.",
    )
}

/// The store does not answer.
pub(crate) fn unavailable() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Unavailable,
        "The server can't reach its store; try again.",
    )
}

/// The disk is almost full, in a reply and in an HTTP answer.
pub(crate) const DISK_LOW: &str = "The server's disk is almost full, so it takes nothing new; tell its operator, or try again later.";

pub(crate) fn disk_low() -> ErrorFrame {
    ErrorFrame::new(ErrorCode::Unavailable, DISK_LOW)
}

/// The room's inbox is full.
pub(crate) fn busy() -> ErrorFrame {
    ErrorFrame::new(ErrorCode::Busy, "This room is busy; try again.")
}

/// The command comes too soon after others.
pub(crate) fn rate_limited(retry_after_ms: u64) -> ErrorFrame {
    ErrorFrame {
        retry_after_ms: Some(retry_after_ms),
        ..ErrorFrame::new(
            ErrorCode::RateLimited,
            "Too many commands at once; wait a moment and try again.",
        )
    }
}

/// The account has reached a quota of the day.
pub(crate) fn quota_of_today_spent(max: u64, retry_after_ms: u64) -> ErrorFrame {
    ErrorFrame {
        retry_after_ms: Some(retry_after_ms),
        ..ErrorFrame::new(
            ErrorCode::Quota,
            format!("You may do this {max} times a day; try again tomorrow."),
        )
    }
}

/// The account has reached a quota in all.
pub(crate) fn quota_spent(max: u64) -> ErrorFrame {
    let sentence = format!("An account may do this {max} times, and yours has.");
    ErrorFrame::new(ErrorCode::Quota, sentence)
}

/// An account is in as many rooms as it can be; `other` is somebody else's.
pub(crate) fn in_too_many_rooms(other: Option<&Username>) -> ErrorFrame {
    let sentence = match other {
        None => "You are in as many rooms as an account can be; leave one first.".to_owned(),
        Some(username) => format!("{username} is in too many rooms to be added to another."),
    };
    ErrorFrame::new(ErrorCode::Quota, sentence)
}

/// The person whom the command would reach has blocked the user.
pub(crate) fn blocked() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Forbidden,
        "This person has blocked you, so you can't reach them directly.",
    )
}

/// The user has blocked the person to whom they would write.
pub(crate) fn blocked_by_oneself(username: &Username) -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Forbidden,
        format!("You have blocked {username}; unblock them first."),
    )
}

/// The user has blocked as many people as an account can.
pub(crate) fn blocks_too_many() -> ErrorFrame {
    let sentence = format!("You have blocked {BLOCKED_MAX} people; unblock somebody first.");
    ErrorFrame::new(ErrorCode::Quota, sentence)
}

/// The command is for admins.
pub(crate) fn admin_only() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Forbidden,
        "Only an admin of the server may do that.",
    )
}

/// Somebody can't become an admin, or stays one.
pub(crate) fn admin_unchanged(error: &AdminError) -> ErrorFrame {
    ErrorFrame::new(ErrorCode::Forbidden, format!("{error}."))
}

/// An invite would let nobody in.
pub(crate) fn no_invite_to_closed() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Forbidden,
        "Sign-up is closed on this server, so that an invite lets nobody in; start the server with \
         --registration invite first.",
    )
}

/// No invite has the id.
pub(crate) fn no_such_invite() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::NotFound,
        "There is no such invite, or it has ended.",
    )
}

/// An invite link leads into a room that nobody can be invited to.
pub(crate) fn no_room_to_invite_into() -> ErrorFrame {
    bad_field("room", "nobody is invited to the lobby or to a direct room")
}

/// The server has as many invites as it keeps.
pub(crate) fn invites_too_many() -> ErrorFrame {
    let sentence =
        format!("There are {CODES_MAX} invites; end some first, or wait until some expire.");
    ErrorFrame::new(ErrorCode::Quota, sentence)
}

/// The server has as many password resets as it keeps.
pub(crate) fn resets_too_many() -> ErrorFrame {
    let sentence =
        format!("There are {CODES_MAX} links to reset a password; wait until some expire.");
    ErrorFrame::new(ErrorCode::Quota, sentence)
}

/// An admin asks for a link to reset an admin's password.
pub(crate) fn no_reset_of_admin() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Forbidden,
        "An admin's password is not reset by a link: change your own with the old one, take the \
         admin's right from somebody else first, or, if none can sign in, start the server with \
         --admin OTHER and let OTHER do it.",
    )
}

/// No account has the username.
pub(crate) fn no_such_user(username: &Username) -> ErrorFrame {
    ErrorFrame::new(ErrorCode::NotFound, format!("No user is named {username}."))
}

/// A direct room was asked for with oneself.
pub(crate) fn direct_with_oneself() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::BadField,
        "The field `username` is wrong: a direct message goes to someone else.",
    )
}

/// The command's `type` is unknown.
pub(crate) fn unknown_command() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::UnknownCommand,
        "There is no such command in this version of the server.",
    )
}

/// A frame of another dialect, or a second hello.
pub(crate) fn misplaced_frame() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::BadFrame,
        "This frame is not allowed here; send a command with a `type`.",
    )
}

/// The FastAPI demo's page sent a frame without a message.
pub(crate) fn missing_message() -> ErrorFrame {
    ErrorFrame::new(ErrorCode::BadField, "The field `message` is missing.")
}

/// A field that is out of its range.
pub(crate) fn out_of_range(field: &str, max: u64) -> ErrorFrame {
    bad_field(field, &format!("it is 1 to {max}"))
}

/// A field that is wrong, and why.
pub(crate) fn bad_field(field: &str, why: &str) -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::BadField,
        format!("The field `{field}` is wrong: {why}."),
    )
}

/// A display name could be taken for somebody else's username.
pub(crate) fn looks_like_user(username: &Username) -> ErrorFrame {
    bad_field(
        "display_name",
        &format!("it looks like the username {username}"),
    )
}

/// A history query names more than one place.
pub(crate) fn exclusive_ends() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::BadField,
        "The fields `before`, `after` and `around` exclude each other.",
    )
}

/// A search query is too long.
pub(crate) fn query_too_long() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::TooLong,
        format!("The field `query` is too long: {QUERY_CHARS_MAX} characters at most."),
    )
}

/// A search query holds no word.
pub(crate) fn query_without_words() -> ErrorFrame {
    bad_field("query", "it holds no word to search for")
}

/// A resume names too many rooms.
pub(crate) fn too_many_rooms() -> ErrorFrame {
    bad_field("rooms", &format!("{RESUME_ROOMS_MAX} rooms at most"))
}

/// The line about an event that is not a message and changes none.
#[expect(
    clippy::too_many_lines,
    reason = "one flat match: a line for each kind of event"
)]
pub(crate) fn system_line(room: &RoomName, event: &LogEvent) -> SystemEvent {
    let by = &event.sender;
    let about = |kind, message: String, whom: &Username| {
        let line = line(room, event, kind, message);
        SystemEvent {
            username: Some(whom.clone()),
            by: Some(by.clone()),
            ..line
        }
    };
    let own = |kind, message: String| line(room, event, kind, message);
    match &event.body {
        EventBody::Created {
            room_kind: RoomKind::Direct,
            with: Some(with),
            ..
        } => own(
            SystemKind::Created,
            format!("{by} started a direct conversation with {with}"),
        ),
        EventBody::Created { topic, .. } => SystemEvent {
            topic: (!topic.is_empty()).then(|| topic.clone()),
            ..own(SystemKind::Created, format!("{by} created #{room}"))
        },
        EventBody::Joined => own(SystemKind::Joined, format!("{by} joined #{room}")),
        EventBody::Left { heir } => {
            let message = match heir {
                Some(heir) => format!("{by} left #{room}; {heir} is the owner now"),
                None => format!("{by} left #{room}"),
            };
            SystemEvent {
                heir: heir.clone(),
                ..own(SystemKind::Left, message)
            }
        }
        EventBody::Invited { username } => about(
            SystemKind::Invited,
            format!("{by} invited {username} to #{room}"),
            username,
        ),
        EventBody::Kicked { username } => about(
            SystemKind::Kicked,
            format!("{by} removed {username} from #{room}"),
            username,
        ),
        EventBody::Banned { username, until } => {
            let time = how_long(event.ts, *until);
            let message = format!("{by} banned {username} from #{room}{time}");
            SystemEvent {
                until: *until,
                ..about(SystemKind::Banned, message, username)
            }
        }
        EventBody::Unbanned { username } => {
            let message = format!("{by} unbanned {username} from #{room}");
            about(SystemKind::Unbanned, message, username)
        }
        EventBody::Muted { username, until } => {
            let message = format!("{by} muted {username}{}", how_long(event.ts, *until));
            SystemEvent {
                until: *until,
                ..about(SystemKind::Muted, message, username)
            }
        }
        EventBody::Unmuted { username } => about(
            SystemKind::Unmuted,
            format!("{by} unmuted {username}"),
            username,
        ),
        EventBody::Role { username, role } => {
            let what = match role {
                Role::Member => "a member",
                Role::Moderator => "a moderator",
                Role::Owner => "an owner",
            };
            let message = format!("{by} made {username} {what} of #{room}");
            SystemEvent {
                role: Some(*role),
                ..about(SystemKind::Role, message, username)
            }
        }
        EventBody::Topic { topic } => {
            let message = if topic.is_empty() {
                format!("{by} cleared the topic")
            } else {
                format!("{by} set the topic: {topic}")
            };
            SystemEvent {
                topic: Some(topic.clone()),
                ..own(SystemKind::Topic, message)
            }
        }
        EventBody::Message { .. }
        | EventBody::Edited { .. }
        | EventBody::Deleted { .. }
        | EventBody::Reacted { .. }
        | EventBody::OfAccount { .. } => own(SystemKind::Notice, String::new()),
    }
}

fn line(room: &RoomName, event: &LogEvent, kind: SystemKind, message: String) -> SystemEvent {
    SystemEvent {
        seq: Some(event.seq),
        username: Some(event.sender.clone()),
        ..SystemEvent::new(room.clone(), event.ts, kind, message)
    }
}

/// " for 2 hours", in the largest unit without a remainder; nothing where there is no end.
fn how_long(from: TimestampMs, until: Option<TimestampMs>) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let Some(until) = until else {
        return String::new();
    };
    let seconds = until.saturating_sub(from).div_ceil(1_000).max(1);
    let whole = UNITS.into_iter().find(|(unit, _)| seconds % unit == 0);
    let (unit, name) = whole.unwrap_or((1, "second"));
    let count = seconds / unit;
    let plural = if count == 1 { "" } else { "s" };
    format!(" for {count} {name}{plural}")
}

#[cfg(test)]
mod tests;
