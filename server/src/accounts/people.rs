//! Changes of an account: its password, its profile, a ban.

use chat_shared::{Seq, TimestampMs, Username};

use super::password::Verdict;
use super::{
    Accounts, AuditAction, Audited, AvatarError, Inner, PasswordChangeError, now_ms, policy,
};
use chat_server_rules::AccountChange;
use chat_server_store::{Avatar, NewPassword, PasswordChange, PasswordEpoch, StoreError, User};

impl Accounts {
    /// Replaces someone's password and ends all their sessions but `kept`.
    ///
    /// # Errors
    /// [`PasswordChangeError`], and nothing changed.
    pub async fn change_password(
        &self,
        username: &Username,
        kept: &str,
        old: String,
        new: String,
    ) -> Result<(), PasswordChangeError> {
        policy::check_new_password(username, &new)?;
        let user = self.user(username).await?;
        let (record, epoch) = user
            .map(|user| (user.password, user.password_epoch))
            .unzip();
        let verdict = self.0.passwords.verify(old, record).await;
        let verdict = verdict.map_err(|_| PasswordChangeError::Busy)?;
        if !matches!(verdict, Verdict::Right { .. }) {
            return Err(PasswordChangeError::Wrong);
        }
        let new = self.0.passwords.new_password(new).await;
        let new = new.map_err(|_| PasswordChangeError::Busy)?;
        let kept = Some(kept.to_owned());
        let stored = self.store_password(username, epoch.flatten(), new, kept);
        match stored.await? {
            PasswordChange::Done => {
                let changed = Audited::new(AuditAction::PasswordChanged, Some(username));
                self.audit(changed.to(username));
                Ok(())
            }
            PasswordChange::Outdated | PasswordChange::NoSuchUser => {
                Err(PasswordChangeError::Wrong)
            }
        }
    }

    /// Stores a password in the place of the one with the epoch `verified`, and ends all sessions
    /// but `kept`.
    ///
    /// It is a task of its own: where this future is dropped between the two steps, connections of
    /// sessions that have ended would stay open until their next check.
    ///
    /// # Errors
    /// Where the store fails.
    pub(super) async fn store_password(
        &self,
        username: &Username,
        verified: Option<PasswordEpoch>,
        new: NewPassword,
        kept: Option<String>,
    ) -> Result<PasswordChange, StoreError> {
        let (accounts, username) = (self.clone(), username.clone());
        let stored = tokio::spawn(async move {
            let Inner { store, changes, .. } = &*accounts.0;
            let stored = store.set_password(&username, verified.as_ref(), new, kept.as_deref());
            let stored = stored.await?;
            if stored == PasswordChange::Done {
                let change = AccountChange::SessionsEnded { kept };
                changes.report(&username, change).await;
            }
            Ok(stored)
        });
        stored
            .await
            .unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }

    /// Bars someone from the server until then, or lets them in again. The admin can't be banned.
    /// `seq` is that of the lobby's event: sessions that were made before it stay invalid once the
    /// ban is lifted.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn set_banned(
        &self,
        username: &Username,
        until: Option<TimestampMs>,
        seq: Option<Seq>,
    ) -> Result<(), StoreError> {
        if until.is_some() && self.is_admin(username) {
            return Ok(());
        }
        self.0.store.set_banned(username, until, seq).await?;
        if until.is_some() {
            self.0.changes.report(username, AccountChange::Banned).await;
        }
        Ok(())
    }

    /// Changes the name that others see, and tells them.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn set_display_name(
        &self,
        username: &Username,
        display_name: &str,
    ) -> Result<(), StoreError> {
        let store = &self.0.store;
        store.set_display_name(username, display_name).await?;
        self.0
            .changes
            .report(username, AccountChange::Profile)
            .await;
        Ok(())
    }

    /// Whether someone is barred from the server now.
    pub(super) fn is_banned(&self, user: &User) -> bool {
        user.banned_until.is_some_and(|until| until > now_ms()) && !self.is_admin(&user.username)
    }

    /// Makes an upload someone's picture, and tells the others. The account as it is then is
    /// returned.
    ///
    /// # Errors
    /// [`AvatarError`], and nothing changed.
    pub async fn set_avatar(
        &self,
        username: &Username,
        upload: Vec<u8>,
    ) -> Result<Option<User>, AvatarError> {
        let avatar = self.0.pictures.take(upload).await?;
        self.0.store.set_avatar(username, avatar).await?;
        self.0
            .changes
            .report(username, AccountChange::Profile)
            .await;
        Ok(self.user(username).await?)
    }

    /// The picture of that name.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn avatar(&self, name: &str) -> Result<Option<Avatar>, StoreError> {
        self.0.store.avatar(name).await
    }
}
