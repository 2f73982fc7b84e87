//! The list of admins in MongoDB.
//!
//! Each list is a document whose `_id` has its version, so that of two that replace the same list
//! one is inserted. The newest document counts. The one before it is kept until the next change:
//! a slow writer then finds its number taken, and not free again.

use chat_shared::Username;
use mongodb::bson::{Bson, doc};
use serde::{Deserialize, Serialize};

use super::insert::Insert;
use super::{MongoStore, Shared};
use crate::{AdminList, AdminStore, StoreError};

/// A list of admins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AdminListDoc {
    /// See [`list_id`].
    #[serde(rename = "_id")]
    id: String,
    version: u64,
    names: Vec<Username>,
}

/// The `_id` of a list, in whose order lists are by version.
fn list_id(version: u64) -> String {
    format!("{version:016}")
}

#[async_trait::async_trait]
impl AdminStore for MongoStore {
    async fn admins(&self) -> Result<AdminList, StoreError> {
        self.shared.admin_list().await
    }

    async fn replace_admins(&self, version: u64, names: Vec<Username>) -> Result<bool, StoreError> {
        let store = &self.shared;
        let next = version + 1;
        let doc = AdminListDoc {
            id: list_id(next),
            version: next,
            names,
        };
        let id = Bson::String(doc.id.clone());
        let Insert::Done = store.insert(&store.admin_lists, &id, &doc).await? else {
            return Ok(false);
        };
        // A writer that is two changes late inserts under a number that was removed.
        if store.admin_list().await?.version != next {
            return Ok(false);
        }
        let earlier = doc! { "_id": { "$lt": list_id(version) } };
        store.ask(store.admin_lists.delete_many(earlier)).await?;
        Ok(true)
    }
}

impl Shared {
    /// The list of the highest version.
    async fn admin_list(&self) -> Result<AdminList, StoreError> {
        let all = doc! { "_id": { "$gte": list_id(0) } };
        let find = self.admin_lists.find(all).sort(doc! { "_id": -1 });
        let newest = self.collect(find.limit(1)).await?.into_iter().next();
        Ok(newest.map_or_else(AdminList::default, |doc| AdminList {
            version: doc.version,
            names: doc.names,
        }))
    }
}
