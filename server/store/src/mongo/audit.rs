//! The audit in MongoDB: the `_id` of an entry has its class and its id, so that the entries of a
//! class are in the order of their times and no other index is needed.

use chat_shared::{RoomName, TimestampMs, Username};
use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::insert::Insert;
use super::log::clamp;
use super::{MongoStore, Shared};
use crate::audit::{END, newest};
use crate::{AUDIT_ENTRIES_MAX, AuditClass, AuditEntry, AuditId, AuditStore, StoreError};

/// An entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AuditDoc {
    /// See [`doc_id`].
    #[serde(rename = "_id")]
    id: String,
    ts: TimestampMs,
    action: String,
    by: Option<Username>,
    username: Option<Username>,
    room: Option<RoomName>,
    from: Option<String>,
    detail: Option<String>,
}

fn doc_id(class: AuditClass, id: &str) -> String {
    format!("{}:{id}", class.name())
}

/// The entries of a class before an id.
fn before(class: AuditClass, id: &str) -> Document {
    doc! { "_id": { "$gte": doc_id(class, ""), "$lt": doc_id(class, id) } }
}

impl From<AuditEntry> for AuditDoc {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: doc_id(entry.class, &entry.id.0),
            ts: entry.ts,
            action: entry.action,
            by: entry.by,
            username: entry.username,
            room: entry.room,
            from: entry.from,
            detail: entry.detail,
        }
    }
}

impl AuditDoc {
    fn entry(self, class: AuditClass) -> AuditEntry {
        let id = self.id.split_once(':').map_or("", |(_, id)| id);
        AuditEntry {
            id: AuditId(id.to_owned()),
            class,
            ts: self.ts,
            action: self.action,
            by: self.by,
            username: self.username,
            room: self.room,
            from: self.from,
            detail: self.detail,
        }
    }
}

#[async_trait::async_trait]
impl AuditStore for MongoStore {
    async fn add_audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        let store = &self.shared;
        for doc in entries.into_iter().map(AuditDoc::from) {
            let id = Bson::String(doc.id.clone());
            // An entry that is there already is the same one.
            let (Insert::Done | Insert::Stands(_)) = store.insert(&store.audit, &id, &doc).await?;
        }
        Ok(())
    }

    async fn audit(
        &self,
        id: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let id = id.map_or(END, |id| &id.0);
        let mut entries = Vec::new();
        for class in AuditClass::ALL {
            let find = self.shared.audit.find(before(class, id));
            let find = find.sort(doc! { "_id": -1 }).limit(clamp(limit.max(1)));
            let docs = self.shared.collect(find).await?;
            entries.extend(docs.into_iter().map(|doc| doc.entry(class)));
        }
        Ok(newest(entries, limit))
    }

    async fn purge_audit(&self, ts: TimestampMs) -> Result<(), StoreError> {
        let store = &self.shared;
        for class in AuditClass::ALL {
            let oldest_kept = store.oldest_kept(class).await?;
            for id in oldest_kept.into_iter().chain([AuditId::at(ts)]) {
                store
                    .ask(store.audit.delete_many(before(class, &id)))
                    .await?;
            }
        }
        Ok(())
    }
}

impl Shared {
    /// The id of a class's last entry within the bound, if it has as many.
    async fn oldest_kept(&self, class: AuditClass) -> Result<Option<String>, StoreError> {
        let find = self.audit.find(before(class, END));
        let find = find.sort(doc! { "_id": -1 }).limit(1);
        let found = self
            .collect(find.skip(AUDIT_ENTRIES_MAX as u64 - 1))
            .await?;
        Ok(found.into_iter().next().map(|doc| doc.entry(class).id.0))
    }
}
