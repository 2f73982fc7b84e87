//! The part of the store that keeps accounts, sessions, and values that are set once.

use chat_shared::{Seq, TimestampMs, Username};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Sessions that a person has at a time. A new one ends the oldest above it.
pub const SESSIONS_MAX: usize = 100;

/// Accounts, sessions, and the few values that are made once.
#[async_trait::async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Makes an account, unless one stands whose name folds to the same. Its display name is its
    /// username at first.
    async fn create_user(&self, user: NewUser) -> Result<CreateUser, StoreError>;

    /// The account whose name is `name` to the letter, else the only one that folds to the same.
    async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError>;

    /// Accounts whose names come after `after`, by name (by their bytes).
    async fn users_after(&self, after: &str, limit: usize) -> Result<Vec<User>, StoreError>;

    /// How many accounts there are.
    async fn count_users(&self) -> Result<u64, StoreError>;

    /// Replaces an account's password and its epoch in one update, ends all the account's sessions
    /// but `kept`, and moves that one to the new epoch.
    ///
    /// It changes nothing where the account's epoch is no longer `verified`, the one that was read
    /// with the password that the caller checked. From the update on, no other session is valid;
    /// the rows of those that ended are removed afterwards, and a failure there is no error.
    async fn set_password(
        &self,
        username: &Username,
        verified: Option<&PasswordEpoch>,
        new: NewPassword,
        kept: Option<&str>,
    ) -> Result<PasswordChange, StoreError>;

    /// Passwords that the FastAPI demo left in plain text, `limit` at most, in no order. One that
    /// was converted is not among them.
    async fn plain_passwords(&self, limit: usize) -> Result<Vec<PlainPassword>, StoreError>;

    /// Replaces a plain password by its hash. One that was changed or converted meanwhile stays as
    /// it is, and so does another of the same name; that is no error.
    async fn convert_password(
        &self,
        username: &Username,
        plain: &str,
        argon2id: &str,
    ) -> Result<(), StoreError>;

    /// Changes the name that others see. Without such an account it is [`StoreError::Refused`].
    async fn set_display_name(
        &self,
        username: &Username,
        display_name: &str,
    ) -> Result<(), StoreError>;

    /// Keeps someone's picture in the place of the one before, under a name of its own.
    async fn set_avatar(&self, username: &Username, avatar: Avatar) -> Result<(), StoreError>;

    /// The picture of that name.
    async fn avatar(&self, name: &str) -> Result<Option<Avatar>, StoreError>;

    /// Bars someone from the server until then (`u64::MAX >> 11` is without an end), or lets them
    /// in again. `seq` is that of the lobby's event that says so, where it is known: of a ban the
    /// highest is kept as [`User::last_ban_seq`], also once the ban is lifted. Without such an
    /// account it is [`StoreError::Refused`].
    async fn set_banned(
        &self,
        username: &Username,
        until: Option<TimestampMs>,
        seq: Option<Seq>,
    ) -> Result<(), StoreError>;

    /// Someone's sessions that were not revoked, the newest first, `limit` at most. Those of an
    /// earlier password are among them until their rows are removed; see [`Session::is_valid_for`].
    async fn sessions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError>;

    /// Ends all of someone's sessions but `kept`.
    async fn revoke_sessions_of(
        &self,
        username: &Username,
        kept: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Keeps a new session, and ends the person's oldest ones so that [`SESSIONS_MAX`] are left.
    /// Returns the ids of those. A session whose id is there already is [`StoreError::Refused`].
    async fn create_session(&self, session: Session) -> Result<Vec<String>, StoreError>;

    /// The session, unless it was revoked. One that expired or that an earlier password opened is
    /// returned; the caller knows the time and the account.
    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError>;

    /// Lets the session live until `expires`. One that was revoked stays so, which is no error.
    async fn renew_session(&self, id: &str, expires: TimestampMs) -> Result<(), StoreError>;

    /// Ends the session. One that is not there is no error.
    async fn revoke_session(&self, id: &str) -> Result<(), StoreError>;

    /// Forgets sessions that ended before `before`.
    async fn purge_sessions(&self, before: TimestampMs) -> Result<(), StoreError>;

    /// Sets `key` to `value` unless it has one, and returns the value that is there.
    async fn insert_if_absent(&self, key: &str, value: &str) -> Result<String, StoreError>;

    /// The value of `key`, where it has one.
    async fn value(&self, key: &str) -> Result<Option<String>, StoreError>;
}

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub username: Username,
    pub password: PasswordRecord,
    pub display_name: String,
    pub bot: bool,
    pub created: TimestampMs,
    /// The name of their picture, where they gave one.
    pub avatar: Option<String>,
    /// Barred from the server until then.
    pub banned_until: Option<TimestampMs>,
    /// The seq in the lobby's log of the last ban, lifted or not. A session that had seen less of
    /// that log is not valid any more.
    pub last_ban_seq: Option<Seq>,
    /// Which of the account's passwords is `password`. `None` until it is changed for the first
    /// time.
    pub password_epoch: Option<PasswordEpoch>,
}

