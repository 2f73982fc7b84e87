//! Blocks, quotas and known networks in MongoDB.

use chat_shared::{RoomName, TimestampMs, Username};
use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::documents::{SEQ_MAX, int};
use super::error::Failure;
use super::log::clamp;
use super::{MongoStore, Shared};
use crate::policy::QuotaCount;
use crate::{BLOCKED_MAX, KNOWN_NETWORKS_MAX, PolicyStore, QuotaLimits, QuotaUse, StoreError};

/// Attempts to count a use while others count theirs.
const QUOTA_ATTEMPTS_MAX: usize = 64;

/// A block: one person no longer hears from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BlockDoc {
    /// The direct room of the two, and who is blocked.
    #[serde(rename = "_id")]
    id: String,
    by: Username,
    whom: Username,
}

/// One use of what is limited. The number of a use is in its `_id`, so that of two at the same time
/// one is inserted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct QuotaDoc {
    /// See [`quota_id`].
    #[serde(rename = "_id")]
    id: String,
    /// Which use it is, from 1 on.
    number: u64,
    day: u64,
}

/// The `_id` of a use: its kind, its user and its number.
fn quota_id(kind: &str, username: &Username, number: u64) -> String {
    // A name may contain any character, so its length says where it ends.
    let length = username.as_str().len();
    format!("{kind}:{length}:{username}:{number:016}")
}

/// A network that an account signed in from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KnownNetworkDoc {
    /// A hash of the network and the account.
    #[serde(rename = "_id")]
    id: String,
    username: Username,
    used: u64,
}

/// All uses of one kind by one user.
fn uses_of(kind: &str, username: &Username) -> Document {
    let id = |number| quota_id(kind, username, number);
    doc! { "_id": { "$gte": id(0), "$lte": id(SEQ_MAX) } }
}

fn block_id(room: &RoomName, whom: &Username) -> String {
    format!("{room}:{whom}")
}

#[async_trait::async_trait]
impl PolicyStore for MongoStore {
    /// Blocks that one person makes at the same time may go over the limit by as many.
    async fn block(
        &self,
        room: &RoomName,
        by: &Username,
        whom: &Username,
    ) -> Result<bool, StoreError> {
        let all = self.blocked_by(by).await?;
        if all.contains(whom) {
            return Ok(true);
        }
        if all.len() >= BLOCKED_MAX {
            return Ok(false);
        }
        let doc = BlockDoc {
            id: block_id(room, whom),
            by: by.clone(),
            whom: whom.clone(),
        };
        let id = Bson::String(doc.id.clone());
        self.shared.insert(&self.shared.blocks, &id, &doc).await?;
        Ok(true)
    }

    async fn unblock(&self, room: &RoomName, whom: &Username) -> Result<(), StoreError> {
        let block = doc! { "_id": block_id(room, whom) };
        self.shared
            .ask(self.shared.blocks.delete_one(block))
            .await?;
        Ok(())
    }

    async fn is_blocked(&self, room: &RoomName, whom: &Username) -> Result<bool, StoreError> {
        let find = self
            .shared
            .blocks
            .find_one(doc! { "_id": block_id(room, whom) });
        Ok(self.shared.ask(find).await?.is_some())
    }

    async fn blocked_by(&self, by: &Username) -> Result<Vec<Username>, StoreError> {
        let find = self.shared.blocks.find(doc! { "by": by.as_str() });
        let find = find.limit(clamp(BLOCKED_MAX));
        let docs = self.shared.collect(find).await?;
        let mut names: Vec<Username> = docs.into_iter().map(|doc| doc.whom).collect();
        names.sort();
        Ok(names)
    }

    async fn use_quota(
        &self,
        username: &Username,
        kind: &str,
        day: u64,
        limits: QuotaLimits,
    ) -> Result<QuotaUse, StoreError> {
        for _ in 0..QUOTA_ATTEMPTS_MAX {
            let counted = self
                .shared
                .try_use_quota(username, kind, day, limits)
                .await?;
            if let Some(counted) = counted {
                return Ok(counted);
            }
        }
        Err(StoreError::Unavailable(
            "too many count the same quota".into(),
        ))
    }

    async fn remember_network(
        &self,
        username: &Username,
        network: &str,
        now: TimestampMs,
    ) -> Result<(), StoreError> {
        let store = &self.shared;
        let set = doc! { "$set": { "username": username.as_str(), "used": int(now) } };
        let upsert = store
            .known_networks
            .update_one(doc! { "_id": network }, set);
        match store.ask(upsert.upsert(true)).await {
            Ok(done) if done.upserted_id.is_some() => {}
            // The network was known, or another sign-in from it is stored at this moment.
            Ok(_) | Err(Failure::Duplicate) => return Ok(()),
            Err(failure) => return Err(failure.into()),
        }
        let own = doc! { "username": username.as_str() };
        let find = store.known_networks.find(own).sort(doc! { "used": -1 });
        let all = store.collect(find).await?;
        for oldest in all.iter().skip(KNOWN_NETWORKS_MAX) {
            let network = doc! { "_id": &oldest.id };
            store.ask(store.known_networks.delete_one(network)).await?;
        }
        Ok(())
    }

    async fn knows_network(&self, network: &str) -> Result<bool, StoreError> {
        let find = self.shared.known_networks.find_one(doc! { "_id": network });
        Ok(self.shared.ask(find).await?.is_some())
    }
}

impl Shared {
    /// Removes what a user used of every quota. The kinds are found one after the other.
    pub(super) async fn remove_quotas(&self, username: &Username) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let find = self.quotas.find(doc! { "_id": { "$gt": &after } });
            let next = self.collect(find.sort(doc! { "_id": 1 }).limit(1)).await?;
            let Some(next) = next.first() else {
                return Ok(());
            };
            let kind = next.id.split(':').next().unwrap_or_default();
            let all = self.quotas.delete_many(uses_of(kind, username));
            self.ask(all).await?;
            // A semicolon is the character after the colon, so that this is above all of the kind.
            after = format!("{kind};");
        }
    }

    /// Inserts the next use. `None` where another one has its number.
    async fn try_use_quota(
        &self,
        username: &Username,
        kind: &str,
        day: u64,
        limits: QuotaLimits,
    ) -> Result<Option<QuotaUse>, StoreError> {
        let id = |number| quota_id(kind, username, number);
        let kept = limits.today.max(1);
        let find = self
            .quotas
            .find(uses_of(kind, username))
            .sort(doc! { "_id": -1 });
        let newest = find.limit(clamp(usize::try_from(kept).unwrap_or(usize::MAX)));
        let newest = self.collect(newest).await?;
        let before = QuotaCount {
            day,
            today: newest.iter().filter(|doc| doc.day == day).count() as u64,
            in_all: newest.first().map_or(0, |doc| doc.number),
        };
        let number = match before.one_more(day, limits) {
            Ok(after) => after.in_all,
            Err(spent) => return Ok(Some(spent)),
        };
        let doc = QuotaDoc {
            id: id(number),
            number,
            day,
        };
        match self.insert_one(&self.quotas, &doc).await {
            Ok(()) => {}
            Err(Failure::Duplicate) => return Ok(None),
            Err(failure) => return Err(failure.into()),
        }
        // Older uses than one day allows no longer count. The newest one has the number of all.
        let older = doc! { "_id": { "$gte": id(0), "$lte": id(number.saturating_sub(kept)) } };
        self.ask(self.quotas.delete_many(older)).await?;
        Ok(Some(QuotaUse::Counted))
    }
}
