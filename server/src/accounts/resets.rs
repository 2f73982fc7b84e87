//! Password resets: a link that the admin makes gives its user a new password once.
//!
//! A reset is a code like an invite ([`super::invites`]), of one use, for the password that the account
//! had when it was made. Any later password makes it void, so that of several links one counts.

use chat_server_rules::AccountChange;
use chat_server_store::{
    Code, CodeId, CodeKind, NewPassword, PasswordChange, PasswordEpoch, PasswordRecord, StoreError,
    User,
};
use chat_shared::{Username, check_new_password};

use super::invites::{check, id_of, taken};
use super::token::random_id;
use super::{Accounts, NewCodeError, ResetError, SecretCode, now_ms, policy};

/// How long a link works, in milliseconds: a day.
const RESET_LIFETIME_MS: u64 = 24 * 60 * 60 * 1_000;

impl Accounts {
    /// Makes a code by which `user` sets a new password. It is returned once.
    ///
    /// # Errors
    /// [`NewCodeError`].
    pub async fn make_reset(
        &self,
        by: &Username,
        user: User,
    ) -> Result<(SecretCode, Code), NewCodeError> {
        let now = now_ms();
        let code = Code {
            id: CodeId(String::new()),
            kind: CodeKind::Reset,
            by: by.clone(),
            created: now,
            expires: now.saturating_add(RESET_LIFETIME_MS),
            uses: 1,
            room: None,
            account: Some(user.username),
            epoch: user.password_epoch,
        };
        self.make_code(code).await
    }

    /// The account whose password a code resets, if it would do so now.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn check_reset(&self, code: &str) -> Result<Option<Username>, StoreError> {
        let found = self.0.store.code(CodeKind::Reset, &id_of(code)).await?;
        let Some(kept) = found.filter(|kept| check(kept, now_ms()).is_ok()) else {
            return Ok(None);
        };
        let Some(account) = kept.code.account else {
            return Ok(None);
        };
        let user = self.user(&account).await?;
        let is_current = user.is_some_and(|user| user.password_epoch == kept.code.epoch);
        Ok(is_current.then_some(account))
    }

    /// Sets the password of a code's account, and ends all its sessions.
    ///
    /// A password that is not allowed uses nothing. The code is used before the password is stored: a
    /// failure between the two loses the code, and never lets it be used twice.
    ///
    /// # Errors
    /// [`ResetError`], and the password is unchanged.
    pub async fn reset_password(&self, code: &str, password: String) -> Result<(), ResetError> {
        let account = self.check_reset(code).await?.ok_or(ResetError::Invalid)?;
        check_new_password(&password)?;
        policy::check_strength(&account, &password)?;
        let hash = self.0.passwords.hash(password).await;
        let hash = hash.map_err(|_| ResetError::Busy)?;
        let random = || random_id().map_err(|_| ResetError::Busy);
        let (epoch, attempt) = (PasswordEpoch(random()?), random()?);
        let (store, id) = (&self.0.store, id_of(code));
        let used = store.use_code(CodeKind::Reset, &id, &attempt, now_ms());
        let (code, _) = taken(used.await?).map_err(|_| ResetError::Invalid)?;
        let new = NewPassword {
            record: PasswordRecord::Argon2id(hash),
            epoch,
        };
        let verified = code.epoch.as_ref();
        match store.set_password(&account, verified, new, None).await? {
            PasswordChange::Done => {}
            PasswordChange::Outdated | PasswordChange::NoSuchUser => {
                return Err(ResetError::Invalid);
            }
        }
        tracing::info!(username = %account, by = %code.by, "password reset");
        let change = AccountChange::SessionsEnded { kept: None };
        self.0.changes.report(&account, change).await;
        Ok(())
    }
}
