//! Brings the index of words up to the log, before a search reads the index and by itself now and
//! then, so that an append costs nothing for it.
//!
//! A piece of a room's log is read and cut into words on a reading connection, because the one
//! writer's time is everybody's. The writer then stores the piece, unless the index has moved on
//! meanwhile.

use chat_server_rules::{EventBody, LogEvent};
use chat_shared::{RoomName, Seq, TimestampMs, Username};
use rusqlite::Connection;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::SqliteStore;
use super::rows::{EVENTS, bound, collect, column, decode_event, execute, room_name};
use super::search::{first_id, one_word};
use crate::StoreError;
use crate::tokens::words;

/// The most events that one transaction takes into the index.
const PIECE_EVENTS_MAX: usize = 100;

/// The bytes of words at which a piece ends.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// The bytes of text at which a piece ends, so that a read of it is short.
pub(super) const PIECE_TEXT_BYTES_MAX: usize = 256 << 10;

/// The next room by name whose log is ahead of the index.
pub(super) const BEHIND: &str = "SELECT room, last_seq FROM rooms INDEXED BY rooms_unsearched
     WHERE searched < last_seq AND room > ?1 ORDER BY room LIMIT 1";

pub(super) const ID_OF: &str = "SELECT id FROM search_messages WHERE room = ?1 AND seq = ?2";

/// The searches' turn to bring the index up to the log: one does it for all that wait.
///
/// It holds when the last complete round began. What was stored before then is in the index.
pub(super) type IndexingTurn = Mutex<Option<Instant>>;

/// What an event changes in the index.
#[derive(Debug)]
pub(super) enum Change {
    /// A message of these words, or its words after an edit.
    Words {
        seq: Seq,
        words: String,
        /// Of a message. An edit changes what is in the index and adds nothing to it.
        sent: Option<(TimestampMs, Username)>,
    },
    Deleted {
        seq: Seq,
    },
}

/// A part of a room's log that the index takes next.
#[derive(Debug)]
pub(super) struct Piece {
    /// The index holds the log up to here.
    after: Seq,
    /// The last event of the piece.
    pub(super) last: Seq,
    changes: Vec<Change>,
}

impl SqliteStore {
    /// Brings the index up to one room's log as it is now.
    pub(super) async fn index_room(&self, room: &RoomName) -> Result<(), StoreError> {
        let named = room.clone();
        let tip = "SELECT last_seq FROM rooms WHERE room = ?1";
        let tip: Vec<Seq> = self
            .read(move |conn| collect(conn, tip, [named.as_str()], |row| column(row, 0)))
            .await?;
        let _turn = self.indexing.lock().await;
        self.index_room_up_to(room, tip.into_iter().next().unwrap_or(0))
            .await
    }

    /// Brings the index up to all rooms' logs as they are now. A room whose log can't be read is left
    /// out, and keeps none of the others from being found.
    pub(super) async fn index_rooms(&self) -> Result<(), StoreError> {
        let asked = Instant::now();
        let mut last_round = self.indexing.lock().await;
        if last_round.is_some_and(|began| began >= asked) {
            return Ok(());
        }
        let began = Instant::now();
        let mut after = String::new();
        loop {
            let behind = self.read(move |conn| {
                collect(conn, BEHIND, [after], |row| {
                    Ok((room_name(row, 0)?, column::<Seq>(row, 1)?))
                })
            });
            let Some((room, tip)) = behind.await?.pop() else {
                *last_round = Some(began);
                return Ok(());
            };
            match self.index_room_up_to(&room, tip).await {
                Ok(()) => {}
                Err(error @ (StoreError::TooNew(_) | StoreError::Corrupt(_))) => {
                    tracing::warn!(%room, %error, "a room can't be searched");
                }
                Err(error) => return Err(error),
            }
            after = room.as_str().to_owned();
        }
    }

    async fn index_room_up_to(&self, room: &RoomName, tip: Seq) -> Result<(), StoreError> {
        loop {
            let read = room.clone();
            let Some(piece) = self.read(move |conn| next_piece(conn, &read)).await? else {
                return Ok(());
            };
            let (written, last) = (room.clone(), piece.last);
            self.write(move |conn| store_piece(conn, &written, &piece))
                .await?;
            if last >= tip {
                return Ok(());
            }
        }
    }
}

