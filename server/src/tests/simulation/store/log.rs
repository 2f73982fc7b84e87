//! The rooms' logs as a store is asked for them.

use chat_shared::{RoomName, Seq, Username};

use super::super::accounts::unasked;
use super::super::faults::{Broken, is_broken};
use super::{Fault, SimStore, gone};
use chat_server_rules::{EventNonce, LogEvent, MessageState, ReadMark};
use chat_server_store::{
    Append, Found, LogStore, Page, PageLimit, PublicRoom, Search, Snapshot, StoreError,
};

#[async_trait::async_trait]
impl LogStore for SimStore {
    async fn append(
        &self,
        room: &RoomName,
        after: Seq,
        events: Vec<LogEvent>,
    ) -> Result<Append, StoreError> {
        match self.append_or_fail(room, after, events).await {
            Err(_) if is_broken(Broken::ErrorsCountAsStored) => Ok(Append::Stored),
            outcome => outcome,
        }
    }

    async fn events(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let above = |event: &&LogEvent| event.seq > after;
        self.read(|inner| page(inner.log(room).iter().filter(above), limit.rows))
            .await
    }

    async fn tip(&self, room: &RoomName) -> Result<Seq, StoreError> {
        self.read(|inner| inner.log(room).len() as u64).await
    }

    async fn messages_before(
        &self,
        room: &RoomName,
        before: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let is = |event: &&LogEvent| event.seq < before && event.body.is_message();
        self.read(|inner| {
            let mut page = page(inner.log(room).iter().rev().filter(is), limit.rows);
            page.events.reverse();
            page
        })
        .await
    }

    async fn messages_after(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let is = |event: &&LogEvent| event.seq > after && event.body.is_message();
        self.read(|inner| page(inner.log(room).iter().filter(is), limit.rows))
            .await
    }

    async fn events_by_nonces(
        &self,
        room: &RoomName,
        marks: &[(Username, EventNonce)],
    ) -> Result<Vec<LogEvent>, StoreError> {
        let is_marked = |event: &&LogEvent| {
            let is_its = |(sender, nonce): &(Username, EventNonce)| {
                *sender == event.sender && *nonce == event.nonce
            };
            marks.iter().any(is_its)
        };
        self.read(|inner| inner.log(room).iter().filter(is_marked).cloned().collect())
            .await
    }

    async fn event(&self, room: &RoomName, seq: Seq) -> Result<Option<LogEvent>, StoreError> {
        let is = |event: &&LogEvent| event.seq == seq;
        self.read(|inner| inner.log(room).iter().find(is).cloned())
            .await
    }

    async fn message_states(
        &self,
        room: &RoomName,
        messages: Vec<LogEvent>,
        as_of: Seq,
        _: usize,
    ) -> Result<Vec<MessageState>, StoreError> {
        self.read(|inner| {
            let states = messages
                .iter()
                .filter_map(MessageState::new)
                .map(|mut state| {
                    let seq = state.sent.seq;
                    let log = inner.log(room).iter().filter(|event| event.seq <= as_of);
                    log.filter(|event| event.body.target() == Some(seq))
                        .for_each(|event| state.apply(event));
                    state
                });
            states.collect()
        })
        .await
    }

    async fn deleted_among(
        &self,
        room: &RoomName,
        messages: &[Seq],
    ) -> Result<Vec<Seq>, StoreError> {
        self.read(|inner| {
            let deleted = messages.iter().filter(|seq| inner.deletion_of(room, **seq));
            deleted.copied().collect()
        })
        .await
    }

    async fn scrub(&self, _: &RoomName, _: Seq) -> Result<(), StoreError> {
        unasked()
    }

