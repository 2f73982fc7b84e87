//! The rooms' logs in SQLite: appends and pages.

use std::time::Duration;

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};
use rusqlite::{Connection, OptionalExtension};

use super::rows::{EVENTS, bound, collect, column, decode_event, execute, room_name};
use super::writer::{Urgency, Verdict};
use super::{SqliteStore, conversations, message_states, projections, search};
use crate::log::check_numbers;
use crate::{
    Append, Found, LogStore, Page, PageLimit, PublicRoom, ReadMark, Search, Snapshot, StoreError,
};
use chat_server_rules::{EventNonce, LogEvent, MessageState};

// The numbers come as a list of JSON, so that one statement serves any count of them.
const EVENTS_AT: &str = "SELECT e.seq, e.ts, e.id, e.sender, e.nonce, e.messages, e.body, e.format
     FROM json_each(?2) AS wanted CROSS JOIN events AS e ON e.room = ?1 AND e.seq = wanted.value";

// SQLite would walk the room's log, however few messages are among its events.
pub(super) const MESSAGES_BEFORE: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body, format FROM events INDEXED BY events_by_message
     WHERE room = ?1 AND is_message = 1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";

pub(super) const MESSAGES_AFTER: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body, format FROM events INDEXED BY events_by_message
     WHERE room = ?1 AND is_message = 1 AND seq > ?2 ORDER BY seq LIMIT ?3";

pub(super) const EVENT_BY_NONCE: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body, format FROM events
     WHERE room = ?1 AND sender = ?2 AND nonce = ?3";

pub(super) const TIP: &str = "SELECT seq FROM events WHERE room = ?1 ORDER BY seq DESC LIMIT 1";

pub(super) const ROOMS_OF: &str = "SELECT room FROM memberships WHERE username = ?1 ORDER BY room";

// The `+` keeps SQLite from seeking by the one bound that may lie before the others.
pub(super) const PUBLIC_ROOMS: &str = "SELECT room, topic, members, last_seq FROM rooms
     WHERE room_kind = 'public' AND room >= ?1 AND room < ?2 AND +room > ?3
     ORDER BY room LIMIT ?4";

/// Attempts to empty the -wal after a text was blanked.
const CHECKPOINT_TRIES_MAX: usize = 8;

/// Between two of them: longer than a page takes to read.
const CHECKPOINT_RETRY: Duration = Duration::from_millis(25);

#[async_trait::async_trait]
impl LogStore for SqliteStore {
    async fn append(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: Vec<LogEvent>,
    ) -> Result<Append, StoreError> {
        check_numbers(after_seq, &events)?;
        // Encoded here, since the one writer's time is everyone's.
        let bodies = events
            .iter()
            .map(encode_body)
            .collect::<Result<Vec<_>, _>>()?;
        let room = room.clone();
        let concerns_message =
            |event: &LogEvent| event.body.is_message() || event.body.target().is_some();
        let urgency = match events.iter().any(concerns_message) {
            true => Urgency::Message,
            false => Urgency::Other,
        };
        self.writer
            .write(urgency, move |conn| {
                append(conn, &room, after_seq, &events, &bodies)
            })
            .await
    }

    async fn events(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        self.page(EVENTS, room, after, limit).await
    }

    async fn tip(&self, room: &RoomName) -> Result<Seq, StoreError> {
        let room = room.clone();
        self.read(move |conn| {
            let tip = collect(conn, TIP, [room.as_str()], |row| column(row, 0))?;
            Ok(tip.into_iter().next().unwrap_or(0))
        })
        .await
    }

    async fn messages_before(
        &self,
        room: &RoomName,
        before: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let mut page = self.page(MESSAGES_BEFORE, room, before, limit).await?;
        page.events.reverse();
        Ok(page)
    }

    async fn messages_after(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        self.page(MESSAGES_AFTER, room, after, limit).await
    }

    async fn events_by_nonces(
        &self,
        room: &RoomName,
        marks: &[(Username, EventNonce)],
    ) -> Result<Vec<LogEvent>, StoreError> {
        let (room, marks) = (room.clone(), marks.to_vec());
        self.read(move |conn| {
            let found = marks
                .iter()
                .map(|(sender, nonce)| event_by_nonce(conn, &room, sender, nonce));
            let found: Vec<Option<LogEvent>> = found.collect::<Result<_, _>>()?;
            Ok(found.into_iter().flatten().collect())
        })
        .await
    }

    async fn event(&self, room: &RoomName, seq: Seq) -> Result<Option<LogEvent>, StoreError> {
        Ok(self
            .events(room, seq.saturating_sub(1), PageLimit::rows(1))
            .await?
            .events
            .pop()
            .filter(|event| event.seq == seq))
    }

