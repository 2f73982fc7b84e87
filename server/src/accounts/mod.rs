//! Accounts, passwords, sessions, and who the admins are.
//!
//! The session's row in the store is the truth: every check asks for it, so that a session which is
//! revoked ends at once. A token carries the session's public id and a secret, and is signed; the
//! store has only a hash of the secret, so that a copied database signs nobody in.
//!
//! A password is checked, then a session is made, and the account may change between the two. So
//! a session remembers which password opened it (an epoch) and which ban was the account's last at
//! that time, and is valid only while the account says the same ([`chat_server_store::Session::is_valid_for`]).
//!
//! [`RegisterError`], [`SignInError`] and [`AuthError`] leave this module. A sign-in's error never
//! tells whether the name exists, nor does the time that it takes.

mod admin;
mod admins;
mod audit;
mod avatar;
mod changes;
mod convert;
mod error;
mod invites;
mod networks;
mod operator;
mod password;
mod people;
mod picture;
mod policy;
mod registration;
mod resets;
mod sessions;
mod sign_in;
mod states;
mod token;

pub use audit::{AuditAction, Audited, audit_info};
pub use avatar::avatar_path;
pub use changes::{AccountEvent, ChangeReporter, ReportedChange, ReportedChanges, change_reports};
pub use error::{
    AdminError, AuthError, AvatarError, OpenError, PasswordChangeError, RegisterError, ResetError,
    SignInError, StateError,
};
pub use invites::{InviteError, NewCodeError, NewInvite, SecretCode, invite_info};
pub use password::{HASHES_AT_ONCE_MAX, MEMORY_KIB};
#[cfg(feature = "fuzzing")]
pub(crate) use password::{Passwords as PasswordChecks, Verdict};
#[cfg(feature = "fuzzing")]
pub(crate) use picture::make as make_picture;
pub use picture::{DECODED_AT_ONCE_MAX, DECODED_BYTES_MAX, PictureError, draw};
#[cfg(feature = "fuzzing")]
pub(crate) use policy::is_reserved;
pub use policy::{NewPasswordError, WeakPassword};
pub use registration::{Registration, SignUp, SignedUp};
pub use sessions::{Identity, LiveSession, NewSession, SESSION_LIFETIME};
pub use token::SigningKeyError;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use chat_shared::{TimestampMs, Username};

use admin::{Vacancy, find_admins};
use admins::Admins;
use audit::AuditWriter;
use chat_server_store::{FaultCount, SharedStore, StoreError, User};
use networks::NetworkHasher;
use password::Passwords;
use picture::Pictures;
use registration::find_registration;
use token::Keyring;

/// A cheap handle; clones share everything.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: SharedStore,
    passwords: Passwords,
    pictures: Pictures,
    keys: Keyring,
    networks: NetworkHasher,
    admins: Admins,
    vacancy: Vacancy,
    registration: Registration,
    count: AtomicU64,
    changes: ChangeReporter,
    audit: AuditWriter,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("count", &self.account_count())
            .finish_non_exhaustive()
    }
}

/// Settings of the operator about accounts.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The admin's account, to the letter. Without it the first person who claims the right gets it.
    pub admin: Option<String>,
    /// Whether others than this machine's users can reach the server.
    pub is_exposed: bool,
    /// The people who may create an account, if the operator says so. If not, the store does.
    pub registration: Option<Registration>,
}

impl Accounts {
    /// Loads the signing key, the admins' names and who may sign up, or creates them. Every change of an account is
    /// reported to `changes`.
    ///
    /// # Errors
    /// [`OpenError`], for the operator.
    pub async fn open(
        store: SharedStore,
        options: Options,
        changes: ChangeReporter,
    ) -> Result<Self, OpenError> {
        Self::open_with(store, options, changes, Passwords::new()?).await
    }

    async fn open_with(
        store: SharedStore,
        options: Options,
        changes: ChangeReporter,
        passwords: Passwords,
    ) -> Result<Self, OpenError> {
        let keys = Keyring::load(&*store).await?;
        let networks = NetworkHasher::load(&store).await?;
        let count = store.count_users().await?;
        let registration = find_registration(&store, &options, count).await?;
        let (admins, vacancy) = find_admins(&store, options).await?;
        let count = AtomicU64::new(count);
        Ok(Self(Arc::new(Inner {
            audit: AuditWriter::start(Arc::clone(&store)),
            store,
            passwords,
            pictures: Pictures::default(),
            keys,
            networks,
            admins,
            vacancy,
            registration,
            count,
            changes,
        })))
    }

    /// How many accounts there are, as far as this server knows.
    pub fn account_count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn store_answers(&self) -> Result<(), StoreError> {
        self.0.store.check().await
    }

    /// The store's failures since it was opened.
    pub fn store_faults(&self) -> FaultCount {
        self.0.store.faults()
    }

    async fn user(&self, username: &Username) -> Result<Option<User>, StoreError> {
        let found = self.0.store.find_user(username.as_str()).await?;
        Ok(found.filter(|user| user.username == *username))
    }
}

/// Replaces the key that signs tokens. Tokens that were signed before stay valid.
///
/// # Errors
/// [`SigningKeyError`], for the operator.
pub async fn rotate_key(store: &SharedStore) -> Result<(), SigningKeyError> {
    Keyring::rotate(&**store).await
}

/// Milliseconds since 1970 UTC.
pub(crate) fn now_ms() -> TimestampMs {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, as_ms)
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