/// A picture as it is served.
#[derive(Clone, PartialEq, Eq)]
pub struct Avatar {
    /// Made from its bytes, so that another picture has another name.
    pub name: String,
    pub png: Vec<u8>,
}

impl std::fmt::Debug for Avatar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Avatar")
            .field("name", &self.name)
            .field("bytes", &self.png.len())
            .finish_non_exhaustive()
    }
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub username: Username,
    pub password: PasswordRecord,
    pub bot: bool,
    pub created: TimestampMs,
}

/// How a password is kept. A field marks what it is, never the look of the string.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordRecord {
    /// argon2id, as a PHC string.
    Argon2id(String),
    /// As the FastAPI demo kept it. One of several opens the account.
    Plain(Vec<String>),
    /// Nothing opens the account.
    Missing,
    /// One of several opens the account: its name stood twice in the demo's database. Only a store
    /// makes it.
    AnyOf(Vec<PasswordRecord>),
}

/// A password in plain text that is to be converted.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainPassword {
    pub username: Username,
    pub password: String,
}

impl std::fmt::Debug for PlainPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlainPassword")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PasswordRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Argon2id(_) => "Argon2id(…)",
            Self::Plain(_) => "Plain(…)",
            Self::Missing => "Missing",
            Self::AnyOf(_) => "AnyOf(…)",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateUser {
    /// Made. `first`: no other account stood before.
    Created { first: bool },
    /// A name that folds to the same stands.
    NameTaken,
}

/// Tells an account's passwords apart: 128 random bits in text, drawn again with each change.
///
/// It is no counter, so that a store which loses an update can't bring an earlier one back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordEpoch(pub String);

/// A password that replaces another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPassword {
    pub record: PasswordRecord,
    pub epoch: PasswordEpoch,
}

/// What became of a password change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordChange {
    Done,
    /// The account has another password than the one that was verified; nothing was changed.
    Outdated,
    /// There is no such account.
    NoSuchUser,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Public: `welcome` and the list of sessions show it.
    pub id: String,
    pub username: Username,
    pub created: TimestampMs,
    /// `None`: until revoked, as bots have them.
    pub expires: Option<TimestampMs>,
    /// Of the secret that the token carries. `None` for a session from before there were secrets,
    /// whose token is proved by its signature alone.
    pub secret_hash: Option<SecretHash>,
    /// The epoch of the password that the sign-in verified.
    pub epoch: Option<PasswordEpoch>,
    /// Up to where the lobby's log was read at sign-in; 0 for a session from before that was kept.
    pub lobby_seq: Seq,
}

impl Session {
    /// Whether `user` is the session's and has still the password that opened it, and was not
    /// banned since. Its end and a ban that lasts are for the caller to check.
    pub fn is_valid_for(&self, user: &User) -> bool {
        self.username == user.username
            && self.epoch == user.password_epoch
            && user.last_ban_seq.is_none_or(|seq| seq <= self.lobby_seq)
    }
}

/// SHA-256 of a session's secret, so that a copied database signs nobody in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash(…)")
    }
}
