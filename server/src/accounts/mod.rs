//! Accounts, passwords, sessions, and who the admin is.
//!
//! The session's row in the store is the truth: every check asks for it, so that a session which is
//! revoked ends at once. A token carries the session's public id and a secret, and is signed; the
//! store has only a hash of the secret, so that a copied database signs nobody in.
//!
//! A password is checked, then a session is made, and the account may change between the two. So
//! a session remembers which password opened it (an epoch) and which ban was the account's last at
//! that time, and is valid only while the account says the same ([`Session::is_valid_for`]).
//!
//! [`RegisterError`], [`LogInError`] and [`AuthError`] leave this module. A log-in's error never
//! tells whether the name exists, nor does the time that it takes.

mod avatar;
mod convert;
mod error;
mod password;
mod people;
mod picture;
mod token;

pub use avatar::avatar_path;
pub use error::{
    AuthError, AvatarError, LogInError, OpenError, PasswordChangeError, RegisterError,
};
pub use picture::{PictureError, draw};
pub use token::SigningKeyError;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use chat_shared::{TimestampMs, Username, check_new_password};
use tokio::sync::mpsc;

use chat_rules::AccountChange;
use chat_store::{CreateUser, NewUser, PasswordRecord, Session, SharedStore, StoreError, User};
use password::{Passwords, Verdict};
use picture::Pictures;
use token::{Keyring, Secret, SessionClaims, random_id};

/// A session that is not used for this long ends.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A session is renewed at most this often, so that not every request writes.
const SESSION_RENEWAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Under which key the store keeps the admin's name.
const ADMIN_CLAIM: &str = "admin";

/// A cheap handle; clones share everything.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: SharedStore,
    passwords: Passwords,
    pictures: Pictures,
    keys: Keyring,
    admin: OnceLock<Username>,
    count: AtomicU64,
    events: mpsc::Sender<AccountEvent>,
    act: OnceLock<Act>,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("count", &self.account_count())
            .finish_non_exhaustive()
    }
}

/// Acts on a change before whoever made it is answered.
type Act = Box<dyn Fn(&Username, &AccountChange) + Send + Sync>;

/// What an operator chooses about accounts.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The admin's account, to the letter; else the first one made.
    pub admin: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub username: Username,
    /// The session's id, which is no secret.
    pub session: String,
    pub bot: bool,
    /// Whether this is the server's admin.
    pub admin: bool,
    /// When a connection of this session must check it again, in milliseconds since 1970.
    pub check_at: TimestampMs,
}

/// A session that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    pub identity: Identity,
    pub display_name: String,
    /// Where their picture is, as a path of this server.
    pub avatar: String,
    /// `None`: until revoked.
    pub expires: Option<TimestampMs>,
}

/// A session just made, with the token that opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    pub username: Username,
    pub token: String,
    /// `None`: until revoked.
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

/// What is to be acted on at once, here and on every other node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEvent {
    pub username: Username,
    pub change: AccountChange,
}

impl Accounts {
    /// Loads what was made once, or makes it. `events` is told of what others must know.
    ///
    /// # Errors
    /// [`OpenError`], for the operator.
    pub async fn open(
        store: SharedStore,
        options: Options,
        events: mpsc::Sender<AccountEvent>,
    ) -> Result<Self, OpenError> {
        let keys = Keyring::load(&*store).await?;
        let count = store.count_users().await?;
        let admin = OnceLock::new();
        if let Some(username) = find_admin(&store, options, count).await? {
            let _ = admin.set(username);
        }
        let passwords = Passwords::new()?;
        let count = AtomicU64::new(count);
        Ok(Self(Arc::new(Inner {
            store,
            passwords,
            pictures: Pictures::default(),
            keys,
            admin,
            count,
            events,
            act: OnceLock::new(),
        })))
    }

