//! Accounts, sessions and values in MongoDB.

use std::collections::BTreeMap;

use chat_shared::{Seq, TimestampMs, Username};
use futures::TryStreamExt;
use mongodb::bson::{Bson, doc};

use super::MongoStore;
use super::documents::{AvatarDoc, SessionDoc, UserDoc, int};
use super::insert::Insert;
use super::log::clamp;
use super::users::{SAME_NAME_MAX, new_user, user_of};
use crate::{
    AccountState, AccountStore, Avatar, CreateUser, NewPassword, NewUser, PasswordChange,
    PasswordEpoch, PlainPassword, Session, StoreError, User, log_failure,
};

#[async_trait::async_trait]
impl AccountStore for MongoStore {
    async fn create_user(&self, user: NewUser) -> Result<CreateUser, StoreError> {
        let store = &self.shared;
        let folded = user.username.folded();
        // All names of the demo are known since the start. Among new accounts the `_id` decides.
        let demo = store.demo_names.find_one(doc! { "folded": &folded });
        let demo = demo.max_time(store.timeouts.operation);
        if store.ask(demo).await?.is_some() {
            return Ok(CreateUser::NameTaken);
        }
        let doc = new_user(user, &folded)?;
        match store
            .insert(&store.users, &Bson::String(folded), &doc)
            .await?
        {
            Insert::Stands(_) => Ok(CreateUser::NameTaken),
            Insert::Done => Ok(CreateUser::Created),
        }
    }

