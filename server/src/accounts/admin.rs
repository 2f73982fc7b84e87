//! The server's admins: the accounts that the operator or another admin named, or the one that claims
//! the right first.
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
//!
//! Admins make and unmake others ([`Accounts::set_admin`]). From the first such change on, the store's
//! list ([`chat_server_store::AdminStore`]) counts and the claim does not. The account that `--admin`
//! names is an admin beside those of the list, while the server runs with it; before there is a list,
//! it is the only one.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat_server_store::{ADMINS_MAX, AdminList, SharedStore, StoreError};
use chat_shared::Username;
use parking_lot::RwLock;

use super::token::Secret;
use super::{Accounts, AdminError, OpenError, Options, RegisterError};

/// The key of the first admin's name in the store.
pub(super) const ADMIN_CLAIM: &str = "admin";

/// The key in the store that says that a set-up link gives the admin's right.
const SET_UP_CLAIM: &str = "set_up";

/// Attempts to change the list of admins while others change it.
const ATTEMPTS_MAX: usize = 16;

/// How somebody becomes the admin of a server that has none.
pub(super) enum Vacancy {
    /// Nobody does, until the operator names one.
    Closed,
    /// The first person who signs up does.
    FirstPerson,
    /// The person who signs up or in after opening the set-up link does.
    Link(Secret),
}

/// A change of who is an admin.
struct AdminChange {
    /// The admin who makes it; `None` for the operator.
    by: Option<Username>,
    username: Username,
    /// Whether the user is an admin afterwards.
    is_admin: bool,
}

/// The admins that this process knows.
pub(super) struct Admins {
    /// The account that the operator named with `--admin`.
    named: Option<Username>,
    known: RwLock<Known>,
}

/// The admins as they were read from the store, with the named one.
#[derive(Default)]
struct Known {
    /// The version of the store's list.
    version: u64,
    names: Arc<BTreeSet<Username>>,
}

impl Admins {
    fn new(named: Option<Username>, list: AdminList) -> Self {
        let admins = Self {
            named,
            known: RwLock::default(),
        };
        admins.know(list);
        admins
    }

    fn names(&self) -> Arc<BTreeSet<Username>> {
        Arc::clone(&self.known.read().names)
    }

    fn contains(&self, username: &Username) -> bool {
        self.known.read().names.contains(username)
    }

    /// Takes over what was read from the store or stored, unless something newer is known.
    fn know(&self, list: AdminList) {
        let names: BTreeSet<_> = list.names.into_iter().chain(self.named.clone()).collect();
        let mut known = self.known.write();
        if list.version < known.version {
            return;
        }
        for username in names.difference(&known.names) {
            tracing::info!(%username, "this account is an admin");
        }
        for username in known.names.difference(&names) {
            tracing::info!(%username, "this account is no admin any more");
        }
        *known = Known {
            version: list.version,
            names: Arc::new(names),
        };
    }
}

impl Accounts {
    /// The server's admins, as far as this process knows. There is none on a new server.
    pub fn admins(&self) -> Arc<BTreeSet<Username>> {
        self.0.admins.names()
    }

    /// Whether this is an admin, as far as this process knows: another process's change is known
    /// after [`Accounts::refresh_admins`].
    pub fn is_admin(&self, username: &Username) -> bool {
        self.0.admins.contains(username)
    }

    /// Whether this is an admin, also where another process on the same database has created the
    /// first admin's account.
    pub(super) async fn is_admin_anywhere(&self, username: &Username) -> Result<bool, StoreError> {
        self.learn_admin().await?;
        Ok(self.is_admin(username))
    }

    /// Reads from the store who the admin is, while this server knows none.
    pub(super) async fn learn_admin(&self) -> Result<(), StoreError> {
        match self.admins().is_empty() {
            true => self.refresh_admins().await,
            false => Ok(()),
        }
    }

