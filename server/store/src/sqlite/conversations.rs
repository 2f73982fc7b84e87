//! Edits, deletes, reactions, read markers and mentions.

use chat_shared::{RoomName, Seq, Username};
use rusqlite::Connection;

use super::rows::{EVENTS, bound, collect, column, decode_event, execute};
use crate::{ReadMark, StoreError};

/// Edits that are blanked in one transaction, which everybody's writes wait for.
const SCRUBBED_EVENTS_MAX: u64 = 64;

pub(super) const EVENTS_TO_SCRUB: &str = "SELECT seq, ts, id, sender, nonce, messages, body, format
     FROM events INDEXED BY events_by_target
     WHERE room = ?1 AND target = ?2 AND target > 0 AND seq > ?3 ORDER BY seq LIMIT ?4";

pub(super) const DELETION: &str = "SELECT target FROM deletions WHERE room = ?1 AND target = ?2";

pub(super) const UNSCRUBBED: &str =
    "SELECT room, target FROM deletions WHERE scrubbed = 0 LIMIT ?1";

pub(super) const READ_MARKS: &str =
    "SELECT username, seq, messages FROM read_marks WHERE room = ?1";

pub(super) const MENTIONS_ABOVE: &str =
    "SELECT count(*) FROM mentions WHERE username = ?1 AND room = ?2 AND seq > ?3";

pub(super) const MENTIONS_OF: &str =
    "SELECT room, seq FROM mentions WHERE username = ?1 ORDER BY room, seq LIMIT ?2";

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

/// Blanks the message, or the next of its edits above `after`, and returns where to go on. The rows
/// stay: their numbers, times and senders are shown.
pub(super) fn scrub_some(
    conn: &Connection,
    room: &RoomName,
    target: Seq,
    after: Option<Seq>,
) -> Result<Option<Seq>, StoreError> {
    let events = match after {
        None => {
            if deleted_among(conn, room, &[target])?.is_empty() {
                return Ok(None);
            }
            let key = (room.as_str(), bound(target.saturating_sub(1)), 1);
            let next = collect(conn, EVENTS, key, |row| decode_event(room, row))?;
            next.into_iter()
                .filter(|event| event.seq == target)
                .collect()
        }
        Some(after) => {
            let key = (
                room.as_str(),
                bound(target),
                bound(after),
                bound(SCRUBBED_EVENTS_MAX),
            );
            collect(conn, EVENTS_TO_SCRUB, key, |row| decode_event(room, row))?
        }
    };
    for event in &events {
        let Some(blank) = event.body.without_text() else {
            continue;
        };
        if blank == event.body {
            continue;
        }
        let blank = serde_json::to_string(&blank)
            .map_err(|_| StoreError::Refused(format!("event {} can't be written", event.seq)))?;
        execute(
            conn,
            "UPDATE events SET body = ?3 WHERE room = ?1 AND seq = ?2",
            (room.as_str(), event.seq, blank),
        )?;
    }
    let is_last = after.is_some() && (events.len() as u64) < SCRUBBED_EVENTS_MAX;
    if is_last {
        execute(
            conn,
            "UPDATE deletions SET scrubbed = 1 WHERE room = ?1 AND target = ?2",
            (room.as_str(), target),
        )?;
        return Ok(None);
    }
    Ok(Some(events.last().map_or(target, |event| event.seq)))
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
