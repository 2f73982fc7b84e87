//! Encodes passwords, and replaces one by another.
//!
//! A unique insert, the only operation that the store takes for atomic, decides which of two
//! changes at the same time wins: a change is announced under the epoch that it replaces, and only
//! the announced one is carried out.

use std::collections::BTreeSet;

use chat_shared::Username;
use mongodb::bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::Shared;
use super::documents::{SessionDoc, UserDoc, unreadable_password};
use super::error::Failure;
use super::insert::{Insert, RETRY};
use super::users::not_erased;
use crate::{
    AccountState, NewPassword, PasswordChange, PasswordEpoch, PasswordRecord, SESSIONS_MAX,
    StoreError, log_failure,
};

/// Separates the epochs of one account's documents. No epoch contains it.
const EPOCH_SEPARATOR: &str = ",";

pub(super) const ARGON2ID: &str = "argon2id";
pub(super) const PLAIN: &str = "plain";
pub(super) const MISSING: &str = "missing";

/// A password change that is under way. It is removed when the account has the password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasswordChangeDoc {
    #[serde(rename = "_id")]
    id: String,
    username: Username,
    kind: String,
    password: Bson,
    epoch: PasswordEpoch,
}

impl Shared {
    /// Replaces the verified password of all documents of one person.
    pub(super) async fn change_password(
        &self,
        username: &Username,
        verified: Option<&PasswordEpoch>,
        new: &NewPassword,
    ) -> Result<PasswordChange, StoreError> {
        let found = self.user_to_the_letter(username.as_str()).await?;
        let Some(user) = found.filter(|user| user.state != AccountState::Erased) else {
            return Ok(PasswordChange::NoSuchUser);
        };
        if user.password_epoch.as_ref() != verified {
            return Ok(PasswordChange::Outdated);
        }
        let (kind, password) = encode_password(&new.record)?;
        let replaced = verified.map_or("", |epoch| epoch.0.as_str());
        let change = PasswordChangeDoc {
            // A name may contain a colon, an epoch contains none.
            id: format!("{replaced}:{username}"),
            username: username.clone(),
            kind: kind.to_owned(),
            password,
            epoch: new.epoch.clone(),
        };
        let id = Bson::String(change.id.clone());
        match self.insert(&self.password_changes, &id, &change).await? {
            Insert::Done => self.finish_change(verified, &change).await,
            Insert::Stands(other) => {
                self.wait_for_change(verified, &other).await?;
                Ok(PasswordChange::Outdated)
            }
        }
    }

    /// Carries out the announced change. No other change has its epoch, so that reading the account
    /// replaces an answer that was lost.
    async fn finish_change(
        &self,
        verified: Option<&PasswordEpoch>,
        change: &PasswordChangeDoc,
    ) -> Result<PasswordChange, StoreError> {
        let deadline = Instant::now() + self.timeouts.write;
        let filter = doc! {
            "username": change.username.as_str(),
            "chatServer.passwordEpoch": { "$in": epochs_of(verified) },
            "chatServer.state": not_erased(),
        };
        let set = doc! {
            "password": change.password.clone(),
            "chatServer.passwordKind": &change.kind,
            "chatServer.passwordEpoch": &change.epoch.0,
        };
        loop {
            let update = doc! { "$set": set.clone() };
            let updated = self
                .ask(self.users.update_many(filter.clone(), update))
                .await;
            let epoch = self.epoch_now(&change.username).await;
            let failure = match (updated, epoch) {
                (_, Ok(epoch)) if epoch.as_ref() == Some(&change.epoch) => {
                    self.forget_change(change).await;
                    return Ok(PasswordChange::Done);
                }
                // The change was announced by a server that read the epoch before it was replaced.
                (Ok(_), Ok(epoch)) if epoch.as_ref() != verified => {
                    self.forget_change(change).await;
                    return Ok(PasswordChange::Outdated);
                }
                (Err(failure), _) => StoreError::from(failure),
                (Ok(_), Err(error)) => error,
                (Ok(_), Ok(_)) => StoreError::Unavailable("the password changes".to_owned()),
            };
            if Instant::now() + RETRY > deadline {
                return Err(failure);
            }
            sleep(RETRY).await;
        }
    }

    /// Waits for a change that was announced first, and carries it out if the server that announced
    /// it ended.
    async fn wait_for_change(
        &self,
        verified: Option<&PasswordEpoch>,
        other: &PasswordChangeDoc,
    ) -> Result<(), StoreError> {
        let deadline = Instant::now() + self.timeouts.write;
        while self.epoch_now(&other.username).await?.as_ref() == verified {
            if Instant::now() + RETRY > deadline {
                return self.finish_change(verified, other).await.map(drop);
            }
            sleep(RETRY).await;
        }
        Ok(())
    }

