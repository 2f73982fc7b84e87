//! Finds messages by their words. [`super::indexing`] fills the index.

use chat_shared::TimestampMs;
use data_encoding::HEXLOWER;
use rusqlite::Connection;

use super::indexing::BEHIND;
use super::rows::{bound, collect, column, room_name};
use crate::{Found, Search, StoreError};

pub(super) const FIND: &str = "SELECT id, search_messages.room, seq
     FROM search CROSS JOIN search_messages ON id = search.rowid
     WHERE search MATCH ?1 AND search.rowid < ?2 ORDER BY search.rowid DESC LIMIT ?3";

/// Ids follow the time, so that newer messages have higher ones in whatever room. Of more in one
/// millisecond the last run over into the next.
pub(super) fn first_id(ts: TimestampMs) -> i64 {
    bound(ts << 12)
}

/// The messages found, unless the index is behind the log.
pub(super) fn find_followed(
    conn: &Connection,
    search: &Search,
) -> Result<Option<Found>, StoreError> {
    let behind = collect(conn, BEHIND, [""], |row| room_name(row, 0))?;
    if !behind.is_empty() {
        return Ok(None);
    }
    find(conn, search).map(Some)
}

pub(super) fn find(conn: &Connection, search: &Search) -> Result<Found, StoreError> {
    let below = match &search.cursor {
        None => i64::MAX,
        Some(cursor) => match cursor.parse() {
            Ok(id) => id,
            // Nobody was given such a cursor.
            Err(_) => return Ok(Found::default()),
        },
    };
    if search.phrases.is_empty() || search.rooms.is_empty() {
        return Ok(Found::default());
    }
    let key = (expression(search), below, bound(search.limit as u64));
    let rows = collect(conn, FIND, key, |row| {
        Ok((
            column::<i64>(row, 0)?,
            (room_name(row, 1)?, column(row, 2)?),
        ))
    })?;
    let more = rows.len() == search.limit;
    let last = rows.last().map(|(id, _)| id.to_string());
    Ok(Found {
        messages: rows.into_iter().map(|(_, message)| message).collect(),
        cursor: last.filter(|_| more),
    })
}

/// Writes the search in FTS5's language. Only words of letters and digits are quoted.
pub(super) fn expression(search: &Search) -> String {
    let phrases = search
        .phrases
        .iter()
        .map(|phrase| quoted(&phrase.join(" ")));
    let rooms = search
        .rooms
        .iter()
        .map(|room| quoted(&one_word(room.as_str())));
    let mut all = vec![
        format!("words : ({})", join(phrases, " AND ")),
        format!("room : ({})", join(rooms, " OR ")),
    ];
    if let Some(from) = &search.from {
        all.push(format!("sender : {}", quoted(&one_word(from.as_str()))));
    }
    all.join(" AND ")
}

fn join(parts: impl Iterator<Item = String>, with: &str) -> String {
    parts.collect::<Vec<_>>().join(with)
}

fn quoted(words: &str) -> String {
    format!("\"{words}\"")
}

/// A name as one word of letters and digits, whatever it holds.
pub(super) fn one_word(name: &str) -> String {
    format!("x{}", HEXLOWER.encode(name.as_bytes()))
}
