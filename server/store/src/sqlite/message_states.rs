//! Messages that were changed, as they are now: a projection, in the transaction of the append.

use chat_shared::{Emoji, RoomName, Seq, TimestampMs, Username};
use rusqlite::{Connection, Row};

use super::rows::{bound, collect, column, decode_event, execute};
use crate::StoreError;
use crate::log::take_bytes;
use chat_server_rules::{EventBody, LogEvent, MessageState, StoredChanges, StoredEdit};

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
        // These have no target.
        EventBody::Message { .. }
        | EventBody::Created { .. }
        | EventBody::Joined
        | EventBody::Left { .. }
        | EventBody::Invited { .. }
        | EventBody::Kicked { .. }
        | EventBody::Banned { .. }
        | EventBody::Unbanned { .. }
        | EventBody::Muted { .. }
        | EventBody::Unmuted { .. }
        | EventBody::Role { .. }
        | EventBody::Topic { .. }
        | EventBody::OfAccount { .. } => {}
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
        // Emoji that were stored before they had a normal form may differ in U+FE0F.
        execute(
            conn,
            "DELETE FROM reactions
             WHERE room = ?1 AND target = ?2 AND username = ?4
                 AND replace(emoji, char(0xFE0F), '') = replace(?3, char(0xFE0F), '')",
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
) -> Result<Vec<MessageState>, StoreError> {
    let (mut states, mut sum) = (Vec::new(), 0);
    for sent in messages {
        let Some(state) = state(conn, room, sent, as_of)? else {
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
    sent: &LogEvent,
    as_of: Seq,
) -> Result<Option<MessageState>, StoreError> {
    let key = (room.as_str(), bound(sent.seq));
    let mut row = collect(conn, MESSAGE_STATE, key, decode_changes)?;
    let Some(mut changes) = row.pop() else {
        return Ok(MessageState::new(sent));
    };
    if changes.rev > as_of {
        return state_in_the_past(conn, room, sent, as_of);
    }
    if !changes.deleted {
        changes.reactions = collect(conn, REACTIONS, key, |row| {
            let emoji: String = column(row, 0)?;
            let emoji = Emoji::parse(&emoji).map_err(|_| {
                StoreError::Corrupt(format!("a reaction to {} of {room}", sent.seq))
            })?;
            let username = Username::existing(&column::<String>(row, 1)?);
            Ok((emoji, username, column(row, 2)?))
        })?;
    }
    Ok(MessageState::with_changes(sent, changes))
}

/// The log folded up to `as_of`, one event in memory at a time: the row holds what came later,
/// which is not shown to anybody yet.
fn state_in_the_past(
    conn: &Connection,
    room: &RoomName,
    sent: &LogEvent,
    as_of: Seq,
) -> Result<Option<MessageState>, StoreError> {
    let Some(mut state) = MessageState::new(sent) else {
        return Ok(None);
    };
    let mut query = conn.prepare_cached(EVENTS_TARGETING)?;
    let mut rows = query.query((room.as_str(), bound(sent.seq), bound(as_of)))?;
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
