//! Deactivating an account and making it active again, erasing it, and ending all its sessions.
//!
//! A deactivated account keeps its name and what its owner wrote. Its state is stored first, from
//! then on no session of it is valid and none is made; then its sessions are removed and its sockets
//! closed. Sessions are removed before it is active again too, so that none comes back that a failure
//! left behind.

use chat_server_rules::AccountChange;
use chat_server_store::{AccountState, StoreError};
use chat_shared::Username;

use super::{Accounts, AuditAction, Audited, StateError};

impl Accounts {
    /// Refuses sign-ins of an account from now on, and ends all its sessions. One that is deactivated
    /// stays so.
    ///
    /// It is a task of its own, so that it is finished where this future is dropped.
    ///
    /// # Errors
    /// [`StateError`]. Where the store fails, the account may be deactivated, and the call can be
    /// repeated.
    pub async fn deactivate(&self, username: &Username) -> Result<(), StateError> {
        let (accounts, username) = (self.clone(), username.clone());
        finish(async move {
            let _no_new_admin = accounts.0.admins.changing.lock().await;
            accounts.check_not_erased(&username).await?;
            accounts.refresh_admins().await?;
            if accounts.is_admin(&username) {
                return Err(StateError::Admin(username));
            }
            let store = &accounts.0.store;
            accounts.audit(Audited::new(AuditAction::Deactivate, None).to(&username));
            store
                .set_state(&username, AccountState::Deactivated)
                .await?;
            Ok(accounts.end_sessions(&username).await?)
        })
        .await
    }

    /// Lets the owner of a deactivated account sign in again.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn reactivate(&self, username: &Username) -> Result<(), StateError> {
        let _no_erasure = self.0.admins.changing.lock().await;
        self.check_not_erased(username).await?;
        let store = &self.0.store;
        store.revoke_sessions_of(username, None).await?;
        self.audit(Audited::new(AuditAction::Reactivate, None).to(username));
        Ok(store.set_state(username, AccountState::Active).await?)
    }

    /// Ends all sessions of an account and closes their sockets.
    ///
    /// It is a task of its own, so that it is finished where this future is dropped.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn end_all_sessions(&self, username: &Username) -> Result<(), StateError> {
        let (accounts, username) = (self.clone(), username.clone());
        finish(async move {
            accounts.check_user(&username).await?;
            accounts.audit(Audited::new(AuditAction::EndSessions, None).to(&username));
            Ok(accounts.end_sessions(&username).await?)
        })
        .await
    }

    /// Removes everything about a deactivated account but its name, which stays taken. It may be
    /// repeated.
    ///
    /// # Errors
    /// [`StateError`]. Where the store fails, a part may be removed.
    pub async fn erase(&self, username: &Username) -> Result<(), StateError> {
        let (accounts, username) = (self.clone(), username.clone());
        finish(async move {
            let _not_reactivated = accounts.0.admins.changing.lock().await;
            accounts.check_user(&username).await?;
            accounts.audit(Audited::new(AuditAction::Erase, None).to(&username));
            accounts.0.store.erase_user(&username).await?;
            accounts.end_sessions(&username).await?;
            let changes = &accounts.0.changes;
            changes.report(&username, AccountChange::Profile).await;
            Ok(())
        })
        .await
    }

    async fn end_sessions(&self, username: &Username) -> Result<(), StoreError> {
        self.0.store.revoke_sessions_of(username, None).await?;
        let change = AccountChange::SessionsEnded { kept: None };
        self.0.changes.report(username, change).await;
        Ok(())
    }

    async fn check_not_erased(&self, username: &Username) -> Result<(), StateError> {
        match self.user(username).await? {
            Some(user) if user.state != AccountState::Erased => Ok(()),
            _ => Err(StateError::NoSuchUser(username.clone())),
        }
    }

    async fn check_user(&self, username: &Username) -> Result<(), StateError> {
        match self.user(username).await? {
            Some(_) => Ok(()),
            None => Err(StateError::NoSuchUser(username.clone())),
        }
    }
}

/// Runs steps to their end, whether somebody waits for it or not.
pub(super) async fn finish<E: From<StoreError> + Send + 'static>(
    steps: impl Future<Output = Result<(), E>> + Send + 'static,
) -> Result<(), E> {
    let done = tokio::spawn(steps).await;
    done.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()).into()))
}
