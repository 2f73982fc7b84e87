//! Messages that were changed, as they are now: a projection, repaired from the log like the others.
//!
//! A message's document bears the seq of its last event (`rev`) and of the edit that its text is of
//! (`textSeq`), a reaction's that of the event that set it. Only a later event writes over an
//! earlier one, so that neither order nor repetition matters.

use std::collections::{BTreeMap, HashMap};

use chat_shared::{Emoji, RoomName, Seq, TimestampMs, Username};
use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::documents::{LogDoc, SEQ_MAX, events, int, log_id};
use super::error::Failure;
use crate::StoreError;
use crate::log::take_bytes;
use chat_rules::{EventBody, LogEvent, StoredChanges, StoredEdit, Target};

/// Messages whose states are read at a time, so that a bound in bytes ends the reading early.
const STATES_AT_ONCE_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageStateDoc {
    #[serde(rename = "_id")]
    id: String,
    rev: Seq,
    #[serde(default)]
    text: String,
    #[serde(default)]
    mentions: Vec<Username>,
    #[serde(default)]
    edited_ts: Option<TimestampMs>,
    #[serde(default)]
    text_seq: Seq,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    changes: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ReactionDoc {
    #[serde(rename = "_id")]
    id: String,
    target: Seq,
    emoji: Emoji,
    username: Username,
    on: bool,
    seq: Seq,
}

impl Shared {
    /// Takes an event that changes a message into the message's document.
    pub(super) async fn project_message_state(
        &self,
        room: &RoomName,
        event: &LogEvent,
    ) -> Result<(), Failure> {
        let Some(target) = event.body.target() else {
            return Ok(());
        };
        let (id, seq) = (log_id(room, target), int(event.seq));
        let place = doc! { "room": room.as_str(), "target": int(target) };
        match &event.body {
            EventBody::Edited { text, mentions, .. } => {
                let mentions: Vec<&str> = mentions.iter().map(Username::as_str).collect();
                let edit = doc! {
                    "text": text, "mentions": mentions, "editedTs": int(event.ts), "textSeq": seq,
                };
                if !self
                    .move_message_state(&id, seq, place, edit.clone())
                    .await?
                {
                    let older = doc! { "_id": id, "textSeq": { "$lt": seq } };
                    let update = self.message_states.update_one(older, doc! { "$set": edit });
                    self.ask(update).await?;
                }
            }
            EventBody::Deleted { .. } => {
                let mut set = place.clone();
                set.extend(doc! {
                    "text": "", "mentions": [], "editedTs": Bson::Null, "deleted": true,
                    "textSeq": int(SEQ_MAX),
                });
                let update = doc! { "$set": set, "$max": { "rev": seq }, "$inc": { "changes": 1 } };
                let upsert = self.message_states.update_one(doc! { "_id": &id }, update);
                self.ask(upsert.upsert(true)).await?;
                self.ask(self.reactions.delete_many(place)).await?;
            }
            EventBody::Reacted { emoji, on, .. } => {
                self.project_reaction(room, target, event, emoji, *on)
                    .await?;
                self.move_message_state(&id, seq, place, Document::new())
                    .await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes a change into a message's document, which is made where there is none. `false` where
    /// it is of a later event already.
    async fn move_message_state(
        &self,
        id: &str,
        seq: i64,
        place: Document,
        change: Document,
    ) -> Result<bool, Failure> {
        let older = doc! { "_id": id, "rev": { "$lt": seq } };
        let mut set = place;
        set.insert("rev", seq);
        set.extend(change);
        let update = doc! { "$set": set, "$inc": { "changes": 1 } };
        let upsert = self.message_states.update_one(older, update).upsert(true);
        match self.ask(upsert).await {
            Ok(_) => Ok(true),
            Err(Failure::Duplicate) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    async fn project_reaction(
        &self,
        room: &RoomName,
        target: Seq,
        event: &LogEvent,
        emoji: &Emoji,
        on: bool,
    ) -> Result<(), Failure> {
        let (username, seq) = (&event.sender, int(event.seq));
        // An emoji may hold anything, so its length tells where the name begins.
        let emoji = emoji.as_str();
        let id = format!(
            "{}:{}:{emoji}:{username}",
            log_id(room, target),
            emoji.len()
        );
        let older = doc! { "_id": id, "seq": { "$lt": seq } };
        let set = doc! {
            "room": room.as_str(),
            "target": int(target),
            "emoji": emoji,
            "username": username.as_str(),
            "on": on,
            "seq": seq,
        };
        let upsert = self.reactions.update_one(older, doc! { "$set": set });
        match self.ask(upsert.upsert(true)).await {
            Ok(_) | Err(Failure::Duplicate) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// As [`crate::LogStore::message_states`].
    pub(super) async fn message_states(
        &self,
        room: &RoomName,
        messages: &[LogEvent],
        as_of: Seq,
        bytes: usize,
    ) -> Result<Vec<Target>, StoreError> {
        // Another server, or this one before an error, may have stored what it did not project.
        self.project_missing(room).await?;
        let (mut states, mut sum) = (Vec::new(), 0);
        for said in messages.chunks(STATES_AT_ONCE_MAX) {
            for state in self.states_of(room, said, as_of).await? {
                sum += state.bytes();
                states.push(state);
            }
            if sum > bytes {
                break;
            }
        }
        take_bytes(&mut states, bytes);
        Ok(states)
    }

    async fn states_of(
        &self,
        room: &RoomName,
        messages: &[LogEvent],
        as_of: Seq,
    ) -> Result<Vec<Target>, StoreError> {
        let ids: Vec<String> = messages.iter().map(|said| log_id(room, said.seq)).collect();
        let find = self.message_states.find(doc! { "_id": { "$in": ids } });
        let docs = self.collect(find).await?;
        let mut docs: HashMap<String, MessageStateDoc> =
            docs.into_iter().map(|doc| (doc.id.clone(), doc)).collect();
        let mut reactions = self.reactions_to(room, messages, &docs).await?;
        let mut states = Vec::with_capacity(messages.len());
        for said in messages {
            let Some(doc) = docs.remove(&log_id(room, said.seq)) else {
                states.extend(Target::new(said));
                continue;
            };
            let reactions = reactions.remove(&said.seq).unwrap_or_default();
            let is_ahead = doc.rev > as_of
                || reactions.iter().any(|reaction| reaction.seq > as_of)
                || (!doc.deleted && doc.text_seq > as_of);
            states.extend(if is_ahead {
                self.state_in_the_past(room, said, as_of).await?
            } else {
                Target::with_changes(said, changes_of(doc, reactions))
            });
        }
        Ok(states)
    }

    async fn reactions_to(
        &self,
        room: &RoomName,
        messages: &[LogEvent],
        docs: &HashMap<String, MessageStateDoc>,
    ) -> Result<BTreeMap<Seq, Vec<ReactionDoc>>, StoreError> {
        let changed = messages.iter().filter(|said| {
            let doc = docs.get(&log_id(room, said.seq));
            doc.is_some_and(|doc| !doc.deleted)
        });
        let targets: Vec<Bson> = changed.map(|said| Bson::Int64(int(said.seq))).collect();
        let mut by_target: BTreeMap<Seq, Vec<ReactionDoc>> = BTreeMap::new();
        if targets.is_empty() {
            return Ok(by_target);
        }
        let filter = doc! { "room": room.as_str(), "target": { "$in": targets } };
        for doc in self.collect(self.reactions.find(filter)).await? {
            by_target.entry(doc.target).or_default().push(doc);
        }
        Ok(by_target)
    }

    /// What the log has up to `as_of`: the document holds what came later, which is not shown to
    /// anybody yet. Of the edits only the last is read.
    async fn state_in_the_past(
        &self,
        room: &RoomName,
        said: &LogEvent,
        as_of: Seq,
    ) -> Result<Option<Target>, StoreError> {
        let filter = |kind: Bson| {
            doc! {
                "room": room.as_str(),
                "target": int(said.seq),
                "body.kind": kind,
                "seq": { "$lte": int(as_of) },
            }
        };
        let edit = self.log.find_one(filter("edited".into()));
        let edit = self.ask(edit.sort(doc! { "seq": -1 })).await?;
        let others = filter(doc! { "$in": ["deleted", "reacted"] }.into());
        let others: Vec<LogDoc> = self.collect(self.log.find(others)).await?;
        let mut changes = events(edit.into_iter().chain(others).collect())?;
        changes.sort_by_key(|event| event.seq);
        let mut state = Target::new(said);
        if let Some(state) = &mut state {
            changes.iter().for_each(|event| state.apply(event));
        }
        Ok(state)
    }
}

fn changes_of(doc: MessageStateDoc, reactions: Vec<ReactionDoc>) -> StoredChanges {
    let on = reactions.into_iter().filter(|reaction| reaction.on);
    let edit = doc.edited_ts.map(|ts| StoredEdit {
        text: doc.text,
        mentions: doc.mentions,
        ts,
    });
    StoredChanges {
        rev: doc.rev,
        edit,
        deleted: doc.deleted,
        changes: doc.changes,
        reactions: on.map(|doc| (doc.emoji, doc.username, doc.seq)).collect(),
    }
}
