//! Inserts a document under an `_id` that only one may have, and learns who got it.

use std::time::Duration;

use mongodb::Collection;
use mongodb::bson::{Bson, doc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::documents::ClaimDoc;
use super::error::{Failure, majority_not_reached};
use crate::StoreError;

/// Time between two attempts while the outcome of a write is not known.
pub(super) const RETRY: Duration = Duration::from_millis(100);

pub(super) enum Insert<T> {
    Done,
    /// Another document has the `_id`.
    Stands(T),
}

impl Shared {
    pub(super) async fn insert_if_absent(
        &self,
        key: &str,
        value: &str,
    ) -> Result<String, StoreError> {
        let doc = ClaimDoc {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let id = Bson::String(key.to_owned());
        Ok(match self.insert(&self.claims, &id, &doc).await? {
            Insert::Done => doc.value,
            Insert::Stands(stands) => stands.value,
        })
    }

    /// Inserts `doc`, and tries again while the outcome is not known.
    pub(super) async fn insert<T>(
        &self,
        collection: &Collection<T>,
        id: &Bson,
        doc: &T,
    ) -> Result<Insert<T>, StoreError>
    where
        T: Serialize + DeserializeOwned + PartialEq + Send + Sync,
    {
        let deadline = Instant::now() + self.timeouts.write;
        let mut may_be_ours = false;
        loop {
            match self.insert_one(collection, doc).await {
                Ok(()) => return Ok(Insert::Done),
                Err(Failure::Duplicate) => {
                    let find = collection.find_one(doc! { "_id": id });
                    match self.ask(find).await {
                        Ok(Some(stands)) if may_be_ours && stands == *doc => {
                            return Ok(Insert::Done);
                        }
                        Ok(Some(stands)) => return Ok(Insert::Stands(stands)),
                        Ok(None) | Err(Failure::Away(_)) => {}
                        Err(failure) => return Err(failure.into()),
                    }
                }
                Err(Failure::Away(_)) => may_be_ours = true,
                Err(failure) => return Err(failure.into()),
            }
            if Instant::now() + RETRY > deadline {
                return Err(majority_not_reached().into());
            }
            sleep(RETRY).await;
        }
    }
}
