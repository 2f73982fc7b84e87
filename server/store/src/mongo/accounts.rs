//! Accounts, sessions and values in MongoDB.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_shared::{Seq, TimestampMs, Username};
use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::documents::{AvatarDoc, ClaimDoc, OursDoc, SessionDoc, UserDoc, int};
use super::error::Failure;
use super::log::clamp;
use super::passwords::{decode_password, encode_password, epoch_of};
use super::{MongoStore, Shared};
use crate::{
    AccountStore, Avatar, CreateUser, NewPassword, NewUser, PasswordChange, PasswordEpoch,
    PasswordRecord, PlainPassword, Session, StoreError, User,
};

/// Documents of the demo's that bear one name, at most; more would make a log-in slow.
const SAME_NAME_MAX: i64 = 16;

/// Between two attempts to insert while the outcome is not known.
pub(super) const RETRY: Duration = Duration::from_millis(100);

/// Under which key the first account that was made is kept, so that one alone is told it is that.
pub(super) const FIRST_ACCOUNT: &str = "first_account";

#[async_trait::async_trait]
impl AccountStore for MongoStore {
    async fn create_user(&self, user: NewUser) -> Result<CreateUser, StoreError> {
        let store = &self.shared;
        let folded = user.username.folded();
        // The demo's names are all known since the start; among ours the key decides.
        let demo = store.demo_names.find_one(doc! { "folded": &folded });
        if store.ask(demo).await?.is_some() {
            return Ok(CreateUser::NameTaken);
        }
        let username = user.username.as_str().to_owned();
        let doc = new_user(user, &folded)?;
        match store
            .insert(&store.users, &Bson::String(folded), &doc)
            .await?
        {
            Insert::Stands(_) => Ok(CreateUser::NameTaken),
            Insert::Done => {
                let first = self.insert_if_absent(FIRST_ACCOUNT, &username).await? == username;
                Ok(CreateUser::Created { first })
            }
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
            let mut docs = find.sort(doc! { "username": 1 }).await?;
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

    async fn count_users(&self) -> Result<u64, StoreError> {
        let store = &self.shared;
        // Ours are those whose key is a name; of the demo's, those of one name are one person.
        let ours = doc! { "_id": { "$gte": "" } };
        let ours = store.ask(store.users.count_documents(ours)).await?;
        let demo = store.ask(store.demo_names.count_documents(doc! {})).await?;
        Ok(ours + demo)
    }

    /// The account first: from then on the epochs differ and no session but a moved one is valid,
    /// whatever becomes of the rest.
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
                tracing::warn!(%username, %error, "ended sessions stay in the store for now");
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
        // The name is made from the picture, so one that stands is the same.
        self.shared.insert(&self.shared.avatars, &id, &doc).await?;
        let set = doc! { "chatServer.avatar": &doc.name };
        self.shared.change_user(username, set).await
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

pub(super) enum Insert<T> {
    Done,
    /// Another's.
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

    /// Inserts `doc` once, again while it is not known whether it was.
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
            match self.ask(collection.insert_one(doc)).await {
                Ok(_) => return Ok(Insert::Done),
                Err(Failure::Duplicate) => {
                    let find = collection.find_one(doc! { "_id": id });
                    if let Some(stands) = self.ask(find).await? {
                        return Ok(match may_be_ours && stands == *doc {
                            true => Insert::Done,
                            false => Insert::Stands(stands),
                        });
                    }
                }
                Err(Failure::Away(_)) if Instant::now() + RETRY < deadline => may_be_ours = true,
                Err(failure) => return Err(failure.into()),
            }
            if Instant::now() + RETRY > deadline {
                return Err(StoreError::Unavailable(
                    "a majority did not acknowledge in time".into(),
                ));
            }
            sleep(RETRY).await;
        }
    }

    /// Changes all documents of one person.
    async fn change_user(&self, username: &Username, set: Document) -> Result<(), StoreError> {
        self.update_user(username, doc! { "$set": set }).await
    }

    async fn update_user(&self, username: &Username, update: Document) -> Result<(), StoreError> {
        let all = doc! { "username": username.as_str() };
        let update = self.users.update_many(all, update);
        match self.ask(update).await?.matched_count {
            0 => Err(StoreError::Refused(format!(
                "a change of {username:?}, who is not there"
            ))),
            _ => Ok(()),
        }
    }

    /// The one person of all documents that bear this name.
    pub(super) async fn user_to_the_letter(&self, name: &str) -> Result<Option<User>, StoreError> {
        let find = self.users.find(doc! { "username": name });
        let docs: Vec<UserDoc> = self.collect(find.limit(SAME_NAME_MAX)).await?;
        // MongoDB finds a list that holds the name as well.
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

fn new_user(user: NewUser, folded: &str) -> Result<UserDoc, StoreError> {
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
        }),
    })
}

/// The person of documents that bear one name: any of their passwords opens the account.
fn user_of(docs: Vec<UserDoc>) -> Result<User, StoreError> {
    let name = docs.first().and_then(|doc| doc.username.as_str());
    let username = Username::existing(name.unwrap_or_default());
    let mut records = Vec::with_capacity(docs.len());
    let mut ours = OursDoc::default();
    let mut created = None;
    let mut epochs = BTreeSet::new();
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
    })
}
