use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::SqliteStore;
use super::writer::Verdict;
use crate::rules::{EventBody, EventId, EventNonce, LogEvent};
use crate::store::log::check_numbers;
use crate::store::projection::{Membership, kind_before_created, kind_text, project};
use crate::store::{Append, LogStore, PublicRoom, Snapshot, StoreError};

pub(super) const EVENTS: &str = "SELECT seq, ts, id, sender, nonce, messages, body FROM events
     WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

// SQLite would walk the room's log, however few messages are among its events.
pub(super) const MESSAGES_BEFORE: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body FROM events INDEXED BY events_by_message
     WHERE room = ?1 AND is_message = 1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";

pub(super) const MESSAGES_AFTER: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body FROM events INDEXED BY events_by_message
     WHERE room = ?1 AND is_message = 1 AND seq > ?2 ORDER BY seq LIMIT ?3";

pub(super) const EVENT_BY_NONCE: &str =
    "SELECT seq, ts, id, sender, nonce, messages, body FROM events
     WHERE room = ?1 AND sender = ?2 AND nonce = ?3";

pub(super) const TIP: &str = "SELECT seq FROM events WHERE room = ?1 ORDER BY seq DESC LIMIT 1";

pub(super) const ROOMS_OF: &str = "SELECT room FROM memberships WHERE username = ?1 ORDER BY room";

// The `+` keeps SQLite from seeking by the one bound that may lie before the others.
pub(super) const PUBLIC_ROOMS: &str = "SELECT room, topic, members, last_seq FROM rooms
     WHERE room_kind = 'public' AND room >= ?1 AND room < ?2 AND +room > ?3
     ORDER BY room LIMIT ?4";

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
        self.writer
            .write(move |conn| append(conn, &room, after_seq, &events, &bodies))
            .await
    }

    async fn events(
        &self,
        room: &RoomName,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<LogEvent>, StoreError> {
        self.page(EVENTS, room, after, limit).await
    }

    async fn messages_before(
        &self,
        room: &RoomName,
        before: Seq,
        limit: usize,
    ) -> Result<Vec<LogEvent>, StoreError> {
        let mut page = self.page(MESSAGES_BEFORE, room, before, limit).await?;
        page.reverse();
        Ok(page)
    }

    async fn messages_after(
        &self,
        room: &RoomName,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<LogEvent>, StoreError> {
        self.page(MESSAGES_AFTER, room, after, limit).await
    }

    async fn event_by_nonce(
        &self,
        room: &RoomName,
        sender: &Username,
        nonce: &EventNonce,
    ) -> Result<Option<LogEvent>, StoreError> {
        let (room, sender, nonce) = (room.clone(), sender.clone(), nonce.clone());
        self.read(move |conn| event_by_nonce(conn, &room, &sender, &nonce))
            .await
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
            conn.prepare_cached("SELECT seq, state FROM snapshots WHERE room = ?1")
                .and_then(|mut query| {
                    query
                        .query_row([room.as_str()], |row| {
                            Ok(Snapshot {
                                seq: row.get(0)?,
                                state: row.get(1)?,
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
                "INSERT INTO snapshots (room, seq, state) VALUES (?1, ?2, ?3)
                 ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, state = excluded.state
                 WHERE excluded.seq >= seq",
                (room.as_str(), snapshot.seq, snapshot.state),
            )
            .map(drop)
        })
        .await
    }
}

impl SqliteStore {
    async fn page(
        &self,
        sql: &'static str,
        room: &RoomName,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<LogEvent>, StoreError> {
        let room = room.clone();
        self.read(move |conn| {
            let bounds = (room.as_str(), bound(from), bound(limit as u64));
            collect(conn, sql, bounds, |row| decode_event(&room, row))
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
            "INSERT INTO events (room, seq, ts, id, sender, nonce, messages, is_message, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
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
    update_projections(conn, room, events)?;
    Ok(Verdict::Keep(Append::Stored))
}

fn update_projections(
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
        let projection = project(room, event);
        if let Some(shape) = projection.room {
            execute(
                conn,
                "UPDATE rooms SET room_kind = ?2, topic = ?3 WHERE room = ?1",
                (room.as_str(), kind_text(shape.kind), shape.topic),
            )?;
        }
        let more_members = match projection.membership {
            None => 0,
            Some(Membership::Begins(member)) => execute(
                conn,
                "INSERT INTO memberships (username, room) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (member.as_str(), room.as_str()),
            )? as i64,
            Some(Membership::Ends(member)) => {
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
    Ok(())
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

fn room_name(row: &Row<'_>, index: usize) -> Result<RoomName, StoreError> {
    let text: String = column(row, index)?;
    RoomName::parse(&text).map_err(|_| StoreError::Corrupt(format!("a room named {text:?}")))
}

fn encode_body(event: &LogEvent) -> Result<String, StoreError> {
    serde_json::to_string(&event.body)
        .map_err(|_| StoreError::Refused(format!("event {} can't be written", event.seq)))
}

fn decode_event(room: &RoomName, row: &Row<'_>) -> Result<LogEvent, StoreError> {
    let seq: Seq = column(row, 0)?;
    let body: String = column(row, 6)?;
    // serde's own error may quote the message's text, which no log should hold.
    let body: EventBody = serde_json::from_str(&body).map_err(|error| {
        let (kind, at) = (error.classify(), error.column());
        StoreError::Corrupt(format!(
            "event {seq} of {room}: {kind:?} error at column {at}"
        ))
    })?;
    Ok(LogEvent {
        seq,
        ts: column(row, 1)?,
        id: EventId(column(row, 2)?),
        sender: Username::existing(&column::<String>(row, 3)?),
        nonce: EventNonce::from_stored(column(row, 4)?),
        messages: column(row, 5)?,
        body,
    })
}
