//! Sessions: which one a token opens, whether it is valid, and how it is renewed and ended.

use std::fmt;
use std::time::Duration;

use chat_server_rules::AccountChange;
use chat_server_store::{Session, StoreError, User, log_failure};
use chat_shared::{TimestampMs, Username};

use super::token::Secret;
use super::{Accounts, AuthError, Inner, as_ms, avatar_path, now_ms};

/// A session that is not used for this long ends.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A session is renewed at most this often, so that not every request writes.
pub(super) const SESSION_RENEWAL: Duration = Duration::from_secs(24 * 60 * 60);

/// A signed-in person, as a request or a connection presents them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub username: Username,
    /// The session's public id.
    pub session: String,
    pub bot: bool,
    /// When the account was made.
    pub created: TimestampMs,
    /// When a connection of this session must check it again, in milliseconds since 1970.
    pub check_at: TimestampMs,
}

/// How long an account is new, in milliseconds: a day.
const NEW_FOR_MS: u64 = 24 * 60 * 60 * 1_000;

impl Identity {
    /// Whether the account was made within the day before `now`.
    pub fn is_new(&self, now: TimestampMs) -> bool {
        now < self.created.saturating_add(NEW_FOR_MS)
    }
}

/// A valid session and what a client shows of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    pub identity: Identity,
    /// Whether the owner is an admin.
    pub admin: bool,
    pub display_name: String,
    /// The path of the owner's picture on this server.
    pub avatar: String,
    /// `None` for a session that lasts until it is revoked.
    pub expires: Option<TimestampMs>,
}

/// A new session with its token.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    pub username: Username,
    pub token: String,
    /// `None` for a session that lasts until it is revoked.
    pub expires: Option<TimestampMs>,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession")
            .field("username", &self.username)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Sessions of one person that are listed.
const SESSIONS_LISTED_MAX: usize = 100;

impl Accounts {
    /// The person whom the token signs in.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] if there is no such session, or it has ended; otherwise see
    /// [`AuthError`].
    pub async fn authenticate(&self, token: &str) -> Result<Identity, AuthError> {
        Ok(self.session(token).await?.identity)
    }

    /// The session that the token opens, renewed where that is due.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] if there is no such session, or it has ended; otherwise see
    /// [`AuthError`].
    pub async fn session(&self, token: &str) -> Result<LiveSession, AuthError> {
        let session = self.find_session(token).await?.ok_or(AuthError::Invalid)?;
        let now = now_ms();
        let user = self.check(&session, now).await?;
        let expires = self.renew(&session, now).await;
        let admin = self.is_admin_anywhere(&session.username).await?;
        Ok(LiveSession {
            identity: Identity {
                username: session.username,
                session: session.id,
                bot: user.bot,
                created: user.created,
                check_at: next_check(expires, now),
            },
            admin,
            avatar: avatar_path(&user),
            display_name: user.display_name,
            expires,
        })
    }

    /// Ends the session of the token and closes its sockets, also if its owner is banned. A token
    /// without a session is no error.
    ///
    /// # Errors
    /// If the store fails; the session may then still be valid.
    pub async fn sign_out(&self, token: &str) -> Result<(), StoreError> {
        let Some(session) = self.find_session(token).await? else {
            return Ok(());
        };
        self.0.store.revoke_session(&session.id).await?;
        self.report_ended(session).await;
        Ok(())
    }

    /// The session that the token was made for, whether it is valid or not.
    async fn find_session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let Inner { store, keys, .. } = &*self.0;
        let Some(claims) = keys.verify(token) else {
            return Ok(None);
        };
        let found = store.session(&claims.sid).await?;
        Ok(found.filter(|session| {
            let hash = claims.sec.as_ref().map(Secret::hash);
            // A hash is no secret, so that it need not be compared in constant time.
            session.username.as_str() == claims.sub
                && (session.secret_hash.is_none() || session.secret_hash == hash)
        }))
    }

    /// Returns the owner of the session if it is valid at `now`.
    async fn check(&self, session: &Session, now: TimestampMs) -> Result<User, AuthError> {
        if session.expires.is_some_and(|expires| expires <= now) {
            return Err(AuthError::Invalid);
        }
        let user = self.user(&session.username).await?;
        let user = user.ok_or(AuthError::Invalid)?;
        if session.epoch != user.password_epoch {
            return Err(AuthError::Invalid);
        }
        if self.is_banned(&user) {
            return Err(AuthError::Banned);
        }
        if !session.is_valid_for(&user) {
            return Err(AuthError::Invalid);
        }
        Ok(user)
    }

    /// Checks the session of a connection again, and renews it where that is due: an open
    /// connection is a use. Returns when to check next.
    ///
    /// # Errors
    /// [`AuthError`]: the session ended, its owner was banned, or the store fails.
    pub async fn check_again(&self, identity: &Identity) -> Result<TimestampMs, AuthError> {
        let session = self.0.store.session(&identity.session).await?;
        let session = session.filter(|session| session.username == identity.username);
        let session = session.ok_or(AuthError::Invalid)?;
        let now = now_ms();
        self.check(&session, now).await?;
        let expires = self.renew(&session, now).await;
        Ok(next_check(expires, now))
    }

    /// Removes the rows of expired sessions.
    ///
    /// # Errors
    /// If the store fails; it may be tried again.
    pub async fn purge_sessions(&self) -> Result<(), StoreError> {
        self.0.store.purge_sessions(now_ms()).await
    }

    /// Renews the session if that is due. Returns when it expires, `None` for never.
    async fn renew(&self, session: &Session, now: TimestampMs) -> Option<TimestampMs> {
        let expires = session.expires?;
        let renewed = now + as_ms(SESSION_LIFETIME);
        if renewed.saturating_sub(expires) < as_ms(SESSION_RENEWAL) {
            return Some(expires);
        }
        match self.0.store.renew_session(&session.id, renewed).await {
            Ok(()) => Some(renewed),
            Err(error) => {
                log_failure!(warn, error, "a session could not be renewed");
                Some(expires)
            }
        }
    }

    /// The sessions of a user that have not ended, the newest first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn sessions_of(&self, username: &Username) -> Result<Vec<Session>, StoreError> {
        let store = &self.0.store;
        let mut sessions = store.sessions_of(username, SESSIONS_LISTED_MAX).await?;
        let now = now_ms();
        sessions.retain(|session| session.expires.is_none_or(|expires| expires > now));
        Ok(sessions)
    }

    /// Ends a session of a user. Returns `false` if the user has no such session.
    ///
    /// # Errors
    /// If the store fails; the session may then still be valid.
    pub async fn revoke_own(&self, username: &Username, id: &str) -> Result<bool, StoreError> {
        let found = self.0.store.session(id).await?;
        let Some(session) = found.filter(|session| session.username == *username) else {
            return Ok(false);
        };
        self.0.store.revoke_session(id).await?;
        self.report_ended(session).await;
        Ok(true)
    }

    async fn report_ended(&self, session: Session) {
        let change = AccountChange::SessionRevoked(session.id);
        self.0.changes.report(&session.username, change).await;
    }
}

/// When an open connection checks its session next: at its end, and each day before that, since
/// the connection renews it.
fn next_check(expires: Option<TimestampMs>, now: TimestampMs) -> TimestampMs {
    let tomorrow = now + as_ms(SESSION_RENEWAL);
    expires.map_or(tomorrow, |expires| expires.min(tomorrow))
}
