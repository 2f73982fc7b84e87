//! Edits, deletes, reactions, read markers and mentions.

use std::collections::{BTreeMap, BTreeSet};

use chat_shared::{RoomName, Seq, Username};
use futures::{StreamExt, TryStreamExt};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::WriteConcern;

use super::Shared;
use super::documents::{LogDoc, ReadMarkDoc, SEQ_MAX, events, in_log, int, log_id};
use super::error::Failure;
use crate::{ReadMark, StoreError};
use chat_server_rules::LogEvent;

/// Events that are read for a user's unread mentions; a count is no higher.
const MENTIONING_EVENTS_MAX: i64 = 1_000;

/// Rooms whose mentioning messages are read at the same time.
const ROOMS_AT_ONCE_MAX: usize = 8;

/// Edits that are blanked by one command.
const SCRUBBED_EVENTS_MAX: i64 = 64;

impl Shared {
    pub(super) async fn deleted_among(
        &self,
        room: &RoomName,
        messages: &[Seq],
    ) -> Result<Vec<Seq>, StoreError> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        // This reads the log itself, because the projection may be a moment behind.
        let filter = doc! {
            "room": room.as_str(),
            "target": among(messages),
            "body.kind": "deleted",
        };
        let docs: Vec<LogDoc> = self.collect(self.log.find(filter)).await?;
        let targets = events(docs)?.into_iter();
        Ok(targets.filter_map(|event| event.body.target()).collect())
    }

    pub(super) async fn scrub(&self, room: &RoomName, target: Seq) -> Result<(), StoreError> {
        if self.deleted_among(room, &[target]).await?.is_empty() {
            return Ok(());
        }
        let blank = doc! {
            "$set": { "body.text": "", "body.mentions": [] },
            "$unset": { "mentions": "" },
        };
        let message = in_log(room, log_id(room, target));
        self.ask(self.log.update_one(message, blank.clone()))
            .await?;
        loop {
            let edits = doc! {
                "room": room.as_str(),
                "target": int(target),
                "body.kind": "edited",
                "body.text": { "$ne": "" },
            };
            let find = self.log.find(edits).limit(SCRUBBED_EVENTS_MAX);
            let docs: Vec<LogDoc> = self.collect(find).await?;
            if docs.is_empty() {
                break;
            }
            let ids: Vec<String> = docs.into_iter().map(|doc| doc.id).collect();
            let edits = in_log(room, doc! { "$in": ids });
            self.ask(self.log.update_many(edits, blank.clone())).await?;
        }
        let words = doc! { "$set": { "words": [], "rev": int(SEQ_MAX) } };
        let entry = doc! { "_id": log_id(room, target) };
        self.ask(self.search.update_one(entry.clone(), words))
            .await?;
        let done = doc! { "$set": { "scrubbed": true } };
        self.ask(self.deletions.update_one(entry, done)).await?;
        Ok(())
    }

    pub(super) async fn mark_read(
        &self,
        room: &RoomName,
        username: &Username,
        mark: ReadMark,
    ) -> Result<(), StoreError> {
        let older = doc! { "_id": format!("{room}:{username}"), "seq": { "$lt": int(mark.seq) } };
        let set = doc! { "$set": {
            "room": room.as_str(),
            "username": username.as_str(),
            "seq": int(mark.seq),
            "messages": int(mark.messages),
        } };
        // No user loses a message when a failover takes a marker back, so this waits for no
        // majority.
        let upsert = self.read_marks.update_one(older, set).upsert(true);
        let upsert = upsert.write_concern(WriteConcern::nodes(1));
        match self.ask(upsert).await {
            // The marker in the store is further on.
            Ok(_) | Err(Failure::Duplicate) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    pub(super) async fn read_marks(
        &self,
        room: &RoomName,
    ) -> Result<Vec<(Username, ReadMark)>, StoreError> {
        let find = self.read_marks.find(doc! { "room": room.as_str() });
        let docs = self.collect(find).await?;
        let mark = |doc: &ReadMarkDoc| ReadMark {
            seq: doc.seq,
            messages: doc.messages,
        };
        Ok(docs
            .iter()
            .map(|doc| (doc.username.clone(), mark(doc)))
            .collect())
    }

    pub(super) async fn mentions_above(
        &self,
        room: &RoomName,
        username: &Username,
        after: Seq,
    ) -> Result<u64, StoreError> {
        let in_room = doc! {
            "mentions": username.as_str(),
            "room": room.as_str(),
            "seq": { "$gt": int(after) },
        };
        let all = self.mentioning(username, in_room, "seq").await?;
        Ok(all.iter().filter(|(_, seq)| *seq > after).count() as u64)
    }

    pub(super) async fn mentions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        let marks = doc! { "username": username.as_str() };
        let marks = self.collect(self.read_marks.find(marks)).await?;
        let marks: BTreeMap<RoomName, Seq> =
            marks.into_iter().map(|doc| (doc.room, doc.seq)).collect();
        let anywhere = doc! { "mentions": username.as_str() };
        let mut all = self.mentioning(username, anywhere, "ts").await?;
        all.retain(|(room, seq)| marks.get(room).is_none_or(|mark| seq > mark));
        all.truncate(limit);
        Ok(all)
    }

    /// Keeps the messages that mention `username` now. An edit may have removed the name, or a
    /// delete the whole text.
    async fn mentioning(
        &self,
        username: &Username,
        filter: Document,
        newest_by: &str,
    ) -> Result<Vec<(RoomName, Seq)>, StoreError> {
        let find = self.log.find(filter).sort(doc! { newest_by: -1 });
        let docs = self.collect(find.limit(MENTIONING_EVENTS_MAX)).await?;
        let mut rooms: BTreeMap<RoomName, BTreeSet<Seq>> = BTreeMap::new();
        for doc in docs {
            let room = doc.room().clone();
            let event = LogEvent::try_from(doc)?;
            let seq = event.body.target().unwrap_or(event.seq);
            rooms.entry(room).or_default().insert(seq);
        }
        let all = futures::stream::iter(rooms)
            .map(async |(room, seqs)| {
                let seqs: Vec<Seq> = seqs.into_iter().collect();
                let now = self.mentions_now(&room, &seqs).await?;
                let named = now
                    .into_iter()
                    .filter(|(_, names)| names.contains(username));
                let named = named.map(|(seq, _)| (room.clone(), seq));
                Ok::<Vec<_>, StoreError>(named.collect())
            })
            .buffered(ROOMS_AT_ONCE_MAX)
            .try_concat()
            .await?;
        Ok(all)
    }

    /// The names in these messages as they are now, as far as this server has seen the log.
    async fn mentions_now(
        &self,
        room: &RoomName,
        seqs: &[Seq],
    ) -> Result<BTreeMap<Seq, Vec<Username>>, StoreError> {
        let ids: Vec<String> = seqs.iter().map(|seq| log_id(room, *seq)).collect();
        let messages: Vec<LogDoc> = self
            .collect(self.log.find(in_log(room, doc! { "$in": ids })))
            .await?;
        let messages = events(messages)?;
        let as_of = self.tips.get(room).unwrap_or(SEQ_MAX);
        let states = self
            .message_states(room, &messages, as_of, usize::MAX)
            .await?;
        let standing = states.into_iter().filter(|state| !state.deleted);
        Ok(standing
            .map(|state| (state.sent.seq, state.mentions))
            .collect())
    }
}

fn among(seqs: &[Seq]) -> Bson {
    let seqs: Vec<Bson> = seqs.iter().map(|seq| Bson::Int64(int(*seq))).collect();
    Bson::Document(doc! { "$in": seqs })
}
