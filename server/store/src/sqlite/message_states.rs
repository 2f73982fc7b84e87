//! Messages that were changed, as they are now: a projection, in the transaction of the append.

use chat_shared::{Emoji, RoomName, Seq, TimestampMs, Username};
use rusqlite::{Connection, Row};

use super::rows::{bound, collect, column, decode_event, execute};
use crate::StoreError;
use crate::log::take_bytes;
use chat_rules::{EventBody, LogEvent, StoredChanges, StoredEdit, Target};

pub(super) const MESSAGE_STATE: &str =
    "SELECT rev, text, mentions, edited_ts, deleted, changes FROM message_states
     WHERE room = ?1 AND target = ?2";

pub(super) const REACTIONS: &str =
    "SELECT emoji, username, seq FROM reactions WHERE room = ?1 AND target = ?2";

pub(super) const EVENTS_TARGETING: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body, format
     FROM events INDEXED BY events_by_target
     WHERE room = ?1 AND target = ?2 AND target > 0 AND seq <= ?3 ORDER BY seq";

/// Takes an event that changes a message into the message's row.
pub(super) fn apply(
    conn: &Connection,
    room: &RoomName,
    event: &LogEvent,
) -> Result<(), StoreError> {
    let Some(target) = event.body.target() else {
        return Ok(());
    };
    let key = (room.as_str(), target);
    match &event.body {
        EventBody::Edited { text, mentions, .. } => {
            let mentions = serde_json::to_string(mentions)
                .map_err(|_| StoreError::Refused(format!("event {} of {room}", event.seq)))?;
            execute(
                conn,
                "INSERT INTO message_states
                     (room, target, rev, text, mentions, edited_ts, deleted, changes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 1)
                 ON CONFLICT (room, target) DO UPDATE
                 SET rev = excluded.rev, changes = changes + 1,
                     text = iif(deleted, NULL, excluded.text),
                     mentions = iif(deleted, NULL, excluded.mentions),
                     edited_ts = iif(deleted, NULL, excluded.edited_ts)",
                (key.0, key.1, event.seq, text, mentions, event.ts),
            )?;
        }
        EventBody::Deleted { .. } => {
            execute(
                conn,
                "INSERT INTO message_states (room, target, rev, deleted, changes)
                 VALUES (?1, ?2, ?3, 1, 1)
                 ON CONFLICT (room, target) DO UPDATE
                 SET rev = excluded.rev, changes = changes + 1, deleted = 1,
                     text = NULL, mentions = NULL, edited_ts = NULL",
                (key.0, key.1, event.seq),
            )?;
            let forget = "DELETE FROM reactions WHERE room = ?1 AND target = ?2";
            execute(conn, forget, key)?;
        }
        EventBody::Reacted { emoji, on, .. } => {
            execute(
                conn,
                "INSERT INTO message_states (room, target, rev, deleted, changes)
                 VALUES (?1, ?2, ?3, 0, 1)
                 ON CONFLICT (room, target) DO UPDATE
                 SET rev = excluded.rev, changes = changes + 1",
                (key.0, key.1, event.seq),
            )?;
            let who = (
                key.0,
                key.1,
                emoji.as_str(),
                event.sender.as_str(),
                event.seq,
            );
            react(conn, who, *on)?;
        }
        _ => {}
    }
    Ok(())
}

fn react(conn: &Connection, who: (&str, Seq, &str, &str, Seq), on: bool) -> Result<(), StoreError> {
    if on {
        execute(
            conn,
            "INSERT INTO reactions (room, target, emoji, username, seq)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS
                 (SELECT 1 FROM message_states WHERE room = ?1 AND target = ?2 AND deleted = 1)
             ON CONFLICT DO NOTHING",
            who,
        )?;
    } else {
        let (room, target, emoji, username, _) = who;
        execute(
            conn,
            "DELETE FROM reactions
             WHERE room = ?1 AND target = ?2 AND emoji = ?3 AND username = ?4",
            (room, target, emoji, username),
        )?;
    }
    Ok(())
}

/// As [`crate::LogStore::message_states`].
pub(super) fn states(
    conn: &Connection,
    room: &RoomName,
    messages: &[LogEvent],
    as_of: Seq,
    bytes: usize,
) -> Result<Vec<Target>, StoreError> {
    let (mut states, mut sum) = (Vec::new(), 0);
    for said in messages {
        let Some(state) = state(conn, room, said, as_of)? else {
            continue;
        };
        sum += state.bytes();
        states.push(state);
        if sum > bytes {
            break;
        }
    }
    take_bytes(&mut states, bytes);
    Ok(states)
}

fn state(
    conn: &Connection,
    room: &RoomName,
    said: &LogEvent,
    as_of: Seq,
) -> Result<Option<Target>, StoreError> {
    let key = (room.as_str(), bound(said.seq));
    let mut row = collect(conn, MESSAGE_STATE, key, decode_changes)?;
    let Some(mut changes) = row.pop() else {
        return Ok(Target::new(said));
    };
    if changes.rev > as_of {
        return state_in_the_past(conn, room, said, as_of);
    }
    if !changes.deleted {
        changes.reactions = collect(conn, REACTIONS, key, |row| {
            let emoji: String = column(row, 0)?;
            let emoji = Emoji::parse(&emoji).map_err(|_| {
                StoreError::Corrupt(format!("a reaction to {} of {room}", said.seq))
            })?;
            let username = Username::existing(&column::<String>(row, 1)?);
            Ok((emoji, username, column(row, 2)?))
        })?;
    }
    Ok(Target::with_changes(said, changes))
}

/// The log folded up to `as_of`, one event in memory at a time: the row holds what came later,
/// which is not shown to anybody yet.
fn state_in_the_past(
    conn: &Connection,
    room: &RoomName,
    said: &LogEvent,
    as_of: Seq,
) -> Result<Option<Target>, StoreError> {
    let Some(mut state) = Target::new(said) else {
        return Ok(None);
    };
    let mut query = conn.prepare_cached(EVENTS_TARGETING)?;
    let mut rows = query.query((room.as_str(), bound(said.seq), bound(as_of)))?;
    while let Some(row) = rows.next()? {
        state.apply(&decode_event(room, row)?);
    }
    Ok(Some(state))
}

fn decode_changes(row: &Row<'_>) -> Result<StoredChanges, StoreError> {
    let edited_ts: Option<TimestampMs> = column(row, 3)?;
    let edit = match edited_ts {
        None => None,
        Some(ts) => Some(StoredEdit {
            text: column(row, 1)?,
            mentions: serde_json::from_str(&column::<String>(row, 2)?)
                .map_err(|_| StoreError::Corrupt("mentions of a changed message".into()))?,
            ts,
        }),
    };
    Ok(StoredChanges {
        rev: column(row, 0)?,
        edit,
        deleted: column(row, 4)?,
        changes: column(row, 5)?,
        reactions: Vec::new(),
    })
}
