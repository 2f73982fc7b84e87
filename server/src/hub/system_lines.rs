//! What happened in a room, as sentences for people.

use chat_shared::protocol::{Role, RoomKind, SystemEvent, SystemKind};
use chat_shared::{RoomName, TimestampMs, Username};

use chat_rules::{EventBody, LogEvent};

/// The line of an event that is no message and changes none.
pub(super) fn system_line(room: &RoomName, event: &LogEvent) -> SystemEvent {
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
            format!("{by} began to talk with {with}"),
        ),
        EventBody::Created { topic, .. } => SystemEvent {
            topic: (!topic.is_empty()).then(|| topic.clone()),
            ..own(SystemKind::Created, format!("{by} made {room}"))
        },
        EventBody::Joined => own(SystemKind::Joined, format!("{by} joined {room}")),
        EventBody::Left { heir } => {
            let message = match heir {
                Some(heir) => format!("{by} left {room}; {heir} owns it now"),
                None => format!("{by} left {room}"),
            };
            SystemEvent {
                heir: heir.clone(),
                ..own(SystemKind::Left, message)
            }
        }
        EventBody::Invited { username } => about(
            SystemKind::Invited,
            format!("{by} invited {username} to {room}"),
            username,
        ),
        EventBody::Kicked { username } => about(
            SystemKind::Kicked,
            format!("{by} put {username} out of {room}"),
            username,
        ),
        EventBody::Banned { username, until } => {
            let time = how_long(event.ts, *until);
            let message = format!("{by} banned {username} from {room}{time}");
            SystemEvent {
                until: *until,
                ..about(SystemKind::Banned, message, username)
            }
        }
        EventBody::Unbanned { username } => {
            let message = format!("{by} lifted the ban of {username} from {room}");
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
            let message = format!("{by} made {username} {what} of {room}");
            SystemEvent {
                role: Some(*role),
                ..about(SystemKind::Role, message, username)
            }
        }
        EventBody::Topic { topic } => {
            let message = if topic.is_empty() {
                format!("{by} took the topic away")
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

/// " for 2 hours", in the largest unit that says it, or nothing where it has no end.
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
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_whole_units() {
        let check =
            |seconds: u64, expect| assert_eq!(how_long(5, Some(5 + seconds * 1_000)), expect);
        check(3_600, " for 1 hour");
        check(90, " for 90 seconds");
        check(600, " for 10 minutes");
        check(172_800, " for 2 days");
        assert_eq!(how_long(5, None), "");
    }
}
