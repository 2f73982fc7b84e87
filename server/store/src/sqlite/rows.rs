//! Statements and rows, for all that asks the database.

use chat_shared::{RoomName, Seq, Username};
use rusqlite::{Connection, Params, Row};

use crate::StoreError;
use crate::log::{check_format, unreadable};
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};

/// A room's events above a number, in the columns that [`decode_event`] reads.
pub(super) const EVENTS: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body, format FROM events
     WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

pub(super) fn execute(
    conn: &Connection,
    sql: &'static str,
    params: impl Params,
) -> Result<usize, StoreError> {
    conn.prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .map_err(StoreError::from)
}

pub(super) fn collect<T>(
    conn: &Connection,
    sql: &'static str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query(params)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

pub(super) fn column<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    index: usize,
) -> Result<T, StoreError> {
    row.get(index).map_err(StoreError::from)
}

/// A cursor or a limit as SQLite counts: nothing lies above what it can hold.
pub(super) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn room_name(row: &Row<'_>, index: usize) -> Result<RoomName, StoreError> {
    let text: String = column(row, index)?;
    RoomName::parse(&text).map_err(|_| StoreError::Corrupt(format!("a room named {text:?}")))
}

/// An event of a row of seq, ts, id, sender, nonce, messages, body and format.
pub(super) fn decode_event(room: &RoomName, row: &Row<'_>) -> Result<LogEvent, StoreError> {
    let seq: Seq = column(row, 0)?;
    check_format(room, seq, column(row, 7)?)?;
    let body: String = column(row, 6)?;
    Ok(LogEvent {
        seq,
        ts: column(row, 1)?,
        id: EventId(column(row, 2)?),
        sender: Username::existing(&column::<String>(row, 3)?),
        nonce: EventNonce::from_stored(column(row, 4)?),
        messages: column(row, 5)?,
        body: decode_body(room, seq, &body)?,
    })
}

pub(super) fn decode_body(room: &RoomName, seq: Seq, body: &str) -> Result<EventBody, StoreError> {
    /// The field that every body has, whichever version wrote it.
    #[derive(serde::Deserialize)]
    struct Kind {
        kind: String,
    }
    serde_json::from_str(body).map_err(|error| {
        // serde's own error may quote the message's text, which no log should hold.
        let reason = format!("{:?} error at column {}", error.classify(), error.column());
        let kind = serde_json::from_str::<Kind>(body).ok();
        unreadable(
            room,
            seq,
            kind.as_ref().map(|kind| kind.kind.as_str()),
            &reason,
        )
    })
}
