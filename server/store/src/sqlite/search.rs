//! The index of words, which follows the log: it is brought up to it before a search asks, and by
//! itself now and then, so that an append costs nothing for it.

use chat_shared::{RoomName, Seq, TimestampMs};
use data_encoding::HEXLOWER;
use rusqlite::Connection;

use super::SqliteStore;
use super::rows::{EVENTS, bound, collect, column, decode_event, execute, room_name};
use crate::tokens::words;
use crate::{Found, Search, StoreError};
use chat_server_rules::{EventBody, LogEvent};

/// Events that are taken into the index in one transaction.
const FOLLOWED_EVENTS_MAX: usize = 100;

pub(super) const BEHIND: &str = "SELECT room FROM rooms INDEXED BY rooms_unsearched
     WHERE searched < last_seq AND room > ?1 ORDER BY room LIMIT 1";

pub(super) const FIND: &str = "SELECT id, search_messages.room, seq
     FROM search CROSS JOIN search_messages ON id = search.rowid
     WHERE search MATCH ?1 AND search.rowid < ?2 ORDER BY search.rowid DESC LIMIT ?3";

pub(super) const ID_OF: &str = "SELECT id FROM search_messages WHERE room = ?1 AND seq = ?2";

impl SqliteStore {
    /// Brings the index up to one room's log, a bounded piece at a time.
    pub(super) async fn follow_search_of(&self, room: &RoomName) -> Result<(), StoreError> {
        loop {
            let next = room.clone();
            if self.write(move |conn| follow(conn, &next)).await? < FOLLOWED_EVENTS_MAX {
                return Ok(());
            }
        }
    }

    /// Brings the index up to the log, a bounded piece at a time. A room whose log can't be read
    /// is left out, and keeps none of the others from being found.
    pub(super) async fn follow_search(&self) -> Result<(), StoreError> {
        let mut left_out = String::new();
        loop {
            let after = left_out.clone();
            let behind = self
                .read(move |conn| collect(conn, BEHIND, [after], |row| room_name(row, 0)))
                .await?;
            let Some(room) = behind.into_iter().next() else {
                return Ok(());
            };
            let next = room.clone();
            let followed = self.write(move |conn| follow(conn, &next).map(drop)).await;
            match followed {
                Ok(()) => {}
                Err(error @ (StoreError::TooNew(_) | StoreError::Corrupt(_))) => {
                    tracing::warn!(%room, %error, "a room can't be searched");
                    left_out = room.as_str().to_owned();
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Takes a room's next events into the index, and returns how many.
fn follow(conn: &Connection, room: &RoomName) -> Result<usize, StoreError> {
    let searched = "SELECT searched FROM rooms WHERE room = ?1";
    let searched: Option<Seq> =
        collect(conn, searched, [room.as_str()], |row| column(row, 0))?.pop();
    let Some(searched) = searched else {
        return Ok(0);
    };
    let next = (
        room.as_str(),
        bound(searched),
        bound(FOLLOWED_EVENTS_MAX as u64),
    );
    let events = collect(conn, EVENTS, next, |row| decode_event(room, row))?;
    for event in &events {
        take_in(conn, room, event)?;
    }
    if let Some(last) = events.last() {
        let done = "UPDATE rooms SET searched = ?2 WHERE room = ?1";
        execute(conn, done, (room.as_str(), last.seq))?;
    }
    Ok(events.len())
}

pub(super) fn take_in(
    conn: &Connection,
    room: &RoomName,
    event: &LogEvent,
) -> Result<(), StoreError> {
    if let EventBody::Deleted { target } = event.body {
        let Some(id) = id_of(conn, room, target)? else {
            return Ok(());
        };
        execute(conn, "DELETE FROM search WHERE rowid = ?1", [id])?;
        let key = (room.as_str(), target);
        let forget = "DELETE FROM search_messages WHERE room = ?1 AND seq = ?2";
        return execute(conn, forget, key).map(drop);
    }
    let Some(text) = event.body.text() else {
        return Ok(());
    };
    let seq = event.body.target().unwrap_or(event.seq);
    let words = words(text).join(" ");
    match id_of(conn, room, seq)? {
        Some(id) => execute(
            conn,
            "UPDATE search SET words = ?2 WHERE rowid = ?1",
            (id, words),
        )
        .map(drop),
        // A text of no words is found by nothing; one that was deleted is not there to be edited.
        None if event.body.is_message() => {
            execute(
                conn,
                "INSERT INTO search_messages (room, seq, id) VALUES (?1, ?2, 1 +
                 (SELECT coalesce(max(id), ?3) FROM search_messages WHERE id >= ?3 AND id < ?4))",
                (
                    room.as_str(),
                    seq,
                    first_id(event.ts),
                    first_id(event.ts + 1),
                ),
            )?;
            let id = id_of(conn, room, seq)?;
            execute(
                conn,
                "INSERT INTO search (rowid, words, room, sender) VALUES (?1, ?2, ?3, ?4)",
                (
                    id,
                    words,
                    one_word(room.as_str()),
                    one_word(event.sender.as_str()),
                ),
            )
            .map(drop)
        }
        None => Ok(()),
    }
}

/// Ids follow the time, so that newer messages have higher ones in whatever room. Of more in one
/// millisecond the last run over into the next.
pub(super) fn first_id(ts: TimestampMs) -> i64 {
    bound(ts << 12)
}

fn id_of(conn: &Connection, room: &RoomName, seq: Seq) -> Result<Option<i64>, StoreError> {
    Ok(collect(conn, ID_OF, (room.as_str(), seq), |row| column(row, 0))?.pop())
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
fn one_word(name: &str) -> String {
    format!("x{}", HEXLOWER.encode(name.as_bytes()))
}
