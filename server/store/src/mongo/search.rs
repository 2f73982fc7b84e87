//! The collection of words, which follows the log a moment behind it, so that an append does not
//! wait for it; a search asks for what is missing first.

use chat_shared::{RoomName, Seq};
use mongodb::bson::{Bson, doc};

use super::Shared;
use super::documents::{LogDoc, SEQ_MAX, SearchDoc, events, int, log_id};
use super::error::Failure;
use crate::tokens::{holds, words};
use crate::{Found, Search, StoreError};
use chat_rules::{EventBody, LogEvent};

/// Events that are read at a time when the search follows a room.
const FOLLOWED_EVENTS_MAX: usize = 500;

/// Candidates that are looked at for one page: what holds all words need not hold the phrase.
const CANDIDATES_MAX: i64 = 1_000;

impl Shared {
    /// Brings the search up to the log of the rooms that this node knows to be behind.
    pub(super) async fn follow_search(&self) -> Result<(), Failure> {
        let mut rooms = self.unsearched.take().into_iter();
        while let Some(room) = rooms.next() {
            match self.follow_room(&room).await {
                Ok(()) => {}
                Err(failure) if failure.is_of_the_data() => {
                    tracing::warn!(%room, %failure, "a room can't be searched");
                }
                Err(failure) => {
                    self.unsearched.put_back(std::iter::once(room).chain(rooms));
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    async fn follow_room(&self, room: &RoomName) -> Result<(), Failure> {
        let row = doc! { "_id": room.as_str() };
        let Some(found) = self.ask(self.rooms.find_one(row.clone())).await? else {
            return Ok(());
        };
        let mut searched = found.searched;
        loop {
            let range = doc! { "$gt": log_id(room, searched), "$lte": log_id(room, SEQ_MAX) };
            let find = self.log.find(doc! { "_id": range }).sort(doc! { "_id": 1 });
            let page: Vec<LogDoc> = self.collect(find.limit(FOLLOWED_EVENTS_MAX as i64)).await?;
            let is_last = page.len() < FOLLOWED_EVENTS_MAX;
            let page = events(page)?;
            self.take_in_messages(room, &page).await?;
            for event in &page {
                self.take_in_change(room, event).await?;
                searched = event.seq;
            }
            let on = doc! { "$max": { "searched": int(searched) } };
            self.ask(self.rooms.update_one(row.clone(), on)).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// A message that is there already, as it was said or changed since, stays.
    async fn take_in_messages(&self, room: &RoomName, page: &[LogEvent]) -> Result<(), Failure> {
        let docs = page.iter().filter_map(|event| match &event.body {
            EventBody::Message { text, .. } => Some(SearchDoc {
                id: log_id(room, event.seq),
                room: room.clone(),
                seq: event.seq,
                ts: event.ts,
                sender: event.sender.clone(),
                words: words(text),
                rev: event.seq,
            }),
            _ => None,
        });
        let docs: Vec<SearchDoc> = docs.collect();
        if docs.is_empty() {
            return Ok(());
        }
        let insert = self.search.insert_many(docs).ordered(false);
        match self.ask(insert).await {
            Ok(_) | Err(Failure::Duplicate) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Only a later event writes over what is there, so that neither order nor repetition matters.
    async fn take_in_change(&self, room: &RoomName, event: &LogEvent) -> Result<(), Failure> {
        let changed = match &event.body {
            EventBody::Edited { target, text, .. } => (*target, words(text)),
            EventBody::Deleted { target } => (*target, Vec::new()),
            _ => return Ok(()),
        };
        let (target, words) = changed;
        let older = doc! { "_id": log_id(room, target), "rev": { "$lt": int(event.seq) } };
        let set = doc! { "$set": { "words": words, "rev": int(event.seq) } };
        self.ask(self.search.update_one(older, set)).await?;
        Ok(())
    }
}

pub(super) async fn find(store: &Shared, search: &Search) -> Result<Found, StoreError> {
    let all: Vec<&String> = search.phrases.iter().flatten().collect();
    if all.is_empty() || search.rooms.is_empty() {
        return Ok(Found::default());
    }
    let rooms: Vec<&str> = search.rooms.iter().map(RoomName::as_str).collect();
    let mut filter = doc! { "words": { "$all": all }, "room": { "$in": rooms } };
    if let Some(from) = &search.from {
        filter.insert("sender", from.as_str());
    }
    if let Some(cursor) = &search.cursor {
        let Some((ts, id)) = read_cursor(cursor) else {
            return Ok(Found::default());
        };
        let same = doc! { "ts": ts, "_id": { "$lt": id } };
        filter.insert(
            "$or",
            vec![Bson::from(doc! { "ts": { "$lt": ts } }), same.into()],
        );
    }
    let newest = doc! { "ts": -1, "_id": -1 };
    let candidates = store.search.find(filter).sort(newest);
    let candidates = store.collect(candidates.limit(CANDIDATES_MAX)).await?;
    let more_candidates = candidates.len() as i64 == CANDIDATES_MAX;
    let mut messages: Vec<(RoomName, Seq)> = Vec::new();
    let mut last = None;
    for doc in candidates {
        if messages.len() == search.limit {
            break;
        }
        last = Some(format!("{}.{}", doc.ts, doc.id));
        if search
            .phrases
            .iter()
            .all(|phrase| holds(&doc.words, phrase))
        {
            messages.push((doc.room, doc.seq));
        }
    }
    let more = messages.len() == search.limit || more_candidates;
    Ok(Found {
        messages,
        cursor: last.filter(|_| more),
    })
}

fn read_cursor(cursor: &str) -> Option<(i64, &str)> {
    let (ts, id) = cursor.split_once('.')?;
    Some((ts.parse().ok()?, id))
}
