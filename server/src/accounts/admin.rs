//! The server's admin: an account that the operator names, or the one that claims the right first.
//!
//! A server without an admin gives the right once, in a way that [`find_admin`] chooses when it
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

use chat_server_store::{SharedStore, StoreError};
use chat_shared::Username;

use super::token::Secret;
use super::{Accounts, OpenError, Options, RegisterError};

/// The key of the admin's name in the store.
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
    /// The server's admin, once there is one.
    pub fn admin(&self) -> Option<&Username> {
        self.0.admin.get()
    }

    /// Whether this is the server's admin.
    pub fn is_admin(&self, username: &Username) -> bool {
        self.admin() == Some(username)
    }

    /// Whether this is the server's admin, also where another process on the same database has
    /// created the admin's account.
    pub(super) async fn is_admin_anywhere(&self, username: &Username) -> Result<bool, StoreError> {
        self.learn_admin().await?;
        Ok(self.is_admin(username))
    }

    /// Reads from the store who the admin is, while this server does not know it.
    pub(super) async fn learn_admin(&self) -> Result<(), StoreError> {
        let store = &self.0.store;
        if self.admin().is_none()
            && let Some(name) = store.value(ADMIN_CLAIM).await?
            && let Some(user) = store.find_user(&name).await?
            && self.0.admin.set(user.username.clone()).is_ok()
        {
            tracing::info!(username = %user.username, "this account is the server's admin");
        }
        Ok(())
    }

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
        let is_open = matches!(self.0.vacancy, Vacancy::FirstPerson) && self.admin().is_none();
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
        if self.admin().is_some() {
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
            Vacancy::Link(secret) if self.admin().is_none() => Some(secret.text()),
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

/// The admin: the account that the operator named, or the one that the store names. Without one,
/// how somebody becomes it.
pub(super) async fn find_admin(
    store: &SharedStore,
    options: Options,
) -> Result<(Option<Username>, Vacancy), OpenError> {
    let is_begun = store.value(SET_UP_CLAIM).await?.is_some();
    let is_named = options.admin.is_some();
    let name = match options.admin {
        Some(name) => Some(name),
        None => store.value(ADMIN_CLAIM).await?,
    };
    if let Some(name) = &name {
        let found = store.find_user(name).await?.map(|user| user.username);
        if let Some(admin) = found {
            return Ok((Some(admin), Vacancy::Closed));
        }
        if is_named || !(is_begun || options.is_exposed) {
            tracing::warn!(
                admin = name,
                "the admin has no account yet; the first person who signs up with this name gets it"
            );
            return Ok((Some(Username::existing(name)), Vacancy::Closed));
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
        return Ok((None, Vacancy::Closed));
    }
    if has_people || options.is_exposed || name.is_some() {
        store.insert_if_absent(SET_UP_CLAIM, "link").await?;
        let secret = Secret::random().map_err(OpenError::Random)?;
        return Ok((None, Vacancy::Link(secret)));
    }
    tracing::info!("the first person who signs up becomes the server's admin");
    Ok((None, Vacancy::FirstPerson))
}
