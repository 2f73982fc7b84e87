//! Invites and password resets in MongoDB.
//!
//! A use is a document of its own whose `_id` has the number of the use, so that of two at the same
//! time one is inserted. A code is removed before its uses are. So a use that was inserted counts only
//! if the code is still there afterwards.

use std::collections::{BTreeSet, HashMap};

use chat_shared::{RoomName, TimestampMs, Username};
use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::insert::Insert;
use super::{MongoStore, Shared};
use crate::{
    CODES_MAX, Code, CodeId, CodeKind, CodeStore, CodeUse, KeptCode, PasswordEpoch, StoreError,
};

/// A code that lets somebody in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CodeDoc {
    /// See [`code_id`].
    #[serde(rename = "_id")]
    id: String,
    /// `null` for the operator.
    by: Option<Username>,
    created: TimestampMs,
    expires: TimestampMs,
    uses: u32,
    room: Option<RoomName>,
    account: Option<Username>,
    epoch: Option<PasswordEpoch>,
}

/// One use of a code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CodeUseDoc {
    /// See [`use_id`].
    #[serde(rename = "_id")]
    id: String,
    number: u32,
    /// Tells a use from one that another request tries to insert.
    attempt: String,
}

/// The `_id` of a code: its kind and its hash.
fn code_id(kind: CodeKind, id: &CodeId) -> String {
    format!("{}:{}", kind.name(), id.0)
}

/// The `_id` of a use: that of its code, and its number.
fn use_id(code: &str, number: u32) -> String {
    format!("{code}:{number:06}")
}

/// Everything whose `_id` begins with `prefix` and a colon.
fn all_of(prefix: &str) -> Document {
    // In ASCII the semicolon follows the colon.
    doc! { "_id": { "$gte": format!("{prefix}:"), "$lt": format!("{prefix};") } }
}

impl CodeDoc {
    fn of(code: Code) -> Self {
        Self {
            id: code_id(code.kind, &code.id),
            by: code.by,
            created: code.created,
            expires: code.expires,
            uses: code.uses,
            room: code.room,
            account: code.account,
            epoch: code.epoch,
        }
    }

    fn code(self, kind: CodeKind) -> Code {
        let hash = self.id.split_once(':').map_or("", |(_, hash)| hash);
        Code {
            id: CodeId(hash.to_owned()),
            kind,
            by: self.by,
            created: self.created,
            expires: self.expires,
            uses: self.uses,
            room: self.room,
            account: self.account,
            epoch: self.epoch,
        }
    }
}

#[async_trait::async_trait]
impl CodeStore for MongoStore {
    /// Codes that are made at the same time may go over the limit by as many.
    async fn add_code(&self, code: Code) -> Result<bool, StoreError> {
        let kept = self.shared.codes_of(code.kind).await?;
        let (expired, kept): (Vec<_>, Vec<_>) = kept
            .into_iter()
            .partition(|kept| kept.expires < code.created);
        for expired in expired {
            self.shared.drop_code(&expired.id).await?;
        }
        if kept.len() >= CODES_MAX {
            return Ok(false);
        }
        let doc = CodeDoc::of(code);
        let id = Bson::String(doc.id.clone());
        self.shared.insert(&self.shared.codes, &id, &doc).await?;
        Ok(true)
    }

    async fn code(&self, kind: CodeKind, id: &CodeId) -> Result<Option<KeptCode>, StoreError> {
        let Some(doc) = self.shared.code(&code_id(kind, id)).await? else {
            return Ok(None);
        };
        let used = self.shared.numbers_of(&doc.id).await?.len();
        Ok(Some(KeptCode {
            code: doc.code(kind),
            used: u32::try_from(used).unwrap_or(u32::MAX),
        }))
    }

