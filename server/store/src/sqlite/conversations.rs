//! Edits, deletes, reactions, read markers and mentions.

use chat_shared::{RoomName, Seq, Username};
use rusqlite::Connection;

use super::rows::{bound, collect, column, decode_event, execute};
use crate::{ReadMark, StoreError};
use chat_rules::LogEvent;

pub(super) const EVENTS_TARGETING: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body FROM events INDEXED BY events_by_target
     WHERE room = ?1 AND target = ?2 AND target > 0 AND seq <= ?3 ORDER BY seq";

pub(super) const DELETION: &str = "SELECT target FROM deletions WHERE room = ?1 AND target = ?2";

pub(super) const UNSCRUBBED: &str =
    "SELECT room, target FROM deletions WHERE scrubbed = 0 LIMIT ?1";

pub(super) const READ_MARKS: &str =
    "SELECT username, seq, messages FROM read_marks WHERE room = ?1";

pub(super) const MENTIONS_ABOVE: &str =
    "SELECT count(*) FROM mentions WHERE username = ?1 AND room = ?2 AND seq > ?3";

pub(super) const MENTIONS_OF: &str =
    "SELECT room, seq FROM mentions WHERE username = ?1 ORDER BY room, seq LIMIT ?2";

pub(super) fn events_targeting(
    conn: &Connection,
    room: &RoomName,
    targets: &[Seq],
    up_to: Seq,
) -> Result<Vec<LogEvent>, StoreError> {
    let mut events = Vec::new();
    for target in targets.iter().filter(|target| **target > 0) {
        let key = (room.as_str(), bound(*target), bound(up_to));
        events.extend(collect(conn, EVENTS_TARGETING, key, |row| {
            decode_event(room, row)
        })?);
    }
    events.sort_by_key(|event: &LogEvent| event.seq);
    Ok(events)
}

pub(super) fn deleted_among(
    conn: &Connection,
    room: &RoomName,
    messages: &[Seq],
) -> Result<Vec<Seq>, StoreError> {
    let mut deleted = Vec::new();
    for seq in messages {
        let key = (room.as_str(), bound(*seq));
        deleted.extend(collect(conn, DELETION, key, |row| column::<Seq>(row, 0))?);
    }
    Ok(deleted)
}

/// Blanks the message and its edits. The row stays: its number, its time and its sender are told.
pub(super) fn scrub(conn: &Connection, room: &RoomName, target: Seq) -> Result<(), StoreError> {
    if deleted_among(conn, room, &[target])?.is_empty() {
        return Ok(());
    }
    let message = "SELECT seq, ts, id, sender, nonce, messages, body FROM events
         WHERE room = ?1 AND seq = ?2";
    let key = (room.as_str(), bound(target));
    let mut events = collect(conn, message, key, |row| decode_event(room, row))?;
    events.extend(events_targeting(conn, room, &[target], Seq::MAX)?);
    for event in events {
        let Some(blank) = event.body.without_text() else {
            continue;
        };
        let blank = serde_json::to_string(&blank)
            .map_err(|_| StoreError::Refused(format!("event {} can't be written", event.seq)))?;
        execute(
            conn,
            "UPDATE events SET body = ?3 WHERE room = ?1 AND seq = ?2",
            (room.as_str(), event.seq, blank),
        )?;
    }
    execute(
        conn,
        "UPDATE deletions SET scrubbed = 1 WHERE room = ?1 AND target = ?2",
        (room.as_str(), target),
    )
    .map(drop)
}

pub(super) fn mark_read(
    conn: &Connection,
    room: &RoomName,
    username: &Username,
    mark: ReadMark,
) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO read_marks (room, username, seq, messages) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (room, username) DO UPDATE
         SET seq = excluded.seq, messages = excluded.messages WHERE excluded.seq > seq",
        (room.as_str(), username.as_str(), mark.seq, mark.messages),
    )?;
    execute(
        conn,
        "DELETE FROM mentions WHERE username = ?1 AND room = ?2 AND seq <= ?3",
        (username.as_str(), room.as_str(), mark.seq),
    )
    .map(drop)
}

pub(super) fn read_marks(
    conn: &Connection,
    room: &RoomName,
) -> Result<Vec<(Username, ReadMark)>, StoreError> {
    collect(conn, READ_MARKS, [room.as_str()], |row| {
        let username = Username::existing(&column::<String>(row, 0)?);
        let (seq, messages) = (column(row, 1)?, column(row, 2)?);
        Ok((username, ReadMark { seq, messages }))
    })
}
