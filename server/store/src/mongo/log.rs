//! The rooms' logs in MongoDB: pages and lists. Appends are in `append`.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};
use futures::{StreamExt, TryStreamExt};
use mongodb::action::Find;
use mongodb::bson::doc;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::documents::{
    LogDoc, MembershipDoc, RoomDoc, SEQ_MAX, SnapshotDoc, events, in_log, int, log_id,
};
use super::error::{Failure, too_slow};
use super::{MongoStore, Shared};
use crate::projection::kind_text;
use crate::{
    Append, Found, LogStore, Page, PageLimit, PublicRoom, ReadMark, Search, Snapshot, StoreError,
};
use chat_server_rules::{EventNonce, LogEvent, MessageState};

/// Queries about single rooms that one listing has in flight.
const LISTING_QUERIES_MAX: usize = 8;

/// Events that MongoDB sends at a time for a page: 1 MiB of the longest.
const BATCH_EVENTS: u32 = 64;

/// The least time that MongoDB gets for a query. 0 would mean no bound.
const TIME_MIN: Duration = Duration::from_millis(1);

#[async_trait::async_trait]
impl LogStore for MongoStore {
    async fn append(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: Vec<LogEvent>,
    ) -> Result<Append, StoreError> {
        self.shared.append(room, after_seq, &events).await
    }

    async fn events(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        if after >= SEQ_MAX {
            return Ok(Page::default());
        }
        let range = doc! { "$gt": log_id(room, after), "$lte": log_id(room, SEQ_MAX) };
        let find = self.shared.log.find(in_log(room, range));
        let page = self
            .shared
            .log_page(find.sort(doc! { "_id": 1 }), limit)
            .await?;
        if let Some(last) = page.events.last() {
            self.shared.tips.saw(room, last.seq);
        }
        Ok(page)
    }

    async fn tip(&self, room: &RoomName) -> Result<Seq, StoreError> {
        self.shared.tip_of(room).await
    }

    async fn messages_before(
        &self,
        room: &RoomName,
        before: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let seq = doc! { "$lt": int(before) };
        let filter = doc! { "room": room.as_str(), "isMessage": true, "seq": seq };
        let find = self.shared.log.find(filter).sort(doc! { "seq": -1 });
        let mut page = self.shared.log_page(find, limit).await?;
        page.events.reverse();
        Ok(page)
    }

    async fn messages_after(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let seq = doc! { "$gt": int(after) };
        let filter = doc! { "room": room.as_str(), "isMessage": true, "seq": seq };
        let find = self.shared.log.find(filter).sort(doc! { "seq": 1 });
        self.shared.log_page(find, limit).await
    }

    async fn events_by_nonces(
        &self,
        room: &RoomName,
        marks: &[(Username, EventNonce)],
    ) -> Result<Vec<LogEvent>, StoreError> {
        let deadline = Instant::now() + self.shared.timeouts.operation;
        self.shared.events_by_nonces(room, marks, deadline).await
    }

    async fn event(&self, room: &RoomName, seq: Seq) -> Result<Option<LogEvent>, StoreError> {
        let find = in_log(room, log_id(room, seq));
        self.shared
            .ask(self.shared.log.find_one(find))
            .await?
            .map(LogEvent::try_from)
            .transpose()
    }

    async fn events_at(&self, room: &RoomName, seqs: &[Seq]) -> Result<Vec<LogEvent>, StoreError> {
        if let Some(events) = self.shared.recent.events_at(room, seqs) {
            return Ok(events);
        }
        let ids: Vec<String> = seqs.iter().map(|seq| log_id(room, *seq)).collect();
        let find = self.shared.log.find(in_log(room, doc! { "$in": ids }));
        let found = events(self.shared.collect(find).await?)?;
        let mut found: HashMap<Seq, LogEvent> =
            found.into_iter().map(|event| (event.seq, event)).collect();
        Ok(seqs.iter().filter_map(|seq| found.remove(seq)).collect())
    }

    async fn message_states(
        &self,
        room: &RoomName,
        messages: Vec<LogEvent>,
        as_of: Seq,
        bytes: usize,
    ) -> Result<Vec<MessageState>, StoreError> {
        self.shared
            .message_states(room, &messages, as_of, bytes)
            .await
    }

