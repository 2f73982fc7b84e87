//! Keeps the present state of messages that were changed. It is a projection, and repaired from the
//! log like the others.
//!
//! A message's document has the seq of its last event (`rev`) and that of the edit that its text
//! comes from (`textSeq`). A reaction's document has the seq of the event that set it. Only a later
//! event overwrites an earlier one, so that neither order nor repetition matters.

use std::collections::{BTreeMap, HashMap};

use chat_shared::{Emoji, RoomName, Seq, TimestampMs, Username};
use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::documents::{LogDoc, SEQ_MAX, events, int, log_id};
use super::error::Failure;
use crate::StoreError;
use crate::log::take_bytes;
use chat_server_rules::{EventBody, LogEvent, MessageState, StoredChanges, StoredEdit};

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
    /// Writes an event that changes a message into the message's document.
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
                    // A document that only reactions made has no such field.
                    let older = doc! { "_id": id, "textSeq": { "$not": { "$gte": seq } } };
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
                // A repetition finds it deleted, and changes nothing.
                let standing = doc! { "_id": &id, "deleted": { "$ne": true } };
                let upsert = self.message_states.update_one(standing, update);
                match self.ask(upsert.upsert(true)).await {
                    Ok(_) | Err(Failure::Duplicate) => {}
                    Err(failure) => return Err(failure),
                }
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

    /// Writes a change into a message's document, and inserts it where there is none. Returns
    /// `false` where the document is of a later event already.
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
        // An emoji may contain any character, so its length says where the name begins.
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
    ) -> Result<Vec<MessageState>, StoreError> {
        // Another server, or this one before an error, may have stored events and not projected
        // them.
        self.project_missing(room, as_of).await?;
        let (mut states, mut sum) = (Vec::new(), 0);
        for sent in messages.chunks(STATES_AT_ONCE_MAX) {
            for state in self.states_of(room, sent, as_of).await? {
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
    ) -> Result<Vec<MessageState>, StoreError> {
        let ids: Vec<String> = messages.iter().map(|sent| log_id(room, sent.seq)).collect();
        let find = self.message_states.find(doc! { "_id": { "$in": ids } });
        let docs = self.collect(find).await?;
        let mut docs: HashMap<String, MessageStateDoc> =
            docs.into_iter().map(|doc| (doc.id.clone(), doc)).collect();
        let mut reactions = self.reactions_to(room, messages, &docs).await?;
        let mut states = Vec::with_capacity(messages.len());
        for sent in messages {
            let Some(doc) = docs.remove(&log_id(room, sent.seq)) else {
                states.extend(MessageState::new(sent));
                continue;
            };
            let reactions = reactions.remove(&sent.seq).unwrap_or_default();
            let is_ahead = doc.rev > as_of
                || reactions.iter().any(|reaction| reaction.seq > as_of)
                || (!doc.deleted && doc.text_seq > as_of);
            states.extend(if is_ahead {
                self.state_in_the_past(room, sent, as_of).await?
            } else {
                MessageState::with_changes(sent, changes_of(doc, reactions))
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
        let changed = messages.iter().filter(|sent| {
            let doc = docs.get(&log_id(room, sent.seq));
            doc.is_some_and(|doc| !doc.deleted)
        });
        let targets: Vec<Bson> = changed.map(|sent| Bson::Int64(int(sent.seq))).collect();
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

    /// Makes a message's state as of `as_of` from the log. Its document has later changes, which
    /// nobody may see yet. Of the edits it reads only the last.
    async fn state_in_the_past(
        &self,
        room: &RoomName,
        sent: &LogEvent,
        as_of: Seq,
    ) -> Result<Option<MessageState>, StoreError> {
        let filter = |kind: Bson| {
            doc! {
                "room": room.as_str(),
                "target": int(sent.seq),
                "body.kind": kind,
                "seq": { "$lte": int(as_of) },
            }
        };
        let edit = self.log.find_one(filter("edited".into()));
        let edit = edit.sort(doc! { "seq": -1 });
        let edit = self.ask(edit.max_time(self.timeouts.operation)).await?;
        let others = filter(doc! { "$in": ["deleted", "reacted"] }.into());
        let others: Vec<LogDoc> = self.collect(self.log.find(others)).await?;
        let mut changes = events(edit.into_iter().chain(others).collect())?;
        changes.sort_by_key(|event| event.seq);
        let mut state = MessageState::new(sent);
        if let Some(state) = &mut state {
            changes.iter().for_each(|event| state.apply(event));
        }
        Ok(state)
    }
}

fn changes_of(doc: MessageStateDoc, reactions: Vec<ReactionDoc>) -> StoredChanges {
    // Before emoji had a normal form, one reaction of a person could have two documents, which are
    // read as the same emoji. The later one counts.
    let mut latest = BTreeMap::new();
    for doc in reactions {
        let reaction = (doc.emoji, doc.username);
        let last = latest.entry(reaction).or_insert((doc.seq, doc.on));
        *last = (*last).max((doc.seq, doc.on));
    }
    let on = latest.into_iter().filter(|(_, (_, on))| *on);
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
        reactions: on
            .map(|((emoji, username), (seq, _))| (emoji, username, seq))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_document_of_a_reaction_counts() {
        let reaction = |emoji: &str, on: bool, seq: Seq| {
            let doc = doc! {
                "_id": emoji, "target": 1_i64, "emoji": emoji, "username": "ann",
                "on": on, "seq": int(seq),
            };
            mongodb::bson::deserialize_from_document::<ReactionDoc>(doc).unwrap()
        };
        let state = doc! { "_id": "x", "rev": 9_i64 };
        let on_after = |reactions: Vec<ReactionDoc>| {
            let state = mongodb::bson::deserialize_from_document(state.clone()).unwrap();
            changes_of(state, reactions).reactions.len()
        };
        let (old, new) = ("\u{2764}", "\u{2764}\u{FE0F}");
        let both = |on| vec![reaction(old, true, 2), reaction(new, on, 3)];
        assert_eq!(on_after(both(true)), 1);
        assert_eq!(on_after(both(false)), 0);
    }
}