    async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let store = &self.shared;
        let folded = Username::existing(name).folded();
        let by_key = store.users.find_one(doc! { "_id": &folded });
        let ours = store.ask(by_key).await?;
        if ours
            .as_ref()
            .is_some_and(|doc| doc.username.as_str() == Some(name))
        {
            return ours.map(|doc| user_of(vec![doc])).transpose();
        }
        if let Some(user) = store.user_to_the_letter(name).await? {
            return Ok(Some(user));
        }
        if let Some(ours) = ours {
            return user_of(vec![ours]).map(Some);
        }
        let demo = store.demo_names.find(doc! { "folded": &folded }).limit(2);
        match &*store.collect(demo).await? {
            [only] => store.user_to_the_letter(only.username.as_str()).await,
            _ => Ok(None),
        }
    }

    async fn users_after(&self, after: &str, limit: usize) -> Result<Vec<User>, StoreError> {
        let store = &self.shared;
        let find = store.users.find(doc! { "username": { "$gt": after } });
        let page = async {
            // The bound keeps the sort small. MongoDB does not read the index in order if a single
            // document of the demo has a list for its name.
            let documents = clamp(limit).saturating_mul(SAME_NAME_MAX).saturating_add(1);
            let find = find.sort(doc! { "username": 1 }).limit(documents);
            let mut docs = find.max_time(store.timeouts.operation).await?;
            let mut names: BTreeMap<String, Vec<UserDoc>> = BTreeMap::new();
            while let Some(doc) = docs.try_next().await? {
                let Some(name) = doc.username.as_str().map(str::to_owned) else {
                    continue;
                };
                if names.len() >= limit && !names.contains_key(&name) {
                    break;
                }
                names.entry(name).or_default().push(doc);
            }
            Ok(names)
        };
        let names = store.ask(page).await?;
        names.into_values().map(user_of).collect()
    }

    async fn has_people(&self) -> Result<bool, StoreError> {
        let person = doc! { "chatServer.bot": { "$ne": true } };
        let find = self.shared.users.find_one(person);
        let find = find.max_time(self.shared.timeouts.operation);
        Ok(self.shared.ask(find).await?.is_some())
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        let store = &self.shared;
        // The `_id` of a new account is its name. The demo's documents of one name are one person.
        let ours = doc! { "_id": { "$gte": "" } };
        let time_max = store.timeouts.operation;
        let ours = store.users.count_documents(ours).max_time(time_max);
        let demo = store.demo_names.count_documents(doc! {});
        let demo = demo.max_time(time_max);
        Ok(store.ask(ours).await? + store.ask(demo).await?)
    }

    /// Writes the account first. From then on the epochs differ, and only the session that is moved
    /// is valid, even if the rest fails.
    async fn set_password(
        &self,
        username: &Username,
        verified: Option<&PasswordEpoch>,
        new: NewPassword,
        kept: Option<&str>,
    ) -> Result<PasswordChange, StoreError> {
        let store = &self.shared;
        let change = store.change_password(username, verified, &new).await?;
        if change == PasswordChange::Done {
            let others = store.end_earlier_sessions(username, verified, &new.epoch, kept);
            if let Err(error) = others.await {
                log_failure!(warn, error, %username, "ended sessions stay in the store for now");
            }
        }
        Ok(change)
    }

    async fn plain_passwords(&self, limit: usize) -> Result<Vec<PlainPassword>, StoreError> {
        self.shared.plain_passwords(limit).await
    }

    async fn convert_password(
        &self,
        username: &Username,
        plain: &str,
        argon2id: &str,
    ) -> Result<(), StoreError> {
        self.shared
            .convert_password(username, plain, argon2id)
            .await
    }

    async fn set_display_name(
        &self,
        username: &Username,
        display_name: &str,
    ) -> Result<(), StoreError> {
        let set = doc! { "chatServer.displayName": display_name };
        self.shared.change_user(username, set).await
    }

    async fn set_avatar(&self, username: &Username, avatar: Avatar) -> Result<(), StoreError> {
        let id = Bson::String(avatar.name.clone());
        let doc = AvatarDoc::from(avatar);
        // The name is made from the picture, so a picture with this name is the same.
        self.shared.insert(&self.shared.avatars, &id, &doc).await?;
        let set = doc! { "chatServer.avatar": &doc.name };
        let changed = self.shared.change_user(username, set).await;
        if let Err(StoreError::Refused(_)) = &changed {
            self.remove_unused_avatar(&doc.name, username).await?;
        }
        changed
    }

    async fn avatar(&self, name: &str) -> Result<Option<Avatar>, StoreError> {
        let find = self.shared.avatars.find_one(doc! { "_id": name });
        Ok(self.shared.ask(find).await?.map(Avatar::from))
    }

    async fn set_banned(
        &self,
        username: &Username,
        until: Option<TimestampMs>,
        seq: Option<Seq>,
    ) -> Result<(), StoreError> {
        let ban_seq = seq.filter(|_| until.is_some());
        let until = until.map_or(Bson::Null, |until| Bson::Int64(int(until)));
        let mut update = doc! { "$set": { "chatServer.bannedUntil": until } };
        if let Some(seq) = ban_seq {
            update.insert("$max", doc! { "chatServer.lastBanSeq": int(seq) });
        }
        self.shared.update_user(username, update).await
    }

    async fn set_state(&self, username: &Username, state: AccountState) -> Result<(), StoreError> {
        let set = doc! { "chatServer.state": state.name() };
        self.shared.change_user(username, set).await
    }

    async fn sessions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        let own = doc! { "username": username.as_str() };
        let find = self.shared.sessions.find(own).sort(doc! { "created": -1 });
        let docs = self.shared.collect(find.limit(clamp(limit.max(1)))).await?;
        Ok(docs.into_iter().map(Session::from).collect())
    }

    async fn revoke_sessions_of(
        &self,
        username: &Username,
        kept: Option<&str>,
    ) -> Result<(), StoreError> {
        let kept = kept.unwrap_or_default();
        let others = doc! { "username": username.as_str(), "_id": { "$ne": kept } };
        let delete = self.shared.sessions.delete_many(others);
        self.shared.ask(delete).await?;
        Ok(())
    }

    async fn create_session(&self, session: Session) -> Result<Vec<String>, StoreError> {
        let store = &self.shared;
        let username = session.username.clone();
        let id = Bson::String(session.id.clone());
        let doc = SessionDoc::from(session);
        match store.insert(&store.sessions, &id, &doc).await? {
            Insert::Done => Ok(store.end_oldest_sessions(&username, &doc.id).await?),
            Insert::Stands(_) => Err(StoreError::Refused("a session's id is taken".into())),
        }
    }

    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let find = self.shared.sessions.find_one(doc! { "_id": id });
        Ok(self.shared.ask(find).await?.map(Session::from))
    }

    async fn renew_session(&self, id: &str, expires: TimestampMs) -> Result<(), StoreError> {
        let set = doc! { "$set": { "expires": int(expires) } };
        let update = self.shared.sessions.update_one(doc! { "_id": id }, set);
        self.shared.ask(update).await?;
        Ok(())
    }

    async fn revoke_session(&self, id: &str) -> Result<(), StoreError> {
        let delete = self.shared.sessions.delete_one(doc! { "_id": id });
        self.shared.ask(delete).await?;
        Ok(())
    }

    async fn purge_sessions(&self, before: TimestampMs) -> Result<(), StoreError> {
        let ended = doc! { "expires": { "$lt": int(before) } };
        self.shared
            .ask(self.shared.sessions.delete_many(ended))
            .await?;
        Ok(())
    }

    async fn insert_if_absent(&self, key: &str, value: &str) -> Result<String, StoreError> {
        self.shared.insert_if_absent(key, value).await
    }

    async fn value(&self, key: &str) -> Result<Option<String>, StoreError> {
        let find = self.shared.claims.find_one(doc! { "_id": key });
        Ok(self.shared.ask(find).await?.map(|doc| doc.value))
    }
}
