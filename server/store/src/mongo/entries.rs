//! Makes search entries of events, and changes of them.

use chat_shared::{RoomName, Seq};
use mongodb::bson::doc;

use super::documents::{SearchDoc, int, log_id};
use super::statements::Statement;
use crate::Search;
use crate::tokens::{holds, words};
use chat_server_rules::{EventBody, LogEvent};

/// New words of a message, or none where it was deleted.
#[derive(Debug, Clone)]
pub(super) struct Rewording {
    /// The message.
    pub(super) target: Seq,
    pub(super) words: Vec<String>,
    /// The event that changed it.
    pub(super) rev: Seq,
}

impl Rewording {
    pub(super) fn of(event: &LogEvent) -> Option<Self> {
        let (target, words) = match &event.body {
            EventBody::Edited { target, text, .. } => (*target, words(text)),
            EventBody::Deleted { target } => (*target, Vec::new()),
            _ => return None,
        };
        let rev = event.seq;
        Some(Self { target, words, rev })
    }

    /// The change of the message's entry. Only a later event overwrites an earlier one, so that
    /// neither order nor repetition matters.
    pub(super) fn statement(&self, room: &RoomName) -> Statement {
        let rev = int(self.rev);
        Statement {
            filter: doc! { "_id": log_id(room, self.target), "rev": { "$lt": rev } },
            update: doc! { "$set": { "words": &self.words, "rev": rev } },
            upsert: false,
        }
    }
}

/// Makes the entry of a message.
pub(super) fn entry_of(room: &RoomName, event: &LogEvent) -> Option<SearchDoc> {
    let EventBody::Message { text, .. } = &event.body else {
        return None;
    };
    Some(SearchDoc {
        id: log_id(room, event.seq),
        room: room.clone(),
        seq: event.seq,
        ts: event.ts,
        sender: event.sender.clone(),
        words: words(text),
        rev: event.seq,
    })
}

impl SearchDoc {
    /// Whether the message is one that the search asks for, apart from its place.
    pub(super) fn matches(&self, search: &Search) -> bool {
        let is_from = search.from.as_ref().is_none_or(|from| *from == self.sender);
        is_from
            && search
                .phrases
                .iter()
                .all(|phrase| holds(&self.words, phrase))
    }

    /// The place of the message among the results, which a next page begins after.
    pub(super) fn cursor(&self) -> String {
        format!("{}.{}", self.ts, self.id)
    }
}

/// Reads a cursor of [`SearchDoc::cursor`].
pub(super) fn read_cursor(cursor: &str) -> Option<(i64, &str)> {
    let (ts, id) = cursor.split_once('.')?;
    Some((ts.parse().ok()?, id))
}
