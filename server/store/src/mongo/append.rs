//! Appending on unique inserts alone.
//!
//! An ordered insert stores a prefix of what it is given: all, some, or nothing. Which, is certain
//! only when it succeeds; after anything else the numbers are read back and what stands there is
//! compared with what was proposed. The same documents may be sent again, since an `_id` that
//! stands is never written over.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chat_shared::{RoomName, Seq};
use mongodb::bson::doc;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::documents::{LogDoc, log_id};
use super::error::Failure;
use crate::log::check_numbers;
use crate::{Append, StoreError};
use chat_rules::LogEvent;

/// Documents of one insert. MongoDB writes up to as many in one storage transaction, so that a
/// prefix is left only where another node wins a number in between.
const INSERT_EVENTS_MAX: usize = 64;

/// Between two attempts while the outcome is not known.
const RETRY: Duration = Duration::from_millis(100);

impl Shared {
    pub(super) async fn append(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: &[LogEvent],
    ) -> Result<Append, StoreError> {
        check_numbers(after_seq, events)?;
        let deadline = Instant::now() + self.timeouts.write;
        if after_seq == 0 {
            self.announce(room).await?;
        } else if !self.reaches(room, after_seq).await? {
            return Ok(Append::Lost);
        }
        if let Some(taken) = repeated_nonce(events) {
            return Ok(taken);
        }
        let mut stored = 0;
        let outcome = self
            .insert_in_order(room, events, &mut stored, deadline)
            .await;
        if let Some(last) = events[..stored].last() {
            self.tips.saw(room, last.seq);
            self.project_or_repair(room, after_seq, &events[..stored])
                .await;
        }
        match outcome? {
            Append::Stored => Ok(Append::Stored),
            _ if stored > 0 => Ok(Append::Prefix { stored }),
            outcome => Ok(outcome),
        }
    }

    /// Counts in `stored` what is known to stand, whatever the outcome.
    async fn insert_in_order(
        &self,
        room: &RoomName,
        events: &[LogEvent],
        stored: &mut usize,
        deadline: Instant,
    ) -> Result<Append, StoreError> {
        let docs: Vec<_> = events
            .iter()
            .map(|event| LogDoc::new(room, event))
            .collect();
        while *stored < docs.len() {
            let end = docs.len().min(*stored + INSERT_EVENTS_MAX);
            let chunk = &docs[*stored..end];
            let insert = self.log.insert_many(chunk).ordered(true);
            let Err(failure) = self.ask(insert).await else {
                *stored = end;
                continue;
            };
            let found = self.read_back(chunk, deadline).await?;
            *stored += chunk
                .iter()
                .take_while(|doc| found.get(&doc.id) == Some(doc))
                .count();
            if *stored == end {
                continue;
            }
            let next = &events[*stored];
            if found.contains_key(&log_id(room, next.seq)) {
                return Ok(Append::Lost);
            }
            match failure {
                // Which index refused it is found by looking. The one that refused may be another
                // node's, not acknowledged by a majority yet: then it is looked for again.
                Failure::Duplicate => {
                    let existing = self.event_by_nonce(room, &next.sender, &next.nonce).await?;
                    if let Some(existing) = existing.filter(|existing| existing.seq != next.seq) {
                        return Ok(Append::NonceTaken {
                            index: *stored,
                            existing: Box::new(existing),
                        });
                    }
                }
                Failure::Away(_) => {}
                failure => return Err(failure.into()),
            }
            if Instant::now() + RETRY > deadline {
                return Err(failure.into());
            }
            sleep(RETRY).await;
        }
        Ok(Append::Stored)
    }

    /// What stands at the numbers of `chunk`.
    async fn read_back(
        &self,
        chunk: &[LogDoc],
        deadline: Instant,
    ) -> Result<HashMap<String, LogDoc>, StoreError> {
        let ids: Vec<_> = chunk.iter().map(|doc| doc.id.as_str()).collect();
        loop {
            let find = self.log.find(doc! { "_id": { "$in": &ids } });
            match self.collect(find).await {
                Ok(docs) => {
                    return Ok(docs
                        .into_iter()
                        .map(|doc: LogDoc| (doc.id.clone(), doc))
                        .collect());
                }
                Err(Failure::Away(_)) if Instant::now() + RETRY < deadline => sleep(RETRY).await,
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    async fn reaches(&self, room: &RoomName, seq: Seq) -> Result<bool, StoreError> {
        if self.tips.reaches(room, seq) {
            return Ok(true);
        }
        let find = self.log.find_one(doc! { "_id": log_id(room, seq) });
        let reaches = self.ask(find).await?.is_some();
        if reaches {
            self.tips.saw(room, seq);
        }
        Ok(reaches)
    }
}

/// The first event that bears a nonce of an earlier one.
fn repeated_nonce(events: &[LogEvent]) -> Option<Append> {
    let mut seen = HashSet::new();
    let key = |event: &LogEvent| (event.sender.clone(), event.nonce.clone());
    let index = events.iter().position(|event| !seen.insert(key(event)))?;
    let existing = events
        .iter()
        .find(|event| key(event) == key(&events[index]))?;
    Some(Append::NonceTaken {
        index,
        existing: Box::new(existing.clone()),
    })
}
