//! The part of the store that keeps accounts, sessions, and values that are set once.

use chat_shared::{Seq, TimestampMs, Username};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Sessions that a person has at a time. A new one ends the oldest above it.
pub const SESSIONS_MAX: usize = 100;

/// Accounts, sessions, and the few values that are made once.
#[async_trait::async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Creates an account, unless there is one whose name differs only in case. Its display name
    /// is its username at first.
    async fn create_user(&self, user: NewUser) -> Result<CreateUser, StoreError>;

    /// The account whose name is `name` to the letter, else the only one that folds to the same.
    async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError>;

    /// Accounts whose names come after `after`, by name (by their bytes).
    async fn users_after(&self, after: &str, limit: usize) -> Result<Vec<User>, StoreError>;

    /// Whether there is an account that is no bot's.
    async fn has_people(&self) -> Result<bool, StoreError>;

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

    /// Stores a person's picture, under a name of its own, in place of the one before. Without such an
    /// account, and if it was erased, it is [`StoreError::Refused`].
    async fn set_avatar(&self, username: &Username, avatar: Avatar) -> Result<(), StoreError>;

    /// The picture of that name.
    async fn avatar(&self, name: &str) -> Result<Option<Avatar>, StoreError>;

    /// Bans a person from the server until then (`u64::MAX >> 11` for no end), or lifts the ban.
    /// `seq` is that of the lobby's event, if it is known: the highest of a ban is kept as [`User::last_ban_seq`], also once the ban is lifted. Without such an
    /// account it is [`StoreError::Refused`].
    async fn set_banned(
        &self,
        username: &Username,
        until: Option<TimestampMs>,
        seq: Option<Seq>,
    ) -> Result<(), StoreError>;

    /// Changes whether an account can be used. Without such an account, and if it was erased, it is
    /// [`StoreError::Refused`].
    async fn set_state(&self, username: &Username, state: AccountState) -> Result<(), StoreError>;

    /// The sessions of a person that were not revoked, the newest first, `limit` at most. Those of an
    /// earlier password are among them until their rows are removed; see [`Session::is_valid_for`].
    async fn sessions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError>;

    /// Ends all sessions of a person but `kept`.
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

    /// Removes sessions that expired before `before`.
    async fn purge_sessions(&self, before: TimestampMs) -> Result<(), StoreError>;

    /// Sets `key` to `value` unless it has one, and returns the value that is there.
    async fn insert_if_absent(&self, key: &str, value: &str) -> Result<String, StoreError>;

    /// The value of `key`, where it has one.
    async fn value(&self, key: &str) -> Result<Option<String>, StoreError>;
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The unique name, in the spelling of the sign-up.
    pub username: Username,
    /// The password, or what verifies it.
    pub password: PasswordRecord,
    /// The name that clients show.
    pub display_name: String,
    /// Whether the account is a bot's.
    pub bot: bool,
    /// When the account was created, in milliseconds since 1970 UTC.
    pub created: TimestampMs,
    /// The name of the picture ([`Avatar::name`]), if there is one.
    pub avatar: Option<String>,
    /// When the ban from the server ends, in milliseconds since 1970 UTC; it may be past. `None`
    /// for no ban.
    pub banned_until: Option<TimestampMs>,
    /// The seq in the lobby's log of the last ban, lifted or not. A session that had seen less of
    /// that log is not valid any more.
    pub last_ban_seq: Option<Seq>,
    /// Which of the account's passwords is `password`. `None` until it is changed for the first
    /// time.
    pub password_epoch: Option<PasswordEpoch>,
    /// Whether the account can be used.
    pub state: AccountState,
}

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountState {
    /// Its owner can sign in.
    #[default]
    Active,
    /// Nobody can sign in to it until it is active again. Its name stays taken.
    Deactivated,
    /// Everything about it but its name was removed.
    Erased,
}

impl AccountState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Deactivated, Self::Erased];

    /// The name in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Erased => "erased",
        }
    }

    /// The state of an account that a store has under this name.
    pub(crate) fn named(name: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| StoreError::TooNew(format!("an account is {name:?}")))
    }
}

/// A picture as it is served.
#[derive(Clone, PartialEq, Eq)]
pub struct Avatar {
    /// Made from its bytes, so that another picture has another name.
    pub name: String,
    /// The picture's file.
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
    /// The unique name.
    pub username: Username,
    /// The password, or what verifies it.
    pub password: PasswordRecord,
    /// Whether the account is a bot's.
    pub bot: bool,
    /// Milliseconds since 1970 UTC.
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
    /// The account.
    pub username: Username,
    /// The password.
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

/// The outcome of creating an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateUser {
    /// The account was created.
    Created,
    /// An account has this name, or one that differs only in case.
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
    /// The new password.
    pub record: PasswordRecord,
    /// Its epoch, new too.
    pub epoch: PasswordEpoch,
}

/// The outcome of a password change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordChange {
    /// The password was changed.
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
    /// The account that signed in.
    pub username: Username,
    /// When, in milliseconds since 1970 UTC.
    pub created: TimestampMs,
    /// When the session ends, in milliseconds since 1970 UTC. `None`, as bots have it, for a
    /// session that lasts until it is revoked.
    pub expires: Option<TimestampMs>,
    /// The hash of the secret that the token carries. `None` for a session from before there were secrets,
    /// whose token is proved by its signature alone.
    pub secret_hash: Option<SecretHash>,
    /// The epoch of the password that the sign-in verified.
    pub epoch: Option<PasswordEpoch>,
    /// Up to where the lobby's log was read at sign-in; 0 for a session from before that was kept.
    pub lobby_seq: Seq,
}

impl Session {
    /// Whether `user` owns the session, can be signed in to, still has the password that opened it,
    /// and was not banned since. The caller checks the session's end and a ban that is in force.
    pub fn is_valid_for(&self, user: &User) -> bool {
        self.username == user.username
            && user.state == AccountState::Active
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