    /// Reads from the store who the admins are.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn refresh_admins(&self) -> Result<(), StoreError> {
        let list = self.stored_admins().await?;
        self.0.admins.know(list);
        Ok(())
    }

    /// The store's list, or what counts before there is one.
    async fn stored_admins(&self) -> Result<AdminList, StoreError> {
        let Admins { named, .. } = &self.0.admins;
        let mut list = self.0.store.admins().await?;
        if list.version == 0 {
            let first = match named {
                Some(named) => Some(named.clone()),
                None => self.claimed().await?,
            };
            list.names.extend(first);
        }
        Ok(list)
    }

    /// Makes a person an admin, or takes the right from them. `by` is the admin who does it, or `None`
    /// for the operator.
    ///
    /// The right of `by` is checked, and that an admin is left, in the same step as the change is
    /// stored: of two admins who unmake each other at the same time, one stays.
    ///
    /// It is a task of its own: where this future is dropped, a stored change is known here
    /// nevertheless.
    ///
    /// # Errors
    /// [`AdminError`], and nothing changed.
    pub async fn set_admin(
        &self,
        by: Option<&Username>,
        username: &Username,
        is_admin: bool,
    ) -> Result<(), AdminError> {
        let change = AdminChange {
            by: by.cloned(),
            username: username.clone(),
            is_admin,
        };
        let accounts = self.clone();
        let changed = tokio::spawn(async move { accounts.change_admins(&change).await });
        let broken = |error: tokio::task::JoinError| StoreError::Unavailable(error.to_string());
        changed
            .await
            .unwrap_or_else(|error| Err(broken(error).into()))
    }

    async fn change_admins(&self, change: &AdminChange) -> Result<(), AdminError> {
        let username = &change.username;
        let user = self.user(username).await?;
        let user = user.ok_or_else(|| AdminError::NoSuchUser(username.clone()))?;
        if change.is_admin && user.bot {
            return Err(AdminError::Bot(username.clone()));
        }
        for _ in 0..ATTEMPTS_MAX {
            let mut list = self.stored_admins().await?;
            let Some(names) = self.changed(&list.names, change).await? else {
                self.0.admins.know(list);
                return Ok(());
            };
            let replaced = self.0.store.replace_admins(list.version, names.clone());
            if replaced.await? {
                list.version += 1;
                list.names = names;
                self.0.admins.know(list);
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("others change the admins".into()).into())
    }

    /// The admins after a change; `None` if it changes nothing.
    async fn changed(
        &self,
        names: &[Username],
        change: &AdminChange,
    ) -> Result<Option<Vec<Username>>, AdminError> {
        let AdminChange {
            by,
            username,
            is_admin,
        } = change;
        let named = self.0.admins.named.as_ref();
        let is_one = |name: &Username| names.contains(name) || named == Some(name);
        if by.as_ref().is_some_and(|by| !is_one(by)) {
            return Err(AdminError::NotAdmin);
        }
        if *is_admin == names.contains(username) {
            return Ok(None);
        }
        if !is_admin && named == Some(username) {
            return Err(AdminError::Named(username.clone()));
        }
        // The first admin's name may be stored and the account not. A list that names it would give
        // the right to whoever takes the name.
        let mut after = Vec::with_capacity(names.len() + 1);
        for name in names.iter().filter(|name| *name != username) {
            if self.user(name).await?.is_some() {
                after.push(name.clone());
            }
        }
        if *is_admin {
            if after.len() >= ADMINS_MAX {
                return Err(AdminError::TooMany);
            }
            after.push(username.clone());
        } else if after.is_empty() && named.is_none() {
            return Err(AdminError::Last(username.clone()));
        }
        Ok(Some(after))
    }

    /// The person whom the store's claim names, if they have an account or nobody else can get the
    /// right.
    async fn claimed(&self) -> Result<Option<Username>, StoreError> {
        let Some(name) = self.0.store.value(ADMIN_CLAIM).await? else {
            return Ok(None);
        };
        let found = self.0.store.find_user(&name).await?;
        let is_closed = matches!(self.0.vacancy, Vacancy::Closed);
        Ok(found
            .map(|user| user.username)
            .or_else(|| is_closed.then(|| Username::existing(&name))))
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
