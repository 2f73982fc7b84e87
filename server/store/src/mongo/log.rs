//! The rooms' logs in MongoDB: pages and lists. Appends are in `append`.

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};
use futures::{StreamExt, TryStreamExt};
use mongodb::action::Find;
use mongodb::bson::doc;
use serde::de::DeserializeOwned;

use super::documents::{LogDoc, MembershipDoc, RoomDoc, SEQ_MAX, SnapshotDoc, int, log_id};
use super::error::{Failure, too_slow};
use super::search;
use super::{MongoStore, Shared};
use crate::projection::kind_text;
use crate::{
    Append, Found, LogStore, Page, PageLimit, PublicRoom, ReadMark, Search, Snapshot, StoreError,
};
use chat_rules::{EventNonce, LogEvent, Target};

/// Questions about single rooms that one listing has under way.
const LISTING_QUESTIONS_MAX: usize = 8;

/// Events that MongoDB sends at a time for a page: 1 MiB of the longest.
const BATCH_EVENTS: u32 = 64;

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
        let find = self.shared.log.find(doc! { "_id": range });
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

    async fn event_by_nonce(
        &self,
        room: &RoomName,
        sender: &Username,
        nonce: &EventNonce,
    ) -> Result<Option<LogEvent>, StoreError> {
        self.shared.event_by_nonce(room, sender, nonce).await
    }

    async fn event(&self, room: &RoomName, seq: Seq) -> Result<Option<LogEvent>, StoreError> {
        let find = self.shared.log.find_one(doc! { "_id": log_id(room, seq) });
        self.shared
            .ask(find)
            .await?
            .map(LogEvent::try_from)
            .transpose()
    }

    async fn message_states(
        &self,
        room: &RoomName,
        messages: Vec<LogEvent>,
        as_of: Seq,
        bytes: usize,
    ) -> Result<Vec<Target>, StoreError> {
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
        self.shared.follow_search().await?;
        search::find(&self.shared, search).await
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
        // What changes with every message is counted when asked for.
        futures::stream::iter(docs)
            .map(|doc| self.shared.public_room(doc))
            .buffered(LISTING_QUESTIONS_MAX)
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
            // The one that is there is newer, or another server was first to keep one.
            Ok(_) | Err(Failure::Duplicate) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl Shared {
    pub(super) async fn event_by_nonce(
        &self,
        room: &RoomName,
        sender: &Username,
        nonce: &EventNonce,
    ) -> Result<Option<LogEvent>, StoreError> {
        let key = doc! {
            "room": room.as_str(),
            "sender": sender.as_str(),
            "nonce": nonce.as_str(),
        };
        let found = self.ask(self.log.find_one(key)).await?;
        found.map(LogEvent::try_from).transpose()
    }

    async fn log_page(&self, find: Find<'_, LogDoc>, limit: PageLimit) -> Result<Page, StoreError> {
        let mut page = Page::default();
        // One more shows that there is more; a batch is small, so that few are read in vain.
        let rows = clamp(limit.rows).saturating_add(1);
        let find = find.limit(rows).batch_size(BATCH_EVENTS);
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

    async fn public_room(&self, doc: RoomDoc) -> Result<PublicRoom, StoreError> {
        let last_seq = self.tip_of(&doc.room).await?;
        let members = doc! { "room": doc.room.as_str(), "member": true };
        let members = self.ask(self.memberships.count_documents(members)).await?;
        Ok(PublicRoom {
            room: doc.room,
            kind: RoomKind::Public,
            topic: doc.topic,
            members,
            last_seq,
        })
    }

    pub(super) async fn tip_of(&self, room: &RoomName) -> Result<Seq, StoreError> {
        let range = doc! { "$gt": log_id(room, 0), "$lte": log_id(room, SEQ_MAX) };
        let find = self
            .log
            .find_one(doc! { "_id": range })
            .sort(doc! { "_id": -1 });
        Ok(self.ask(find).await?.map_or(0, |doc| doc.seq()))
    }

    /// All that a `find` finds, with one end to the wait.
    pub(super) async fn collect<T>(&self, find: Find<'_, T>) -> Result<Vec<T>, Failure>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let wait = self.timeouts.operation;
        let all = async { find.await?.try_collect().await };
        match tokio::time::timeout(wait, all).await {
            Ok(all) => all.map_err(|error: mongodb::error::Error| error.into()),
            Err(_) => Err(too_slow(wait)),
        }
    }
}

/// A limit as MongoDB counts; 0 would be none, so it is asked for before.
pub(super) fn clamp(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