/// The room's next events that the index lacks, or `None` if it lacks none.
pub(super) fn next_piece(conn: &Connection, room: &RoomName) -> Result<Option<Piece>, StoreError> {
    let searched = "SELECT searched FROM rooms WHERE room = ?1";
    let searched: Option<Seq> =
        collect(conn, searched, [room.as_str()], |row| column(row, 0))?.pop();
    let Some(after) = searched else {
        return Ok(None);
    };
    let limit = bound(PIECE_EVENTS_MAX as u64);
    let mut query = conn.prepare_cached(EVENTS)?;
    let mut rows = query.query((room.as_str(), bound(after), limit))?;
    let mut piece = Piece {
        after,
        last: after,
        changes: Vec::new(),
    };
    let (mut text_bytes, mut word_bytes) = (0, 0);
    while text_bytes < PIECE_TEXT_BYTES_MAX
        && word_bytes < PIECE_BYTES_MAX
        && let Some(row) = rows.next()?
    {
        let event = decode_event(room, row)?;
        piece.last = event.seq;
        text_bytes += event.body.text().map_or(0, str::len);
        let change = Change::of(&event);
        if let Some(Change::Words { words, .. }) = &change {
            word_bytes += words.len();
        }
        piece.changes.extend(change);
    }
    Ok(Some(piece).filter(|piece| piece.last > after))
}

/// Stores the piece, unless the index has moved on since the piece was read.
pub(super) fn store_piece(
    conn: &Connection,
    room: &RoomName,
    piece: &Piece,
) -> Result<(), StoreError> {
    let advance = "UPDATE rooms SET searched = ?3 WHERE room = ?1 AND searched = ?2";
    if execute(conn, advance, (room.as_str(), piece.after, piece.last))? == 0 {
        return Ok(());
    }
    piece
        .changes
        .iter()
        .try_for_each(|change| change.store(conn, room))
}

impl Change {
    /// What the event changes. Most events change nothing.
    pub(super) fn of(event: &LogEvent) -> Option<Self> {
        if let EventBody::Deleted { target } = event.body {
            return Some(Self::Deleted { seq: target });
        }
        let sent = event.body.is_message();
        Some(Self::Words {
            seq: event.body.target().unwrap_or(event.seq),
            words: words(event.body.text()?).join(" "),
            sent: sent.then(|| (event.ts, event.sender.clone())),
        })
    }

    pub(super) fn store(&self, conn: &Connection, room: &RoomName) -> Result<(), StoreError> {
        match self {
            Self::Deleted { seq } => forget(conn, room, *seq),
            Self::Words { seq, words, sent } => match (id_of(conn, room, *seq)?, sent) {
                (Some(id), _) => {
                    let change = "UPDATE search SET words = ?2 WHERE rowid = ?1";
                    execute(conn, change, (id, words)).map(drop)
                }
                (None, Some((ts, sender))) => {
                    let id = add_id(conn, room, *seq, *ts)?;
                    let add =
                        "INSERT INTO search (rowid, words, room, sender) VALUES (?1, ?2, ?3, ?4)";
                    let names = (one_word(room.as_str()), one_word(sender.as_str()));
                    execute(conn, add, (id, words, names.0, names.1)).map(drop)
                }
                // The message was deleted before the edit.
                (None, None) => Ok(()),
            },
        }
    }
}

fn forget(conn: &Connection, room: &RoomName, seq: Seq) -> Result<(), StoreError> {
    let Some(id) = id_of(conn, room, seq)? else {
        return Ok(());
    };
    execute(conn, "DELETE FROM search WHERE rowid = ?1", [id])?;
    let forget = "DELETE FROM search_messages WHERE room = ?1 AND seq = ?2";
    execute(conn, forget, (room.as_str(), seq)).map(drop)
}

/// Gives a message its place in the index.
fn add_id(
    conn: &Connection,
    room: &RoomName,
    seq: Seq,
    ts: TimestampMs,
) -> Result<Option<i64>, StoreError> {
    let (from, to) = (first_id(ts), first_id(ts + 1));
    execute(
        conn,
        "INSERT INTO search_messages (room, seq, id) VALUES (?1, ?2, 1 +
         (SELECT coalesce(max(id), ?3) FROM search_messages WHERE id >= ?3 AND id < ?4))",
        (room.as_str(), seq, from, to),
    )?;
    id_of(conn, room, seq)
}

fn id_of(conn: &Connection, room: &RoomName, seq: Seq) -> Result<Option<i64>, StoreError> {
    Ok(collect(conn, ID_OF, (room.as_str(), seq), |row| column(row, 0))?.pop())
}
