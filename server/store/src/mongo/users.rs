//! Makes accounts of the documents of `chatRoomUsers`, and changes them.
//!
//! Nothing made the demo's names unique, so one of its people may have several documents.

use std::collections::BTreeSet;

use chat_shared::Username;
use mongodb::bson::{Bson, Document, doc};

use super::Shared;
use super::documents::{OursDoc, UserDoc};
use super::passwords::{decode_password, encode_password, epoch_of};
use crate::{AccountState, NewUser, PasswordRecord, StoreError, User};

/// The most documents of the demo that are read for one name. More would make a sign-in slow.
pub(super) const SAME_NAME_MAX: i64 = 16;

/// The condition on `chatServer.state` that an account was not erased. Accounts that were always
/// active have no such field.
pub(super) fn not_erased() -> Document {
    doc! { "$ne": AccountState::Erased.name() }
}

impl Shared {
    /// Changes all documents of one person, unless the account was erased.
    pub(super) async fn change_user(
        &self,
        username: &Username,
        set: Document,
    ) -> Result<(), StoreError> {
        let all = doc! { "username": username.as_str(), "chatServer.state": not_erased() };
        self.update_users(username, all, doc! { "$set": set }).await
    }

    /// Changes all documents of one person, also if the account was erased.
    pub(super) async fn update_user(
        &self,
        username: &Username,
        update: Document,
    ) -> Result<(), StoreError> {
        let all = doc! { "username": username.as_str() };
        self.update_users(username, all, update).await
    }

    async fn update_users(
        &self,
        username: &Username,
        filter: Document,
        update: Document,
    ) -> Result<(), StoreError> {
        let update = self.users.update_many(filter, update);
        match self.ask(update).await?.matched_count {
            0 => Err(StoreError::Refused(format!(
                "a change of {username:?}, who is not there or was erased"
            ))),
            _ => Ok(()),
        }
    }

    /// Finds the person whose username is exactly `name`, who may have several documents.
    pub(super) async fn user_to_the_letter(&self, name: &str) -> Result<Option<User>, StoreError> {
        let find = self.users.find(doc! { "username": name });
        let docs: Vec<UserDoc> = self.collect(find.limit(SAME_NAME_MAX)).await?;
        // MongoDB also finds documents whose username is a list with this name.
        let docs: Vec<_> = docs
            .into_iter()
            .filter(|doc| doc.username.as_str() == Some(name))
            .collect();
        if docs.is_empty() {
            return Ok(None);
        }
        user_of(docs).map(Some)
    }
}

pub(super) fn new_user(user: NewUser, folded: &str) -> Result<UserDoc, StoreError> {
    let (kind, password) = encode_password(&user.password)?;
    Ok(UserDoc {
        id: Bson::String(folded.to_owned()),
        username: Bson::String(user.username.as_str().to_owned()),
        password,
        ours: Some(OursDoc {
            password_kind: Some(kind.to_owned()),
            display_name: Some(user.username.into()),
            bot: user.bot,
            created: Some(user.created),
            avatar: None,
            banned_until: None,
            last_ban_seq: None,
            password_epoch: None,
            state: None,
        }),
    })
}

/// Makes one person of all documents with one name. Any of their passwords opens the account.
pub(super) fn user_of(docs: Vec<UserDoc>) -> Result<User, StoreError> {
    let name = docs.first().and_then(|doc| doc.username.as_str());
    let username = Username::existing(name.unwrap_or_default());
    let mut records = Vec::with_capacity(docs.len());
    let mut ours = OursDoc::default();
    let mut created = None;
    let mut epochs = BTreeSet::new();
    let mut state = AccountState::default();
    for doc in docs {
        records.push(decode_password(username.as_str(), &doc)?);
        let made = doc
            .ours
            .as_ref()
            .and_then(|ours| ours.created)
            .or(match doc.id {
                Bson::ObjectId(id) => u64::try_from(id.timestamp().timestamp_millis()).ok(),
                _ => None,
            });
        created = created.min(made).or(created).or(made);
        epochs.insert(doc.ours.as_ref().and_then(|doc| doc.password_epoch.clone()));
        if let Some(doc) = doc.ours {
            ours.bot |= doc.bot;
            ours.display_name = ours.display_name.or(doc.display_name);
            ours.avatar = ours.avatar.or(doc.avatar);
            ours.banned_until = ours.banned_until.or(doc.banned_until);
            ours.last_ban_seq = ours.last_ban_seq.max(doc.last_ban_seq);
            if let Some(name) = &doc.state {
                state = state.max(AccountState::named(name)?);
            }
        }
    }
    let password = match records.len() {
        1 => records.swap_remove(0),
        _ => PasswordRecord::AnyOf(records),
    };
    Ok(User {
        display_name: ours
            .display_name
            .unwrap_or_else(|| username.as_str().to_owned()),
        username,
        password,
        bot: ours.bot,
        created: created.unwrap_or_default(),
        avatar: ours.avatar,
        banned_until: ours.banned_until,
        last_ban_seq: ours.last_ban_seq,
        password_epoch: epoch_of(epochs),
        state,
    })
}
