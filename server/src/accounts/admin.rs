//! How a server gets its first admin: the account that the operator names, or the one that claims the
//! right first. The others are made by admins ([`super::admins`]).
//!
//! A server without an admin gives the right once, in a way that [`find_admins`] chooses when it
//! starts:
//!
//! ```text
//!                    exposed?          ┌─ no ──► Vacancy::FirstPerson: who signs up first
//!  no account yet ──────────────►──────┤
//!                                      └─ yes ─► Vacancy::Link: who opened the set-up link
//!  accounts, no admin ──► Vacancy::Closed: --admin names one (Link, if that was begun before)
//! ```
//!
//! Bots never get it. The right is stored under [`ADMIN_CLAIM`], where the first value stays. It is
//! stored before the account is, so that it may name an account that was never made. That name is
//! then for the person who opened the set-up link, and the link is for that name
//! ([`Accounts::check_begun`]).

use chat_server_store::{AdminList, SharedStore, StoreError};
use chat_shared::Username;

use super::admins::Admins;
use super::token::Secret;
use super::{Accounts, OpenError, Options, RegisterError};

/// The key of the first admin's name in the store.
pub(super) const ADMIN_CLAIM: &str = "admin";

/// The key in the store that says that a set-up link gives the admin's right.
const SET_UP_CLAIM: &str = "set_up";

/// How somebody becomes the admin of a server that has none.
pub(super) enum Vacancy {
    /// Nobody does, until the operator names one.
    Closed,
    /// The first person who signs up does.
    FirstPerson,
    /// The person who signs up or in after opening the set-up link does.
    Link(Secret),
}

impl Accounts {
    /// Gives the admin's right to the first person who signs up, if that is how it is given.
    ///
    /// It is stored before the account is. So a failure between the two does not give it to the
    /// second person who signs up: the first one signs up again.
    pub(super) async fn claim_for_first_person(
        &self,
        username: &Username,
    ) -> Result<(), StoreError> {
        if self.is_for_first_person().await? {
            let store = &self.0.store;
            store
                .insert_if_absent(ADMIN_CLAIM, username.as_str())
                .await?;
        }
        Ok(())
    }

    /// Whether the next person who signs up would be the first, and so become the admin.
    pub(super) async fn is_for_first_person(&self) -> Result<bool, StoreError> {
        let is_open = matches!(self.0.vacancy, Vacancy::FirstPerson) && self.admins().is_empty();
        Ok(is_open && !self.0.store.has_people().await?)
    }

    /// Checks a sign-up against a set-up by link that got as far as the admin's name and not to the
    /// account. Nobody else may complete it, nor may the link's owner under another name.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub(super) async fn check_begun(
        &self,
        username: &Username,
        opens_set_up: bool,
    ) -> Result<(), RegisterError> {
        if !matches!(self.0.vacancy, Vacancy::Link(_)) {
            return Ok(());
        }
        self.learn_admin().await?;
        if !self.admins().is_empty() {
            return Ok(());
        }
        let Some(name) = self.0.store.value(ADMIN_CLAIM).await? else {
            return Ok(());
        };
        let begun = Username::existing(&name);
        match (begun.folded() == username.folded(), opens_set_up) {
            (true, false) => Err(RegisterError::Reserved),
            (false, true) => Err(RegisterError::SetUpBegun(begun)),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// The secret of the set-up link, while it makes somebody the admin.
    pub fn set_up_secret(&self) -> Option<&str> {
        match &self.0.vacancy {
            Vacancy::Link(secret) if self.admins().is_empty() => Some(secret.text()),
            _ => None,
        }
    }

    /// Whether this is the secret of the set-up link, and the link was not used yet.
    pub fn opens_set_up(&self, secret: &str) -> bool {
        let expected = self.set_up_secret().map(|text| Secret::of(text).hash());
        // Hashes need not be compared in constant time.
        expected == Some(Secret::of(secret).hash())
    }

    /// Makes a person the admin who opened the set-up link. Returns whether they are.
    ///
    /// # Errors
    /// Where the store fails. The link can be used again then.
    pub async fn become_admin(
        &self,
        username: &Username,
        secret: &str,
    ) -> Result<bool, StoreError> {
        let is_person = self.user(username).await?.is_some_and(|user| !user.bot);
        if !is_person || !self.opens_set_up(secret) {
            return Ok(false);
        }
        let store = &self.0.store;
        store
            .insert_if_absent(ADMIN_CLAIM, username.as_str())
            .await?;
        self.is_admin_anywhere(username).await
    }
}

/// The admins: the account that the operator named, and those that the store names. Without any, how
/// somebody becomes one.
pub(super) async fn find_admins(
    store: &SharedStore,
    options: Options,
) -> Result<(Admins, Vacancy), OpenError> {
    let list = store.admins().await?;
    if let Some(name) = options.admin {
        let found = store.find_user(&name).await?.map(|user| user.username);
        let named = found.unwrap_or_else(|| {
            warn_of_missing(&name);
            Username::existing(&name)
        });
        return Ok((Admins::new(Some(named), list), Vacancy::Closed));
    }
    if list.version > 0 {
        return Ok((Admins::new(None, list), Vacancy::Closed));
    }
    let only = |name: Option<Username>| {
        let names = Vec::from_iter(name);
        Admins::new(None, AdminList { version: 0, names })
    };
    let is_begun = store.value(SET_UP_CLAIM).await?.is_some();
    let name = store.value(ADMIN_CLAIM).await?;
    if let Some(name) = &name {
        let found = store.find_user(name).await?.map(|user| user.username);
        if found.is_some() {
            return Ok((only(found), Vacancy::Closed));
        }
        if !(is_begun || options.is_exposed) {
            warn_of_missing(name);
            return Ok((only(Some(Username::existing(name))), Vacancy::Closed));
        }
        tracing::warn!(
            admin = name,
            "the set-up has stored the admin's name and no account; \
             open the set-up link and sign up with this name"
        );
    }
    let has_people = store.has_people().await?;
    let is_begun = is_begun || name.is_some();
    if has_people && !is_begun {
        tracing::warn!("the server has no admin; name one with --admin NAME");
        return Ok((only(None), Vacancy::Closed));
    }
    if has_people || options.is_exposed || name.is_some() {
        store.insert_if_absent(SET_UP_CLAIM, "link").await?;
        let secret = Secret::random().map_err(OpenError::Random)?;
        return Ok((only(None), Vacancy::Link(secret)));
    }
    tracing::info!("the first person who signs up becomes the server's admin");
    Ok((only(None), Vacancy::FirstPerson))
}

fn warn_of_missing(name: &str) {
    tracing::warn!(
        admin = name,
        "the admin has no account yet; the first person who signs up with this name gets it"
    );
}
