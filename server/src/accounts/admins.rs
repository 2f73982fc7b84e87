//! The server's admins: who they are, and how an admin or the operator makes and unmakes one.
//!
//! From the first change on, the store's list ([`chat_server_store::AdminStore`]) counts, and the
//! claim of the first admin ([`super::admin`]) does not. The account that `--admin` names is an admin
//! beside those of the list, while the server runs with it; before there is a list, it is the only one.
//!
//! This process keeps the list in memory. Its own changes are in there before they are answered, and
//! [`Accounts::refresh_admins`] brings those of other processes.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat_server_store::{ADMINS_MAX, AccountState, AdminList, StoreError};
use chat_shared::Username;
use parking_lot::RwLock;
use tokio::sync::Mutex;

use super::admin::{ADMIN_CLAIM, Vacancy};
use super::states::finish;
use super::{Accounts, AdminError, AuditAction, Audited};

/// Attempts to change the list of admins while others change it.
const ATTEMPTS_MAX: usize = 16;

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
    /// Held while somebody becomes an admin, and while an account's state changes: one that is
    /// deactivated must not be an admin, and one that is erased must not become active.
    pub(super) changing: Mutex<()>,
}

/// The admins as they were read from the store, with the named one.
#[derive(Default)]
struct Known {
    /// The version of the store's list.
    version: u64,
    names: Arc<BTreeSet<Username>>,
}

impl Admins {
    pub(super) fn new(named: Option<Username>, list: AdminList) -> Self {
        let admins = Self {
            named,
            known: RwLock::default(),
            changing: Mutex::default(),
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
        finish(async move { accounts.change_admins(&change).await }).await
    }

    async fn change_admins(&self, change: &AdminChange) -> Result<(), AdminError> {
        let _one_at_a_time = self.0.admins.changing.lock().await;
        let username = &change.username;
        let user = self.user(username).await?;
        let user = user.ok_or_else(|| AdminError::NoSuchUser(username.clone()))?;
        if change.is_admin && user.bot {
            return Err(AdminError::Bot(username.clone()));
        }
        if change.is_admin && user.state != AccountState::Active {
            return Err(AdminError::Deactivated(username.clone()));
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
                let action = match change.is_admin {
                    true => AuditAction::MakeAdmin,
                    false => AuditAction::UnmakeAdmin,
                };
                self.audit(Audited::new(action, change.by.as_ref()).to(username));
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
        // the right to the next person who takes the name.
        let mut after = Vec::with_capacity(names.len() + 1);
        let mut is_one_left = named.is_some();
        for name in names.iter().filter(|name| *name != username) {
            if let Some(user) = self.user(name).await? {
                // Another server may have deactivated the account in the meantime.
                is_one_left |= user.state == AccountState::Active;
                after.push(name.clone());
            }
        }
        if *is_admin {
            if after.len() >= ADMINS_MAX {
                return Err(AdminError::TooMany);
            }
            after.push(username.clone());
        } else if !is_one_left {
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
}
