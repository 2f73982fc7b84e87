//! Appends events with unique inserts alone.
//!
//! An ordered insert stores a prefix of its documents: all, some, or none. Only its success is
//! certain. After any other outcome the store reads the numbers back and compares the events there
//! with those that were proposed. It may send the same documents again, because an insert never
//! overwrites an `_id` that exists.

use std::collections::{HashMap, HashSet};

use chat_shared::{RoomName, Seq};
use mongodb::bson::doc;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::documents::{LogDoc, in_log, log_id};
use super::error::{Failure, majority_not_reached};
use super::insert::RETRY;
use crate::log::check_numbers;
use crate::{Append, StoreError};
use chat_server_rules::LogEvent;

/// Documents of one insert. MongoDB writes up to 64 in one storage transaction, so that a prefix is
/// left only where another server wins a number in between.
const INSERT_EVENTS_MAX: usize = 64;

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
        } else if !self.reaches(room, after_seq, deadline).await? {
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

    /// Inserts the events in their order. `stored` counts those that are known to be stored,
    /// whatever the outcome.
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
            let Err(failure) = self.ask_until(deadline, insert).await else {
                *stored = end;
                continue;
            };
            let found = self.read_back(room, chunk, deadline).await?;
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
                // The store reads to find which index rejected it. The event that has the key may
                // be another server's that no majority has acknowledged yet; then it reads again.
                Failure::Duplicate => {
                    let mark = (next.sender.clone(), next.nonce.clone());
                    let existing = self.events_by_nonces(room, &[mark], deadline).await?.pop();
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
                return Err(still_open(failure).into());
            }
            sleep(RETRY).await;
        }
        Ok(Append::Stored)
    }

    /// Reads what is stored at the numbers of `chunk`.
    async fn read_back(
        &self,
        room: &RoomName,
        chunk: &[LogDoc],
        deadline: Instant,
    ) -> Result<HashMap<String, LogDoc>, StoreError> {
        let ids: Vec<_> = chunk.iter().map(|doc| doc.id.as_str()).collect();
        loop {
            let find = self.log.find(in_log(room, doc! { "$in": &ids }));
            match self.collect_until(deadline, find).await {
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

    async fn reaches(
        &self,
        room: &RoomName,
        seq: Seq,
        deadline: Instant,
    ) -> Result<bool, StoreError> {
        if self.tips.reaches(room, seq) {
            return Ok(true);
        }
        let find = self.log.find_one(in_log(room, log_id(room, seq)));
        let reaches = self.ask_until(deadline, find).await?.is_some();
        if reaches {
            self.tips.saw(room, seq);
        }
        Ok(reaches)
    }
}

/// Turns the last failure of an append into that of an open outcome. A duplicate key at the
/// deadline is no rejection: the event that has it may come from an earlier attempt of this append,
/// or from another server and a majority does not have it.
fn still_open(failure: Failure) -> Failure {
    match failure {
        Failure::Duplicate => majority_not_reached(),
        failure => failure,
    }
}

/// The first event that has the nonce of an earlier one.
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
