//! Erasing people in MongoDB: first goes what belongs to the account. Then the account is marked as
//! erased, so that nothing is written to it any more, and then the picture goes that it still names.
//! Each step may be repeated, so that an erasure that failed can be given again.

use chat_shared::{RoomName, Seq, Username};
use mongodb::bson::{Bson, doc};

use super::MongoStore;
use super::log::clamp;
use super::passwords::MISSING;
use crate::{
    AccountState, AccountStore, CodeKind, CodeStore, ERASED_DISPLAY_NAME, ErasureStore, LogStore,
    PageLimit, StoreError, User,
};

/// Messages that are looked through at a time for those of one person.
const MESSAGES_AT_ONCE_MAX: usize = 500;

/// Accounts that are looked through at a time for one who has a picture.
const USERS_AT_ONCE_MAX: usize = 200;

#[async_trait::async_trait]
impl ErasureStore for MongoStore {
    async fn rooms_after(&self, after: &str, limit: usize) -> Result<Vec<RoomName>, StoreError> {
        let find = self.shared.rooms.find(doc! { "_id": { "$gt": after } });
        let find = find.sort(doc! { "_id": 1 }).limit(clamp(limit.max(1)));
        let docs = self.shared.collect(find).await?;
        Ok(docs.into_iter().map(|doc| doc.room).collect())
    }

    /// Looks through all messages of the room: no index leads to those of one person in their order.
    async fn messages_by(
        &self,
        room: &RoomName,
        sender: &Username,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Seq>, StoreError> {
        let (mut found, mut after) = (Vec::new(), after);
        loop {
            let page = self.messages_after(room, after, PageLimit::rows(MESSAGES_AT_ONCE_MAX));
            let page = page.await?;
            for event in &page.events {
                after = event.seq;
                if event.sender == *sender {
                    found.push(event.seq);
                }
                if found.len() == limit {
                    return Ok(found);
                }
            }
            if !page.more {
                return Ok(found);
            }
        }
    }

    async fn erase_user(&self, username: &Username) -> Result<(), StoreError> {
        let store = &self.shared;
        let own = doc! { "username": username.as_str() };
        store.ask(store.sessions.delete_many(own.clone())).await?;
        let networks = store.known_networks.delete_many(own.clone());
        store.ask(networks).await?;
        store.ask(store.read_marks.delete_many(own)).await?;
        for side in ["by", "whom"] {
            let blocks = store.blocks.delete_many(doc! { side: username.as_str() });
            store.ask(blocks).await?;
        }
        store.remove_quotas(username).await?;
        for kind in CodeKind::ALL {
            for kept in self.codes(kind).await? {
                let code = kept.code;
                let is_theirs = |name: &Option<Username>| name.as_ref() == Some(username);
                if is_theirs(&code.by) || is_theirs(&code.account) {
                    self.remove_code(kind, &code.id).await?;
                }
            }
        }
        let set = doc! { "$set": {
            "password": "",
            "chatServer.passwordKind": MISSING,
            "chatServer.passwordEpoch": Bson::Null,
            "chatServer.displayName": ERASED_DISPLAY_NAME,
            "chatServer.bannedUntil": Bson::Null,
            "chatServer.state": AccountState::Erased.name(),
        } };
        store.update_user(username, set).await?;
        let user = store.user_to_the_letter(username.as_str()).await?;
        let Some(avatar) = user.and_then(|user| user.avatar) else {
            return Ok(());
        };
        self.remove_unused_avatar(&avatar, username).await?;
        let set = doc! { "$set": { "chatServer.avatar": Bson::Null } };
        store.update_user(username, set).await
    }
}

impl MongoStore {
    /// Removes a picture that nobody has but a person who is erased. No index leads from a picture to
    /// its people, so that all accounts are looked through; a picture is only removed if somebody is
    /// erased.
    pub(super) async fn remove_unused_avatar(
        &self,
        name: &str,
        erased: &Username,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let page = self.users_after(&after, USERS_AT_ONCE_MAX).await?;
            let has_it =
                |user: &User| user.username != *erased && user.avatar.as_deref() == Some(name);
            if page.iter().any(has_it) {
                return Ok(());
            }
            match page.last() {
                Some(last) => after = last.username.to_string(),
                None => break,
            }
        }
        let avatar = self.shared.avatars.delete_one(doc! { "_id": name });
        self.shared.ask(avatar).await?;
        Ok(())
    }
}
