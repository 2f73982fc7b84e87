//! Invites and password resets in MongoDB. Their uses are in [`super::code_uses`].

use chat_shared::{RoomName, TimestampMs, Username};
use futures::{StreamExt, TryStreamExt};
use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::code_uses::UnusedUse;
use super::{MongoStore, Shared};
use crate::{
    CODES_MAX, Code, CodeId, CodeKind, CodeStore, CodeUse, KeptCode, PasswordEpoch, StoreError,
};

/// Codes whose uses are counted at the same time.
const COUNTS_AT_ONCE_MAX: usize = 8;

/// A code that lets somebody in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CodeDoc {
    /// See [`code_id`].
    #[serde(rename = "_id")]
    pub(super) id: String,
    /// `null` for the operator.
    by: Option<Username>,
    created: TimestampMs,
    expires: TimestampMs,
    pub(super) uses: u32,
    room: Option<RoomName>,
    account: Option<Username>,
    epoch: Option<PasswordEpoch>,
}

/// The `_id` of a code: its kind and its hash.
fn code_id(kind: CodeKind, id: &CodeId) -> String {
    format!("{}:{}", kind.name(), id.0)
}

/// Everything whose `_id` begins with `prefix` and a colon.
pub(super) fn all_of(prefix: &str) -> Document {
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

    pub(super) fn code(self, kind: CodeKind) -> Code {
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
        match self.shared.code(&code_id(kind, id)).await? {
            Some(doc) => Ok(Some(self.shared.counted(kind, doc).await?)),
            None => Ok(None),
        }
    }

    async fn codes(&self, kind: CodeKind) -> Result<Vec<KeptCode>, StoreError> {
        let docs = self.shared.codes_of(kind).await?;
        let counted = docs.into_iter().map(|doc| self.shared.counted(kind, doc));
        let mut codes: Vec<KeptCode> = futures::stream::iter(counted)
            .buffered(COUNTS_AT_ONCE_MAX)
            .try_collect()
            .await?;
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
        match self.shared.code(&code_id(kind, id)).await? {
            None => Ok(CodeUse::Unknown),
            Some(found) if found.expires <= now => Ok(CodeUse::Expired),
            Some(found) => self.shared.take_use(kind, &found, attempt).await,
        }
    }

    async fn give_code_back(
        &self,
        kind: CodeKind,
        id: &CodeId,
        attempt: &str,
    ) -> Result<(), StoreError> {
        let unused = UnusedUse::new(&code_id(kind, id), attempt);
        self.shared.give_back(unused).await;
        Ok(())
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
    pub(super) async fn code(&self, id: &str) -> Result<Option<CodeDoc>, StoreError> {
        let find = self.codes.find_one(doc! { "_id": id });
        Ok(self.ask(find).await?)
    }

    async fn codes_of(&self, kind: CodeKind) -> Result<Vec<CodeDoc>, StoreError> {
        let find = self.codes.find(all_of(kind.name()));
        Ok(self.collect(find).await?)
    }

    async fn counted(&self, kind: CodeKind, doc: CodeDoc) -> Result<KeptCode, StoreError> {
        let used = self.count_uses(&doc.id).await?;
        let code = doc.code(kind);
        Ok(KeptCode { code, used })
    }

    /// Removes a code, then its uses. Uses that a crash leaves behind are of no code any more.
    async fn drop_code(&self, id: &str) -> Result<bool, StoreError> {
        let removed = self.codes.delete_one(doc! { "_id": id });
        let removed = self.ask(removed).await?.deleted_count > 0;
        self.ask(self.code_uses.delete_many(all_of(id))).await?;
        Ok(removed)
    }
}