    async fn epoch_now(&self, username: &Username) -> Result<Option<PasswordEpoch>, StoreError> {
        let user = self.user_to_the_letter(username.as_str()).await?;
        Ok(user.and_then(|user| user.password_epoch))
    }

    /// Removes a finished change. If that fails, the document stays, which holds only a hash and
    /// hinders no later change.
    async fn forget_change(&self, change: &PasswordChangeDoc) {
        let done = doc! { "_id": &change.id, "epoch": &change.epoch.0 };
        if let Err(error) = self.ask(self.password_changes.delete_one(done)).await {
            let username = &change.username;
            log_failure!(warn, error, %username, "a finished password change stays in the store");
        }
    }

    /// Moves the kept session to the new epoch and removes those of earlier ones.
    pub(super) async fn end_earlier_sessions(
        &self,
        username: &Username,
        verified: Option<&PasswordEpoch>,
        epoch: &PasswordEpoch,
        kept: Option<&str>,
    ) -> Result<(), Failure> {
        if let Some(kept) = kept {
            let filter = doc! {
                "_id": kept,
                "username": username.as_str(),
                "epoch": verified.map(|epoch| epoch.0.as_str()),
            };
            let set = doc! { "$set": { "epoch": &epoch.0 } };
            self.ask(self.sessions.update_one(filter, set)).await?;
        }
        let others = doc! { "username": username.as_str(), "epoch": { "$ne": &epoch.0 } };
        self.ask(self.sessions.delete_many(others)).await.map(drop)
    }

    /// Ends the oldest sessions of a person that has more than [`SESSIONS_MAX`], but never the new
    /// one. Returns the ids of those that it ended.
    pub(super) async fn end_oldest_sessions(
        &self,
        username: &Username,
        new: &str,
    ) -> Result<Vec<String>, Failure> {
        let others = doc! { "username": username.as_str(), "_id": { "$ne": new } };
        let find = self.sessions.find(others).sort(doc! { "created": -1 });
        let oldest = self.collect(find.skip(SESSIONS_MAX as u64 - 1)).await?;
        if oldest.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = oldest.into_iter().map(|doc: SessionDoc| doc.id).collect();
        let delete = self.sessions.delete_many(doc! { "_id": { "$in": &ids } });
        self.ask(delete).await?;
        Ok(ids)
    }
}

/// The epoch of an account, which may consist of several documents of the demo. Where a change
/// reached only some of them, the epochs of all are joined, and equal none that a finished change
/// leaves.
pub(super) fn epoch_of(epochs: BTreeSet<Option<String>>) -> Option<PasswordEpoch> {
    if epochs.iter().all(Option::is_none) {
        return None;
    }
    let epochs: Vec<String> = epochs.into_iter().map(Option::unwrap_or_default).collect();
    Some(PasswordEpoch(epochs.join(EPOCH_SEPARATOR)))
}

/// The epochs of the single documents of an account, as a list for `$in`.
fn epochs_of(epoch: Option<&PasswordEpoch>) -> Vec<Bson> {
    let Some(epoch) = epoch else {
        return vec![Bson::Null];
    };
    let each = epoch.0.split(EPOCH_SEPARATOR);
    each.map(|epoch| match epoch {
        "" => Bson::Null,
        epoch => Bson::String(epoch.to_owned()),
    })
    .collect()
}

pub(super) fn decode_password(username: &str, doc: &UserDoc) -> Result<PasswordRecord, StoreError> {
    let kind = doc
        .ours
        .as_ref()
        .and_then(|ours| ours.password_kind.as_deref());
    match (kind, &doc.password) {
        (None, Bson::String(plain)) => Ok(PasswordRecord::Plain(vec![plain.clone()])),
        (None, _) | (Some(MISSING), _) => Ok(PasswordRecord::Missing),
        (Some(ARGON2ID), Bson::String(phc)) => Ok(PasswordRecord::Argon2id(phc.clone())),
        (Some(PLAIN), Bson::Array(all)) => all
            .iter()
            .map(|plain| plain.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(PasswordRecord::Plain)
            .ok_or_else(|| unreadable_password(username)),
        _ => Err(unreadable_password(username)),
    }
}

pub(super) fn encode_password(
    password: &PasswordRecord,
) -> Result<(&'static str, Bson), StoreError> {
    match password {
        PasswordRecord::Argon2id(phc) => Ok((ARGON2ID, Bson::String(phc.clone()))),
        PasswordRecord::Plain(all) => Ok((PLAIN, all.clone().into())),
        PasswordRecord::Missing => Ok((MISSING, Bson::String(String::new()))),
        PasswordRecord::AnyOf(_) => Err(StoreError::Refused("several passwords at once".into())),
    }
}

/// Makes the update that stores a converted password.
pub(super) fn converted(argon2id: &str) -> Document {
    doc! { "$set": { "password": argon2id, "chatServer.passwordKind": ARGON2ID } }
}
