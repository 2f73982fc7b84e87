//! The lines about events are those of the golden frames.

use chat_server_rules::{EventId, EventNonce};
use chat_shared::codec::decode_server_frame;
use chat_shared::protocol::ServerFrame;

use super::*;

/// The event that a line is about.
fn event_of(line: &SystemEvent, seq: u64) -> LogEvent {
    let whom = line.username.clone().unwrap();
    let (username, until) = (whom.clone(), line.until);
    let topic = line.topic.clone().unwrap_or_default();
    let body = match line.event {
        SystemKind::Created => EventBody::Created {
            room_kind: RoomKind::Public,
            topic,
            with: None,
        },
        SystemKind::Joined => EventBody::Joined,
        SystemKind::Left => EventBody::Left {
            heir: line.heir.clone(),
        },
        SystemKind::Invited => EventBody::Invited { username },
        SystemKind::Kicked => EventBody::Kicked { username },
        SystemKind::Banned => EventBody::Banned { username, until },
        SystemKind::Unbanned => EventBody::Unbanned { username },
        SystemKind::Muted => EventBody::Muted { username, until },
        SystemKind::Unmuted => EventBody::Unmuted { username },
        SystemKind::Role => EventBody::Role {
            username,
            role: line.role.unwrap(),
        },
        SystemKind::Topic => EventBody::Topic { topic },
        ref other => panic!("{other:?} is no event of a log"),
    };
    LogEvent {
        seq,
        ts: line.ts,
        id: EventId(String::new()),
        sender: line.by.clone().unwrap_or(whom),
        nonce: EventNonce::from_seq(seq),
        messages: 0,
        body,
    }
}

#[test]
fn golden_frames_have_the_lines_of_the_server() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/golden/server");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if let Ok(ServerFrame::System(line)) = decode_server_frame(&text)
            && let Some(seq) = line.seq
        {
            let expect = system_line(&line.room, &event_of(&line, seq));
            assert_eq!(line, expect, "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 11, "only {checked} golden lines");
}

#[test]
fn times_are_shown_in_whole_units() {
    let check = |seconds: u64, expect| assert_eq!(how_long(5, Some(5 + seconds * 1_000)), expect);
    check(3_600, " for 1 hour");
    check(90, " for 90 seconds");
    check(600, " for 10 minutes");
    check(172_800, " for 2 days");
    assert_eq!(how_long(5, None), "");
}
