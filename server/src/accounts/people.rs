//! What becomes of an account: its password, its sessions, its profile, a ban.

use chat_shared::{Seq, TimestampMs, Username, check_new_password};

use super::{Accounts, AvatarError, PasswordChangeError, Verdict, now_ms, random_id};
use crate::accounts::AccountEvent;
use chat_rules::AccountChange;
use chat_store::{
    Avatar, NewPassword, PasswordChange, PasswordEpoch, PasswordRecord, Session, StoreError, User,
};

/// Sessions of one person that are listed.
const SESSIONS_LISTED_MAX: usize = 100;

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
        check_new_password(&new)?;
        let user = self.user(username).await?;
        let (record, epoch) = user
            .map(|user| (user.password, user.password_epoch))
            .unzip();
        let verdict = self.0.passwords.verify(old, record).await;
        let verdict = verdict.map_err(|_| PasswordChangeError::Busy)?;
        if !matches!(verdict, Verdict::Right { .. }) {
            return Err(PasswordChangeError::Wrong);
        }
        let hash = self.0.passwords.hash(new).await;
        let hash = hash.map_err(|_| PasswordChangeError::Busy)?;
        let store = &self.0.store;
        let new = NewPassword {
            record: PasswordRecord::Argon2id(hash),
            epoch: PasswordEpoch(random_id().map_err(|_| PasswordChangeError::Busy)?),
        };
        let verified = epoch.flatten();
        let change = store
            .set_password(username, verified.as_ref(), new, Some(kept))
            .await?;
        if change != PasswordChange::Done {
            return Err(PasswordChangeError::Wrong);
        }
        let kept = Some(kept.to_owned());
        self.tell(username, AccountChange::SessionsEnded { kept })
            .await;
        Ok(())
    }

    /// Someone's sessions that have not ended, the newest first.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn sessions_of(&self, username: &Username) -> Result<Vec<Session>, StoreError> {
        let store = &self.0.store;
        let mut sessions = store.sessions_of(username, SESSIONS_LISTED_MAX).await?;
        let now = now_ms();
        sessions.retain(|session| session.expires.is_none_or(|expires| expires > now));
        Ok(sessions)
    }

    /// Ends one of someone's sessions. `false` where they have no such one.
    ///
    /// # Errors
    /// Where the store fails; the session may then stand.
    pub async fn revoke_own(&self, username: &Username, id: &str) -> Result<bool, StoreError> {
        let found = self.0.store.session(id).await?;
        let Some(session) = found.filter(|session| session.username == *username) else {
            return Ok(false);
        };
        self.0.store.revoke_session(id).await?;
        self.tell_ended(session).await;
        Ok(true)
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
            self.tell(username, AccountChange::Banned).await;
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
        self.tell(username, AccountChange::Profile).await;
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
        self.tell(username, AccountChange::Profile).await;
        Ok(self.user(username).await?)
    }

    /// The picture of that name.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn avatar(&self, name: &str) -> Result<Option<Avatar>, StoreError> {
        self.0.store.avatar(name).await
    }

    pub(super) async fn tell_ended(&self, session: Session) {
        let change = AccountChange::SessionRevoked(session.id);
        self.tell(&session.username, change).await;
    }

    pub(super) async fn tell(&self, username: &Username, change: AccountChange) {
        if let Some(act) = self.0.act.get() {
            act(username, &change);
        }
        let username = username.clone();
        let event = AccountEvent { username, change };
        if self.0.events.send(event).await.is_err() {
            tracing::debug!("nobody acts on what becomes of accounts any more");
        }
    }
}
