//! The projections that the database keeps beside the log, in the transaction of the append.

use chat_shared::RoomName;
use rusqlite::Connection;

use super::message_states;
use super::rows::execute;
use crate::StoreError;
use crate::projection::{Membership, Projection, kind_before_created, kind_text, project};
use chat_server_rules::LogEvent;

pub(super) fn update(
    conn: &Connection,
    room: &RoomName,
    events: &[LogEvent],
) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO rooms (room, room_kind, topic, members, last_seq) VALUES (?1, ?2, '', 0, ?3)
         ON CONFLICT (room) DO UPDATE SET last_seq = excluded.last_seq",
        (
            room.as_str(),
            kind_text(kind_before_created(room)),
            events.last().map_or(0, |event| event.seq),
        ),
    )?;
    for event in events {
        apply(conn, room, &project(room, event))?;
        message_states::apply(conn, room, event)?;
    }
    Ok(())
}

fn apply(
    conn: &Connection,
    room: &RoomName,
    projection: &Projection<'_>,
) -> Result<(), StoreError> {
    if let Some(kind) = projection.kind {
        execute(
            conn,
            "UPDATE rooms SET room_kind = ?2 WHERE room = ?1",
            (room.as_str(), kind_text(kind)),
        )?;
    }
    if let Some(topic) = projection.topic {
        execute(
            conn,
            "UPDATE rooms SET topic = ?2 WHERE room = ?1",
            (room.as_str(), topic),
        )?;
    }
    for membership in &projection.memberships {
        let more_members = match membership {
            Membership::Begins(member) => execute(
                conn,
                "INSERT INTO memberships (username, room) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (member.as_str(), room.as_str()),
            )? as i64,
            Membership::Ends(member) => {
                -(execute(
                    conn,
                    "DELETE FROM memberships WHERE username = ?1 AND room = ?2",
                    (member.as_str(), room.as_str()),
                )? as i64)
            }
        };
        if more_members != 0 {
            execute(
                conn,
                "UPDATE rooms SET members = members + ?2 WHERE room = ?1",
                (room.as_str(), more_members),
            )?;
        }
    }
    if let Some((seq, names)) = projection.mentions {
        execute(
            conn,
            "DELETE FROM mentions WHERE room = ?1 AND seq = ?2",
            (room.as_str(), seq),
        )?;
        for name in names {
            execute(
                conn,
                "INSERT INTO mentions (username, room, seq) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
                (name.as_str(), room.as_str(), seq),
            )?;
        }
    }
    if let Some(target) = projection.deleted {
        execute(
            conn,
            "INSERT INTO deletions (room, target, scrubbed) VALUES (?1, ?2, 0)
             ON CONFLICT DO NOTHING",
            (room.as_str(), target),
        )?;
    }
    Ok(())
}