    /// Calls `act` with every change that is made here, before the change is answered, so that a
    /// person who signed out can do nothing more. Only the first call of `act_by` counts.
    pub fn act_by(&self, act: impl Fn(&Username, &AccountChange) + Send + Sync + 'static) {
        let _ = self.0.act.set(Box::new(act));
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(
        &self,
        username: &str,
        password: String,
        bot: bool,
    ) -> Result<Username, RegisterError> {
        let Inner {
            store, passwords, ..
        } = &*self.0;
        let username = Username::parse_new(username)?;
        check_new_password(&password)?;
        // Only to spare the hash; the store decides below.
        if store.find_user(username.as_str()).await?.is_some() {
            return Err(RegisterError::Taken);
        }
        let password = passwords
            .hash(password)
            .await
            .map_err(|_| RegisterError::Busy)?;
        let user = NewUser {
            username: username.clone(),
            password: PasswordRecord::Argon2id(password),
            bot,
            created: now_ms(),
        };
        match store.create_user(user).await? {
            CreateUser::NameTaken => return Err(RegisterError::Taken),
            CreateUser::Created { first } => {
                self.0.count.fetch_add(1, Ordering::Relaxed);
                if first && self.admin().is_none() {
                    // The account stands whatever becomes of this; a restart claims again.
                    match store.insert_if_absent(ADMIN_CLAIM, username.as_str()).await {
                        Ok(admin) => drop(self.0.admin.set(Username::existing(&admin))),
                        Err(error) => tracing::error!(%error, "the admin could not be kept"),
                    }
                }
            }
        }
        tracing::info!(%username, bot, "account created");
        Ok(username)
    }

    /// Checks a password and makes a session. No rule of names or passwords applies: whoever the
    /// FastAPI demo let in is let in.
    ///
    /// # Errors
    /// [`LogInError`].
    pub async fn log_in(&self, name: &str, password: String) -> Result<NewSession, LogInError> {
        let Inner {
            store,
            passwords,
            keys,
            ..
        } = &*self.0;
        let user = store.find_user(name).await?;
        let record = user.as_ref().map(|user| user.password.clone());
        let verdict = passwords
            .verify(password.clone(), record)
            .await
            .map_err(|_| LogInError::Busy)?;
        let (Some(user), Verdict::Right { rehashed }) = (user, verdict) else {
            return Err(LogInError::Invalid);
        };
        if self.is_banned(&user) {
            return Err(LogInError::Banned);
        }
        if let Some(hash) = rehashed {
            // The log-in is good all the same, and the next one tries again.
            let converted = store.convert_password(&user.username, &password, &hash);
            if let Err(error) = converted.await {
                tracing::warn!(%error, username = ?user.username.as_str(), "a password stays unconverted");
            }
        }
        let created = now_ms();
        let expires = (!user.bot).then(|| created + as_ms(SESSION_LIFETIME));
        let username = user.username;
        let random = |error: getrandom::Error| StoreError::Unavailable(error.to_string());
        let id = random_id().map_err(random)?;
        let secret = Secret::random().map_err(random)?;
        let session = Session {
            id: id.clone(),
            username: username.clone(),
            created,
            expires,
            secret_hash: Some(secret.hash()),
            epoch: user.password_epoch,
            lobby_seq: user.last_ban_seq.unwrap_or_default(),
        };
        let token = keys
            .sign(&SessionClaims::new(&username, &id, secret, created))
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        for ended in store.create_session(session.clone()).await? {
            let change = AccountChange::SessionRevoked(ended);
            self.tell(&username, change).await;
        }
        // The account may have changed since its password was looked at.
        let now = self.user(&username).await?.ok_or(LogInError::Invalid)?;
        if self.is_banned(&now) {
            store.revoke_session(&id).await?;
            return Err(LogInError::Banned);
        }
        if !session.is_valid_for(&now) {
            store.revoke_session(&id).await?;
            return Err(LogInError::Invalid);
        }
        Ok(NewSession {
            username,
            token,
            expires,
        })
    }

    /// Who the token speaks for.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] where it opens no session (any more).
    pub async fn authenticate(&self, token: &str) -> Result<Identity, AuthError> {
        Ok(self.session(token).await?.identity)
    }

    /// The session that the token opens, renewed where that is due.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] where it opens no session (any more).
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
                admin,
                check_at: next_check(expires, now),
            },
            avatar: avatar_path(&user),
            display_name: user.display_name,
            expires,
        })
    }

    /// Ends the session that the token opens, also one whose owner is banned, and closes its
    /// sockets. A token that opens none is no error.
    ///
    /// # Errors
    /// Where the store fails; the session may then still be there.
    pub async fn sign_out(&self, token: &str) -> Result<(), StoreError> {
        let Some(session) = self.find_session(token).await? else {
            return Ok(());
        };
        self.0.store.revoke_session(&session.id).await?;
        self.tell_ended(session).await;
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

    /// Whether the session is valid at `now`, and whose it is.
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

    /// How many accounts there are, as far as this server knows.
    pub fn account_count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// The server's admin, once there is one.
    pub fn admin(&self) -> Option<&Username> {
        self.0.admin.get()
    }

    /// Whether this is the server's admin.
    pub fn is_admin(&self, username: &Username) -> bool {
        self.admin() == Some(username)
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn store_answers(&self) -> Result<(), StoreError> {
        self.0.store.value(ADMIN_CLAIM).await.map(drop)
    }

    /// Forgets sessions that have ended by themselves.
    ///
    /// # Errors
    /// Where the store fails; it may be tried again.
    pub async fn purge_sessions(&self) -> Result<(), StoreError> {
        self.0.store.purge_sessions(now_ms()).await
    }

    async fn user(&self, username: &Username) -> Result<Option<User>, StoreError> {
        let found = self.0.store.find_user(username.as_str()).await?;
        Ok(found.filter(|user| user.username == *username))
    }

    /// Where the first account was made on another node, the store knows the admin before us.
    async fn is_admin_anywhere(&self, username: &Username) -> Result<bool, StoreError> {
        if self.admin().is_none()
            && let Some(admin) = self.0.store.value(ADMIN_CLAIM).await?
        {
            let _ = self.0.admin.set(Username::existing(&admin));
        }
        Ok(self.is_admin(username))
    }

    /// Until when the session now stands.
    async fn renew(&self, session: &Session, now: TimestampMs) -> Option<TimestampMs> {
        let expires = session.expires?;
        let renewed = now + as_ms(SESSION_LIFETIME);
        if renewed.saturating_sub(expires) < as_ms(SESSION_RENEWAL) {
            return Some(expires);
        }
        match self.0.store.renew_session(&session.id, renewed).await {
            Ok(()) => Some(renewed),
            Err(error) => {
                tracing::warn!(%error, "a session could not be renewed");
                Some(expires)
            }
        }
    }
}

/// Replaces the key that signs tokens. Tokens that were signed before stay valid.
///
/// # Errors
/// [`SigningKeyError`], for the operator.
pub async fn rotate_key(store: &SharedStore) -> Result<(), SigningKeyError> {
    Keyring::rotate(&**store).await
}

async fn find_admin(
    store: &SharedStore,
    options: Options,
    count: u64,
) -> Result<Option<Username>, StoreError> {
    if let Some(name) = options.admin {
        let found = store.find_user(&name).await?.map(|user| user.username);
        if found.is_none() {
            tracing::warn!(
                admin = name,
                "whoever registers this name first is the admin"
            );
        }
        return Ok(Some(found.unwrap_or_else(|| Username::existing(&name))));
    }
    if let Some(name) = store.value(ADMIN_CLAIM).await? {
        return Ok(Some(Username::existing(&name)));
    }
    // A crash right after the first account was made leaves it unclaimed.
    if count == 1
        && let Some(user) = store.users_after("", 1).await?.pop()
    {
        let name = store
            .insert_if_absent(ADMIN_CLAIM, user.username.as_str())
            .await?;
        return Ok(Some(Username::existing(&name)));
    }
    if count > 0 {
        tracing::warn!("nobody is the server's admin; --admin NAME says who is");
    }
    Ok(None)
}

/// When an open connection checks its session next: at its end, and each day before that, since
/// the connection renews it.
fn next_check(expires: Option<TimestampMs>, now: TimestampMs) -> TimestampMs {
    let tomorrow = now + as_ms(SESSION_RENEWAL);
    expires.map_or(tomorrow, |expires| expires.min(tomorrow))
}

/// Milliseconds since 1970 UTC.
fn now_ms() -> TimestampMs {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, as_ms)
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