    async fn events_at(&self, room: &RoomName, seqs: &[Seq]) -> Result<Vec<LogEvent>, StoreError> {
        let (room, seqs) = (room.clone(), seqs.to_vec());
        self.read(move |conn| {
            let wanted = format!("{seqs:?}");
            let key = (room.as_str(), wanted);
            collect(conn, EVENTS_AT, key, |row| decode_event(&room, row))
        })
        .await
    }

    async fn message_states(
        &self,
        room: &RoomName,
        messages: Vec<LogEvent>,
        as_of: Seq,
        bytes: usize,
    ) -> Result<Vec<MessageState>, StoreError> {
        let room = room.clone();
        self.read(move |conn| message_states::states(conn, &room, &messages, as_of, bytes))
            .await
    }

    async fn deleted_among(
        &self,
        room: &RoomName,
        messages: &[Seq],
    ) -> Result<Vec<Seq>, StoreError> {
        let (room, messages) = (room.clone(), messages.to_vec());
        self.read(move |conn| conversations::deleted_among(conn, &room, &messages))
            .await
    }

    async fn scrub(&self, room: &RoomName, target: Seq) -> Result<(), StoreError> {
        // Removing a text from the index takes the text, which the log has until it is blanked.
        self.index_room(room).await?;
        let (room, mut after) = (room.clone(), None);
        loop {
            let room = room.clone();
            let scrubbed =
                self.write(move |conn| conversations::scrub_some(conn, &room, target, after));
            after = scrubbed.await?;
            if after.is_none() {
                break;
            }
        }
        self.empty_wal().await
    }

    async fn unscrubbed(&self, limit: usize) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        self.read(move |conn| {
            let rows = |row: &rusqlite::Row<'_>| Ok((room_name(row, 0)?, column(row, 1)?));
            collect(conn, conversations::UNSCRUBBED, [bound(limit as u64)], rows)
        })
        .await
    }

    async fn mark_read(
        &self,
        room: &RoomName,
        username: &Username,
        mark: ReadMark,
    ) -> Result<(), StoreError> {
        let (room, username) = (room.clone(), username.clone());
        self.write(move |conn| conversations::mark_read(conn, &room, &username, mark))
            .await
    }

    async fn read_marks(&self, room: &RoomName) -> Result<Vec<(Username, ReadMark)>, StoreError> {
        let room = room.clone();
        self.read(move |conn| conversations::read_marks(conn, &room))
            .await
    }

    async fn mentions_above(
        &self,
        room: &RoomName,
        username: &Username,
        after: Seq,
    ) -> Result<u64, StoreError> {
        let (room, username) = (room.clone(), username.clone());
        self.read(move |conn| {
            let key = (username.as_str(), room.as_str(), bound(after));
            let count = |row: &rusqlite::Row<'_>| column(row, 0);
            let counts: Vec<u64> = collect(conn, conversations::MENTIONS_ABOVE, key, count)?;
            Ok(counts.into_iter().sum())
        })
        .await
    }

    async fn mentions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        let username = username.clone();
        self.read(move |conn| {
            let rows = |row: &rusqlite::Row<'_>| Ok((room_name(row, 0)?, column(row, 1)?));
            let key = (username.as_str(), bound(limit as u64));
            collect(conn, conversations::MENTIONS_OF, key, rows)
        })
        .await
    }

    async fn search(&self, search: &Search) -> Result<Found, StoreError> {
        let asked = search.clone();
        let followed = self.read(move |conn| search::find_followed(conn, &asked));
        if let Some(found) = followed.await? {
            return Ok(found);
        }
        self.index_rooms().await?;
        let asked = search.clone();
        self.read(move |conn| search::find(conn, &asked)).await
    }

    async fn rooms_of(&self, username: &Username) -> Result<Vec<RoomName>, StoreError> {
        let username = username.clone();
        self.read(move |conn| collect(conn, ROOMS_OF, [username.as_str()], |row| room_name(row, 0)))
            .await
    }

    async fn public_rooms(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<PublicRoom>, StoreError> {
        let from = prefix.max(after).to_owned();
        // Rooms' names are ASCII, so all that begin with the prefix come before this.
        let to = format!("{prefix}{}", char::MAX);
        let after = after.to_owned();
        self.read(move |conn| {
            collect(
                conn,
                PUBLIC_ROOMS,
                (from, to, after, bound(limit as u64)),
                |row| {
                    Ok(PublicRoom {
                        room: room_name(row, 0)?,
                        kind: RoomKind::Public,
                        topic: column(row, 1)?,
                        members: column(row, 2)?,
                        last_seq: column(row, 3)?,
                    })
                },
            )
        })
        .await
    }

    async fn snapshot(&self, room: &RoomName) -> Result<Option<Snapshot>, StoreError> {
        let room = room.clone();
        self.read(move |conn| {
            conn.prepare_cached("SELECT rules_version, seq, state FROM snapshots WHERE room = ?1")
                .and_then(|mut query| {
                    query
                        .query_row([room.as_str()], |row| {
                            Ok(Snapshot {
                                rules_version: row.get(0)?,
                                seq: row.get(1)?,
                                state: row.get(2)?,
                            })
                        })
                        .optional()
                })
                .map_err(StoreError::from)
        })
        .await
    }

    async fn save_snapshot(&self, room: &RoomName, snapshot: Snapshot) -> Result<(), StoreError> {
        let room = room.clone();
        self.write(move |conn| {
            execute(
                conn,
                "INSERT INTO snapshots (room, rules_version, seq, state) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (room) DO UPDATE SET rules_version = excluded.rules_version,
                     seq = excluded.seq, state = excluded.state
                 WHERE excluded.seq >= seq OR excluded.rules_version <> rules_version",
                (
                    room.as_str(),
                    snapshot.rules_version,
                    snapshot.seq,
                    snapshot.state,
                ),
            )
            .map(drop)
        })
        .await
    }
}

