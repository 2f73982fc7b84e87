//! Takes over the users of the FastAPI demo: documents `{username, password}` with the password in
//! plain text, where several may have one name.
//!
//! A document without `chatServer.passwordKind` is as the demo left it. That mark is set in the
//! same write as the hash, so that a crash leaves a document either way, never between.

use chat_shared::Username;
use futures::TryStreamExt;
use mongodb::bson::doc;

use super::Shared;
use super::documents::{DemoNameDoc, UserDoc};
use super::error::Failure;
use super::log::clamp;
use super::passwords::{MISSING, converted};
use crate::{PlainPassword, StoreError};

/// Names kept in one insert.
const NAMES_AT_ONCE_MAX: usize = 500;

impl Shared {
    /// Learns the demo's names, before anyone can register one that folds to the same. It may be
    /// repeated after a crash.
    pub(super) async fn prepare_demo_users(&self) -> Result<(), Failure> {
        let unmarked = doc! { "chatServer.passwordKind": null };
        let mut docs = self.ask(self.users.find(unmarked)).await?;
        let mut names = Vec::new();
        let (mut count, mut any) = (0_u64, false);
        loop {
            let doc: Option<UserDoc> = self.ask(docs.try_next()).await?;
            let ended = doc.is_none();
            any |= !ended;
            // A document is no account if its name is no text.
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
        if any {
            self.mark_missing_passwords().await?;
        }
        Ok(())
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

    /// Marks documents whose name or password is no text: nobody can sign in with one, in the demo
    /// as here. A list is marked too, although MongoDB finds its items as if they were the field.
    async fn mark_missing_passwords(&self) -> Result<(), Failure> {
        let mut count = 0;
        for field in ["username", "password"] {
            for unusable in [
                doc! { "$not": { "$type": "string" } },
                doc! { "$type": "array" },
            ] {
                let mut filter = doc! { "chatServer.passwordKind": null };
                filter.insert(field, unusable);
                let set = doc! { "$set": { "chatServer.passwordKind": MISSING } };
                let marked = self.ask(self.users.update_many(filter, set)).await?;
                count += marked.modified_count;
            }
        }
        if count > 0 {
            tracing::warn!(
                count,
                "users of the demo have no name or no password that is text; nobody can sign in as them"
            );
        }
        Ok(())
    }

    pub(super) async fn plain_passwords(
        &self,
        limit: usize,
    ) -> Result<Vec<PlainPassword>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        // A document that the demo added after the start may contain anything, and must not fill
        // the page.
        let text = doc! { "$type": "string", "$not": { "$type": "array" } };
        let unmarked = doc! {
            "chatServer.passwordKind": null,
            "username": text.clone(),
            "password": text,
        };
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

    /// Replaces a plain password by its hash. A document that was changed or converted meanwhile no
    /// longer matches, and stays as it is.
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
