//! The users that the FastAPI demo left: documents `{username, password}`, the password in plain
//! text, no name unique in any spelling.
//!
//! A document without `chatServer.passwordKind` is as the demo left it. That mark is set in the
//! same write as the hash, so that a crash leaves a document either way, never between.

use chat_shared::Username;
use futures::TryStreamExt;
use mongodb::bson::doc;

use super::Shared;
use super::accounts::FIRST_ACCOUNT;
use super::documents::{DemoNameDoc, UserDoc};
use super::error::Failure;
use super::log::clamp;
use super::passwords::{MISSING, converted};
use crate::{PlainPassword, StoreError};

/// Names kept in one insert.
const NAMES_AT_ONCE_MAX: usize = 500;

impl Shared {
    /// Learns the demo's names, before anyone can register one that folds to the same. Done again
    /// after a crash, it does no harm.
    pub(super) async fn prepare_demo_users(&self) -> Result<(), Failure> {
        let unmarked = doc! { "chatServer.passwordKind": null };
        let mut docs = self.ask(self.users.find(unmarked)).await?;
        let mut names = Vec::new();
        let mut count = 0_u64;
        loop {
            let doc: Option<UserDoc> = self.ask(docs.try_next()).await?;
            let ended = doc.is_none();
            // Documents without a name that is text are nobody's.
            if let Some(name) = doc.as_ref().and_then(|doc| doc.username.as_str()) {
                let username = Username::existing(name);
                let folded = username.folded();
                names.push(DemoNameDoc { username, folded });
            }
            if names.len() >= NAMES_AT_ONCE_MAX || (ended && !names.is_empty()) {
                count += names.len() as u64;
                self.keep_demo_names(std::mem::take(&mut names)).await?;
            }
            if ended {
                break;
            }
        }
        if count > 0 {
            tracing::info!(
                count,
                "users of the demo whose passwords are to be converted"
            );
        }
        self.mark_missing_passwords().await?;
        self.note_that_there_are_users().await
    }

    async fn keep_demo_names(&self, mut names: Vec<DemoNameDoc>) -> Result<(), Failure> {
        names.sort_by(|a, b| a.username.cmp(&b.username));
        names.dedup();
        let insert = self.demo_names.insert_many(names).ordered(false);
        match self.ask(insert).await {
            Ok(_) | Err(Failure::Duplicate) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// A name or a password that is not text opens nothing, in the demo as here.
    async fn mark_missing_passwords(&self) -> Result<(), Failure> {
        for field in ["username", "password"] {
            let mut filter = doc! { "chatServer.passwordKind": null };
            filter.insert(field, doc! { "$not": { "$type": "string" } });
            let set = doc! { "$set": { "chatServer.passwordKind": MISSING } };
            self.ask(self.users.update_many(filter, set)).await?;
        }
        Ok(())
    }

    /// So that nobody who registers in the demo's database is told to be the first.
    async fn note_that_there_are_users(&self) -> Result<(), Failure> {
        if self.ask(self.users.find_one(doc! {})).await?.is_none() {
            return Ok(());
        }
        match self.insert_if_absent(FIRST_ACCOUNT, "").await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::Away(error.to_string())),
        }
    }

    pub(super) async fn plain_passwords(
        &self,
        limit: usize,
    ) -> Result<Vec<PlainPassword>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let unmarked = doc! { "chatServer.passwordKind": null };
        let find = self.users.find(unmarked).limit(clamp(limit));
        let docs: Vec<UserDoc> = self.collect(find).await?;
        let plain = |doc: UserDoc| {
            Some(PlainPassword {
                username: Username::existing(doc.username.as_str()?),
                password: doc.password.as_str()?.to_owned(),
            })
        };
        Ok(docs.into_iter().filter_map(plain).collect())
    }

    /// One that was changed or converted meanwhile no longer matches, and stays.
    pub(super) async fn convert_password(
        &self,
        username: &Username,
        plain: &str,
        argon2id: &str,
    ) -> Result<(), StoreError> {
        let unconverted = doc! {
            "username": username.as_str(),
            "chatServer.passwordKind": null,
            "password": plain,
        };
        self.ask(self.users.update_many(unconverted, converted(argon2id)))
            .await?;
        Ok(())
    }
}