impl SqliteStore {
    /// Has the file that holds what was written last emptied, so that a text that was blanked is
    /// nowhere. If readers block it each time, a later write does it.
    async fn empty_wal(&self) -> Result<(), StoreError> {
        self.writer.checkpoint_soon();
        for _ in 0..CHECKPOINT_TRIES_MAX {
            // The writer looks at it after a write, and nobody else may write for long.
            self.write(|_| Ok(())).await?;
            if !self.writer.is_checkpoint_due() {
                break;
            }
            tokio::time::sleep(CHECKPOINT_RETRY).await;
        }
        Ok(())
    }

    async fn page(
        &self,
        sql: &'static str,
        room: &RoomName,
        from: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let room = room.clone();
        self.read(move |conn| {
            let (mut page, mut bytes) = (Page::default(), 0);
            // One more shows that there is more.
            let rows = bound(limit.rows as u64).saturating_add(1);
            let mut query = conn.prepare_cached(sql)?;
            let mut rows = query.query((room.as_str(), bound(from), rows))?;
            while let Some(row) = rows.next()?
                && page.take_in(&mut bytes, decode_event(&room, row)?, limit)
            {}
            Ok(page)
        })
        .await
    }
}

fn append(
    conn: &Connection,
    room: &RoomName,
    after_seq: Seq,
    events: &[LogEvent],
    bodies: &[String],
) -> Result<Verdict<Append>, StoreError> {
    let tip: Option<Seq> = conn.prepare_cached(TIP).and_then(|mut query| {
        query
            .query_row([room.as_str()], |row| row.get(0))
            .optional()
    })?;
    if tip.unwrap_or(0) != after_seq {
        return Ok(Verdict::Undo(Append::Lost));
    }
    for (index, (event, body)) in events.iter().zip(bodies).enumerate() {
        // The number is free, since it is above the tip: what may conflict is the nonce alone.
        let inserted = execute(
            conn,
            "INSERT INTO events
                 (room, seq, ts, id, sender, nonce, messages, is_message, body, target, format)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
            (
                room.as_str(),
                event.seq,
                event.ts,
                &event.id.0,
                event.sender.as_str(),
                event.nonce.as_str(),
                event.messages,
                event.body.is_message(),
                body,
                event.body.target().unwrap_or(0),
                event.body.format(),
            ),
        )?;
        if inserted == 0 {
            let existing = event_by_nonce(conn, room, &event.sender, &event.nonce)?
                .map(Box::new)
                .ok_or_else(|| {
                    StoreError::Corrupt(format!("event {} of {room} is there and not", event.seq))
                })?;
            return Ok(Verdict::Undo(Append::NonceTaken { index, existing }));
        }
    }
    projections::update(conn, room, events)?;
    Ok(Verdict::Keep(Append::Stored))
}

fn event_by_nonce(
    conn: &Connection,
    room: &RoomName,
    sender: &Username,
    nonce: &EventNonce,
) -> Result<Option<LogEvent>, StoreError> {
    let key = (room.as_str(), sender.as_str(), nonce.as_str());
    Ok(collect(conn, EVENT_BY_NONCE, key, |row| decode_event(room, row))?.pop())
}

fn encode_body(event: &LogEvent) -> Result<String, StoreError> {
    serde_json::to_string(&event.body)
        .map_err(|_| StoreError::Refused(format!("event {} can't be written", event.seq)))
}