    async fn deleted_among(
        &self,
        room: &RoomName,
        messages: &[Seq],
    ) -> Result<Vec<Seq>, StoreError> {
        self.shared.deleted_among(room, messages).await
    }

    async fn scrub(&self, room: &RoomName, target: Seq) -> Result<(), StoreError> {
        self.shared.scrub(room, target).await
    }

    async fn unscrubbed(&self, limit: usize) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        let find = self.shared.deletions.find(doc! { "scrubbed": false });
        let docs = self.shared.collect(find.limit(clamp(limit.max(1)))).await?;
        Ok(docs.into_iter().map(|doc| (doc.room, doc.target)).collect())
    }

    async fn mark_read(
        &self,
        room: &RoomName,
        username: &Username,
        mark: ReadMark,
    ) -> Result<(), StoreError> {
        self.shared.mark_read(room, username, mark).await
    }

    async fn read_marks(&self, room: &RoomName) -> Result<Vec<(Username, ReadMark)>, StoreError> {
        self.shared.read_marks(room).await
    }

    async fn mentions_above(
        &self,
        room: &RoomName,
        username: &Username,
        after: Seq,
    ) -> Result<u64, StoreError> {
        self.shared.mentions_above(room, username, after).await
    }

    async fn mentions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        self.shared.mentions_of(username, limit).await
    }

    async fn search(&self, search: &Search) -> Result<Found, StoreError> {
        if let Some(found) = self.shared.find_recent(search) {
            return Ok(found);
        }
        self.shared.follow_for_search(&search.rooms).await;
        self.shared.find_entries(search).await
    }

    async fn rooms_of(&self, username: &Username) -> Result<Vec<RoomName>, StoreError> {
        let filter = doc! { "username": username.as_str(), "member": true };
        let find = self
            .shared
            .memberships
            .find(filter)
            .sort(doc! { "room": 1 });
        let docs: Vec<MembershipDoc> = self.shared.collect(find).await?;
        Ok(docs.into_iter().map(|doc| doc.room).collect())
    }

    async fn public_rooms(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<PublicRoom>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        // Rooms' names are ASCII, so all that begin with the prefix come before this.
        let behind = format!("{prefix}{}", char::MAX);
        let range = doc! { "$gte": prefix, "$gt": after, "$lt": behind };
        let filter = doc! { "kind": kind_text(RoomKind::Public), "_id": range };
        let find = self.shared.rooms.find(filter).sort(doc! { "_id": 1 });
        let docs: Vec<RoomDoc> = self.shared.collect(find.limit(clamp(limit))).await?;
        let members = self.shared.count_members(&docs).await?;
        // The tip changes with every message, so it is read from the log.
        let rooms = docs.into_iter().map(async |doc| {
            let last_seq = self.shared.tip_of(&doc.room).await?;
            let members = members.get(doc.room.as_str()).copied();
            Ok(PublicRoom {
                room: doc.room,
                kind: RoomKind::Public,
                topic: doc.topic,
                members: members.unwrap_or_default(),
                last_seq,
            })
        });
        futures::stream::iter(rooms)
            .buffered(LISTING_QUERIES_MAX)
            .try_collect()
            .await
    }

    async fn snapshot(&self, room: &RoomName) -> Result<Option<Snapshot>, StoreError> {
        let find = self
            .shared
            .snapshots
            .find_one(doc! { "_id": room.as_str() });
        let found = self.shared.ask(find).await?;
        Ok(found.map(|doc| Snapshot {
            rules_version: doc.rules_version,
            seq: doc.seq,
            state: doc.state.bytes,
        }))
    }

    async fn save_snapshot(&self, room: &RoomName, snapshot: Snapshot) -> Result<(), StoreError> {
        let doc = SnapshotDoc::new(room, snapshot);
        let seq = doc! { "seq": { "$lte": int(doc.seq) } };
        let other_rules = doc! { "rulesVersion": { "$ne": doc.rules_version } };
        let older = doc! { "_id": room.as_str(), "$or": [seq, other_rules] };
        let set = doc! {
            "rulesVersion": doc.rules_version,
            "seq": int(doc.seq),
            "state": doc.state,
        };
        let upsert = self
            .shared
            .snapshots
            .update_one(older, doc! { "$set": set });
        match self.shared.ask(upsert.upsert(true)).await {
            // The snapshot in the store is newer, or another server inserted the first one.
            Ok(_) | Err(Failure::Duplicate) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl Shared {
    pub(super) async fn events_by_nonces(
        &self,
        room: &RoomName,
        marks: &[(Username, EventNonce)],
        deadline: Instant,
    ) -> Result<Vec<LogEvent>, StoreError> {
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let senders: BTreeSet<&str> = marks.iter().map(|(sender, _)| sender.as_str()).collect();
        let nonces: BTreeSet<&str> = marks.iter().map(|(_, nonce)| nonce.as_str()).collect();
        let filter = doc! {
            "room": room.as_str(),
            "sender": { "$in": Vec::from_iter(senders) },
            "nonce": { "$in": Vec::from_iter(nonces) },
        };
        let found = self.collect_until(deadline, self.log.find(filter)).await?;
        let mut found = events(found)?;
        // One sender's nonce may be another's too.
        found.retain(|event| {
            let is_its = |(sender, nonce): &(Username, EventNonce)| {
                *sender == event.sender && *nonce == event.nonce
            };
            marks.iter().any(is_its)
        });
        Ok(found)
    }

    async fn log_page(&self, find: Find<'_, LogDoc>, limit: PageLimit) -> Result<Page, StoreError> {
        let mut page = Page::default();
        // One more row shows whether there is more. Batches are small, so that few are read in
        // vain.
        let rows = clamp(limit.rows).saturating_add(1);
        let find = find.limit(rows).batch_size(BATCH_EVENTS);
        let find = find.max_time(self.timeouts.operation);
        let reading = async {
            let (mut docs, mut bytes) = (find.await.map_err(Failure::from)?, 0);
            while let Some(doc) = docs.try_next().await.map_err(Failure::from)? {
                let event = LogEvent::try_from(doc)?;
                if !page.take_in(&mut bytes, event, limit) {
                    break;
                }
            }
            Ok::<_, StoreError>(page)
        };
        let wait = self.timeouts.operation;
        let read = tokio::time::timeout(wait, reading).await;
        read.unwrap_or_else(|_| Err(too_slow(wait).into()))
    }

    /// Counts the members of these rooms in one command.
    async fn count_members(&self, rooms: &[RoomDoc]) -> Result<HashMap<String, u64>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Count {
            #[serde(rename = "_id")]
            room: String,
            members: u64,
        }
        if rooms.is_empty() {
            return Ok(HashMap::new());
        }
        let names: Vec<&str> = rooms.iter().map(|doc| doc.room.as_str()).collect();
        let members = doc! { "room": { "$in": names }, "member": true };
        let group = doc! { "_id": "$room", "members": { "$sum": 1_i64 } };
        let pipeline = [doc! { "$match": members }, doc! { "$group": group }];
        let counting = async {
            let counts = self.memberships.aggregate(pipeline).with_type::<Count>();
            let counts = counts.max_time(self.timeouts.operation);
            counts.await?.try_collect::<Vec<Count>>().await
        };
        let counts = self.ask(counting).await?;
        Ok(counts
            .into_iter()
            .map(|count| (count.room, count.members))
            .collect())
    }

    pub(super) async fn tip_of(&self, room: &RoomName) -> Result<Seq, StoreError> {
        let range = doc! { "$gt": log_id(room, 0), "$lte": log_id(room, SEQ_MAX) };
        let find = self
            .log
            .find_one(in_log(room, range))
            .sort(doc! { "_id": -1 })
            .max_time(self.timeouts.operation);
        Ok(self.ask(find).await?.map_or(0, |doc| doc.seq()))
    }

    /// Reads all documents of a `find` within one deadline. MongoDB stops at it too, so that no
    /// query runs on after nobody waits for its answer.
    pub(super) async fn collect<T>(&self, find: Find<'_, T>) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let deadline = Instant::now() + self.timeouts.operation;
        self.collect_until(deadline, find).await
    }

    /// As [`Shared::collect`], and no longer than until `deadline`.
    pub(super) async fn collect_until<T>(
        &self,
        deadline: Instant,
        find: Find<'_, T>,
    ) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let left = deadline.saturating_duration_since(Instant::now());
        let find = find.max_time(left.clamp(TIME_MIN, self.timeouts.operation));
        let all = async { find.await?.try_collect().await };
        self.ask_until(deadline, all).await
    }
}

/// Converts a limit to MongoDB's type. Callers handle 0, which MongoDB takes for no limit.
pub(super) fn clamp(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
