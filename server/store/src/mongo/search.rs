//! Searches: in memory where the newest messages are the answer, else in the collection of words,
//! which [`super::follow`] fills from the log.

use std::cmp::Reverse;

use chat_shared::{RoomName, Seq};
use mongodb::bson::{Bson, doc};

use super::Shared;
use super::entries::read_cursor;
use crate::{Found, Search, StoreError};

/// Candidates that are read for one page: a message with all words need not have the phrase.
const CANDIDATES_MAX: i64 = 1_000;

impl Shared {
    /// Searches the newest messages. `None` if older ones may belong to the answer.
    pub(super) fn find_recent(&self, search: &Search) -> Option<Found> {
        let has_words = search.phrases.iter().any(|phrase| !phrase.is_empty());
        if !has_words || search.rooms.is_empty() {
            return None;
        }
        self.recent.find(search, |room| self.tips.get(room))
    }

    /// Searches the entries.
    pub(super) async fn find_entries(&self, search: &Search) -> Result<Found, StoreError> {
        let mut all: Vec<&String> = search.phrases.iter().flatten().collect();
        // MongoDB looks one word up and filters by the others. A long word is rarer, and as the
        // first it is the one that a cached plan looks up.
        all.sort_by_key(|word| Reverse(word.len()));
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
            // This bounds the index, and the rest finds the place within one millisecond.
            filter.insert("ts", doc! { "$lte": ts });
            let same = doc! { "ts": ts, "_id": { "$lt": id } };
            filter.insert(
                "$or",
                vec![Bson::from(doc! { "ts": { "$lt": ts } }), same.into()],
            );
        }
        let newest = doc! { "ts": -1, "_id": -1 };
        let candidates = self.search.find(filter).sort(newest);
        let candidates = self.collect(candidates.limit(CANDIDATES_MAX)).await?;
        let more_candidates = candidates.len() as i64 == CANDIDATES_MAX;
        let mut messages: Vec<(RoomName, Seq)> = Vec::new();
        let mut last = None;
        for doc in candidates {
            if messages.len() == search.limit {
                break;
            }
            last = Some(doc.cursor());
            if doc.matches(search) {
                messages.push((doc.room, doc.seq));
            }
        }
        let more = messages.len() == search.limit || more_candidates;
        Ok(Found {
            messages,
            cursor: last.filter(|_| more),
        })
    }
}
