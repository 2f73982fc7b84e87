use chat_shared::{TimestampMs, Username};

use super::StoreError;

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

    /// Replaces an account's password. Without such an account it is [`StoreError::Refused`].
    async fn set_password(
        &self,
        username: &Username,
        password: PasswordRecord,
    ) -> Result<(), StoreError>;

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

    /// Bars someone from the server until then (for good: `u64::MAX >> 11`), or lets them in
    /// again. Without such an account it is [`StoreError::Refused`].
    async fn set_banned(
        &self,
        username: &Username,
        until: Option<TimestampMs>,
    ) -> Result<(), StoreError>;

    /// Someone's sessions that were not revoked, the newest first, `limit` at most.
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

    /// Keeps a new session. One whose id stands already is [`StoreError::Refused`].
    async fn create_session(&self, session: Session) -> Result<(), StoreError>;

    /// The session, unless it was revoked. An expired one is returned; the caller knows the time.
    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError>;

    /// Lets the session live until `expires`. One that was revoked stays so, which is no error.
    async fn renew_session(&self, id: &str, expires: TimestampMs) -> Result<(), StoreError>;

    /// Ends the session for good. One that is not there is no error.
    async fn revoke_session(&self, id: &str) -> Result<(), StoreError>;

    /// Forgets sessions that ended before `before`.
    async fn purge_sessions(&self, before: TimestampMs) -> Result<(), StoreError>;

    /// Sets `key` to `value` unless it has one, and returns the one that stands.
    async fn claim(&self, key: &str, value: &str) -> Result<String, StoreError>;

    /// The value of `key`, where one was claimed.
    async fn claimed(&self, key: &str) -> Result<Option<String>, StoreError>;
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

/// Someone is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub username: Username,
    pub created: TimestampMs,
    /// `None`: until revoked, as bots have them.
    pub expires: Option<TimestampMs>,
}