    async fn codes(&self, kind: CodeKind) -> Result<Vec<KeptCode>, StoreError> {
        let docs = self.shared.codes_of(kind).await?;
        let find = self.shared.code_uses.find(all_of(kind.name()));
        let uses = self.shared.collect(find).await?;
        let mut used: HashMap<&str, u32> = HashMap::new();
        for (code, _) in uses.iter().filter_map(|it| it.id.rsplit_once(':')) {
            *used.entry(code).or_default() += 1;
        }
        let mut codes: Vec<_> = docs
            .into_iter()
            .map(|doc| KeptCode {
                used: used.get(doc.id.as_str()).copied().unwrap_or_default(),
                code: doc.code(kind),
            })
            .collect();
        codes.sort_by_key(|kept| std::cmp::Reverse(kept.code.created));
        Ok(codes)
    }

    async fn use_code(
        &self,
        kind: CodeKind,
        id: &CodeId,
        attempt: &str,
        now: TimestampMs,
    ) -> Result<CodeUse, StoreError> {
        let (store, id) = (&self.shared, code_id(kind, id));
        let Some(found) = store.code(&id).await? else {
            return Ok(CodeUse::Unknown);
        };
        if found.expires <= now {
            return Ok(CodeUse::Expired);
        }
        let taken = store.numbers_of(&id).await?;
        // A number that another request takes meanwhile is passed over.
        for number in (1..=found.uses).filter(|number| !taken.contains(number)) {
            let doc = CodeUseDoc {
                id: use_id(&id, number),
                number,
                attempt: attempt.to_owned(),
            };
            let key = Bson::String(doc.id.clone());
            match store.insert(&store.code_uses, &key, &doc).await? {
                Insert::Stands(_) => {}
                Insert::Done => {
                    return match store.code(&id).await? {
                        Some(found) => Ok(CodeUse::Taken {
                            code: found.code(kind),
                            number,
                        }),
                        None => {
                            store.give_back(&id, number).await?;
                            Ok(CodeUse::Unknown)
                        }
                    };
                }
            }
        }
        Ok(CodeUse::UsedUp)
    }

    async fn give_code_back(
        &self,
        kind: CodeKind,
        id: &CodeId,
        number: u32,
    ) -> Result<(), StoreError> {
        self.shared.give_back(&code_id(kind, id), number).await
    }

    async fn remove_code(&self, kind: CodeKind, id: &CodeId) -> Result<bool, StoreError> {
        self.shared.drop_code(&code_id(kind, id)).await
    }

    async fn purge_codes(&self, before: TimestampMs) -> Result<(), StoreError> {
        for kind in CodeKind::ALL {
            let codes = self.shared.codes_of(kind).await?;
            for expired in codes.iter().filter(|code| code.expires < before) {
                self.shared.drop_code(&expired.id).await?;
            }
        }
        Ok(())
    }
}

impl Shared {
    async fn code(&self, id: &str) -> Result<Option<CodeDoc>, StoreError> {
        let find = self.codes.find_one(doc! { "_id": id });
        Ok(self.ask(find).await?)
    }

    async fn codes_of(&self, kind: CodeKind) -> Result<Vec<CodeDoc>, StoreError> {
        let find = self.codes.find(all_of(kind.name()));
        Ok(self.collect(find).await?)
    }

    /// The numbers of a code's uses that are taken.
    async fn numbers_of(&self, code: &str) -> Result<BTreeSet<u32>, StoreError> {
        let find = self.code_uses.find(all_of(code));
        let uses = self.collect(find).await?;
        Ok(uses.into_iter().map(|it| it.number).collect())
    }

    async fn give_back(&self, code: &str, number: u32) -> Result<(), StoreError> {
        let one = doc! { "_id": use_id(code, number) };
        self.ask(self.code_uses.delete_one(one)).await?;
        Ok(())
    }

    /// Removes a code, then its uses. Uses that a crash leaves behind are of no code any more.
    async fn drop_code(&self, id: &str) -> Result<bool, StoreError> {
        let removed = self.codes.delete_one(doc! { "_id": id });
        let removed = self.ask(removed).await?.deleted_count > 0;
        self.ask(self.code_uses.delete_many(all_of(id))).await?;
        Ok(removed)
    }
}