    async fn unscrubbed(&self, _: usize) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        unasked()
    }

    async fn mark_read(
        &self,
        room: &RoomName,
        username: &Username,
        mark: ReadMark,
    ) -> Result<(), StoreError> {
        self.reading().await?;
        let mut inner = self.lock();
        let stands = inner
            .marks
            .entry((room.clone(), username.clone()))
            .or_default();
        *stands = mark.max(*stands);
        Ok(())
    }

    async fn read_marks(&self, room: &RoomName) -> Result<Vec<(Username, ReadMark)>, StoreError> {
        self.read(|inner| {
            let marks = inner.marks.iter().filter(|((of, _), _)| of == room);
            marks
                .map(|((_, name), mark)| (name.clone(), *mark))
                .collect()
        })
        .await
    }

    async fn mentions_above(
        &self,
        room: &RoomName,
        username: &Username,
        after: Seq,
    ) -> Result<u64, StoreError> {
        let is = |(seq, names): &(Seq, Vec<Username>)| *seq > after && names.contains(username);
        self.read(|inner| inner.mentions(room).into_iter().filter(is).count() as u64)
            .await
    }

    async fn mentions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        self.read(|inner| {
            let all = inner.rooms.keys().flat_map(|room| {
                let mentions = inner.mentions(room).into_iter();
                mentions.map(move |(seq, names)| (room.clone(), seq, names))
            });
            let own = all.filter(|(_, _, names)| names.contains(username));
            own.map(|(room, seq, _)| (room, seq)).take(limit).collect()
        })
        .await
    }

    async fn search(&self, _: &Search) -> Result<Found, StoreError> {
        unasked()
    }

    async fn rooms_of(&self, username: &Username) -> Result<Vec<RoomName>, StoreError> {
        self.read(|inner| {
            let rooms = inner.rooms.keys().filter(|room| !room.is_lobby());
            rooms
                .filter(|room| inner.is_member(room, username))
                .cloned()
                .collect()
        })
        .await
    }

    async fn public_rooms(
        &self,
        _: &str,
        _: &str,
        _: usize,
    ) -> Result<Vec<PublicRoom>, StoreError> {
        unasked()
    }

    async fn snapshot(&self, room: &RoomName) -> Result<Option<Snapshot>, StoreError> {
        self.read(|inner| inner.snapshots.get(room).cloned()).await
    }

    async fn save_snapshot(&self, room: &RoomName, snapshot: Snapshot) -> Result<(), StoreError> {
        self.reading().await?;
        let mut inner = self.lock();
        let newer = inner
            .snapshots
            .get(room)
            .is_none_or(|kept| kept.seq < snapshot.seq);
        if newer {
            inner.snapshots.insert(room.clone(), snapshot);
        }
        Ok(())
    }
}

impl SimStore {
    /// Appends as the store's faults have it.
    async fn append_or_fail(
        &self,
        room: &RoomName,
        after: Seq,
        events: Vec<LogEvent>,
    ) -> Result<Append, StoreError> {
        let fault = self.lock().write_fault();
        let some = self.lock().chance.usize(0..events.len().max(1));
        match fault {
            None => Ok(self.lock().put(room, after, &events)),
            Some(Fault::Refuse) => Err(gone()),
            Some(Fault::TimeOut) => {
                self.pause().await;
                Err(gone())
            }
            Some(Fault::LieAll) => {
                self.lock().put(room, after, &events);
                Err(gone())
            }
            Some(Fault::LieSome) => {
                self.lock().put(room, after, &events[..some]);
                Err(gone())
            }
            Some(Fault::LieLater) => {
                let (store, room) = (self.clone(), room.clone());
                tokio::spawn(async move {
                    store.pause().await;
                    store.lock().put(&room, after, &events);
                });
                Err(gone())
            }
            Some(Fault::Prefix) if some > 0 => {
                let stored = self.lock().put(room, after, &events[..some]);
                Ok(match stored {
                    Append::Stored => Append::Prefix { stored: some },
                    other => other,
                })
            }
            Some(Fault::Prefix | Fault::Slow) => {
                self.pause().await;
                Ok(self.lock().put(room, after, &events))
            }
        }
    }
}

fn page<'a>(events: impl Iterator<Item = &'a LogEvent>, rows: usize) -> Page {
    let mut events: Vec<LogEvent> = events.take(rows + 1).cloned().collect();
    let more = events.len() > rows;
    events.truncate(rows);
    Page { events, more }
}
