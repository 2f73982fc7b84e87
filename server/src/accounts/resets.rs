//! Password resets: a link that an admin makes gives its user a new password once.
//!
//! A reset is a code like an invite ([`super::invites`]), for the password that the account had when it
//! was made. Storing another password makes it void, in the same step, so that it works once.
//! It is void too once its user has a newer link, its maker is no longer an admin, or its user is
//! an admin: somebody with an admin's session alone must not get such an account. A link that the
//! operator makes is for everybody.

use chat_server_store::{
    AccountState, Code, CodeId, CodeKind, KeptCode, PasswordChange, StoreError, User, log_failure,
};
use chat_shared::Username;

use super::invites::{check, id_of};
use super::{Accounts, AuditAction, Audited, NewCodeError, ResetError, SecretCode, now_ms, policy};

/// How long a link works, in milliseconds: a day.
const RESET_LIFETIME_MS: u64 = 24 * 60 * 60 * 1_000;

impl Accounts {
    /// Makes a code by which `user` sets a new password, and ends the earlier ones of this user. It is
    /// returned once. `by` is the admin who makes it, or `None` for the operator.
    ///
    /// # Errors
    /// [`NewCodeError`].
    pub async fn make_reset(
        &self,
        by: Option<&Username>,
        user: User,
    ) -> Result<(SecretCode, Code), NewCodeError> {
        let store = &self.0.store;
        for kept in store.codes(CodeKind::Reset).await? {
            if kept.code.account.as_ref() == Some(&user.username) {
                store.remove_code(CodeKind::Reset, &kept.code.id).await?;
            }
        }
        let now = now_ms();
        let code = Code {
            id: CodeId(String::new()),
            kind: CodeKind::Reset,
            by: by.cloned(),
            created: now,
            expires: now.saturating_add(RESET_LIFETIME_MS),
            uses: 1,
            room: None,
            account: Some(user.username),
            epoch: user.password_epoch,
        };
        let made = self.make_code(code).await?;
        self.audit(Audited::new(AuditAction::ResetLink, by).to(made.1.account.as_ref()));
        Ok(made)
    }

    /// A code's account and the rest of it, if it would reset the password now.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn check_reset(&self, code: &str) -> Result<Option<(Username, Code)>, StoreError> {
        let found = self.0.store.code(CodeKind::Reset, &id_of(code)).await?;
        let Some(KeptCode { code, .. }) = found.filter(|kept| check(kept, now_ms()).is_ok()) else {
            return Ok(None);
        };
        let Some(account) = code.account.clone() else {
            return Ok(None);
        };
        // The operator may do what no admin may do to another one.
        if let Some(by) = &code.by {
            self.refresh_admins().await?;
            if !self.is_admin(by) || self.is_admin(&account) {
                return Ok(None);
            }
        }
        let is_current =
            |user: User| user.password_epoch == code.epoch && user.state == AccountState::Active;
        let is_current = self.user(&account).await?.is_some_and(is_current);
        Ok(is_current.then_some((account, code)))
    }

    /// Sets the password of a code's account, and ends all its sessions. A failure uses nothing.
    ///
    /// # Errors
    /// [`ResetError`], and the password is unchanged.
    pub async fn reset_password(&self, code: &str, password: String) -> Result<(), ResetError> {
        let (account, _) = self.check_reset(code).await?.ok_or(ResetError::Invalid)?;
        policy::check_new_password(&account, &password)?;
        let new = self.0.passwords.new_password(password).await;
        let new = new.map_err(|_| ResetError::Busy)?;
        // The link may have ended while the password was hashed.
        let (account, code) = self.check_reset(code).await?.ok_or(ResetError::Invalid)?;
        let stored = self.store_password(&account, code.epoch, new, None);
        match stored.await? {
            PasswordChange::Done => {}
            PasswordChange::Outdated | PasswordChange::NoSuchUser => {
                return Err(ResetError::Invalid);
            }
        }
        self.audit(Audited::new(AuditAction::PasswordReset, code.by.as_ref()).to(&account));
        tracing::info!(username = %account, by = code.by.as_ref().map(Username::as_str), "password reset");
        let store = &self.0.store;
        if let Err(error) = store.remove_code(CodeKind::Reset, &code.id).await {
            log_failure!(
                warn,
                error,
                "a used link stays in the store until it expires"
            );
        }
        Ok(())
    }
}
