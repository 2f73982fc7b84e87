//! Where a chat server keeps everything durable, behind one trait.
//!
//! [`Store`] has seven parts: [`LogStore`] for the rooms' logs and what is folded from them,
//! [`AccountStore`] for accounts and sessions, [`AdminStore`] for who the admins are, [`AuditStore`]
//! for who signed in and who changed what, [`PolicyStore`] for quotas and blocks, [`CodeStore`] for invites
//! and password resets, and [`ErasureStore`] for erasing people.
//! [`sqlite`] and [`mongo`] implement them, and one set of contract tests holds both.
//!
//! The only atomic operation that is asked of a database is a unique insert: an event's number in
//! its room decides between servers that append at the same time. A server appends with
//! [`LogStore::append`], and its answer says whether the events are stored:
//!
//! ```text
//!  append(room, after_seq, events) ──► Stored      acknowledge and deliver them
//!                                  ├─► Prefix      only the first ones; read the log, decide the rest again
//!                                  ├─► Lost        another server was first; read the log, decide again
//!                                  ├─► NonceTaken  a repetition; give the first answer
//!                                  └─► StoreError  not known; read the log before the next append
//! ```
//!
//! Projections (members, public rooms, mentions, the search index) are derived from the log, as
//! `projection.rs` says for both stores. When `append` answers, they include what was appended.
//!
//! The text of a [`StoreError`] is for the operator's log and never for a client.
#![warn(missing_docs)]

mod accounts;
mod admins;
mod audit;
mod background;
mod codes;
#[cfg(test)]
pub(crate) mod contract;
mod erasure;
mod health;
mod log;
pub mod mongo;
mod policy;
mod projection;
pub mod sqlite;
pub mod tokens;

pub use accounts::{
    AccountState, AccountStore, Avatar, CreateUser, NewPassword, NewUser, PasswordChange,
    PasswordEpoch, PasswordRecord, PlainPassword, SESSIONS_MAX, SecretHash, Session, User,
};
pub use admins::{ADMINS_MAX, AdminList, AdminStore};
pub use audit::{AUDIT_ENTRIES_MAX, AuditClass, AuditEntry, AuditId, AuditStore};
pub use background::{BackgroundRuntime, run_in_background};
pub use codes::{CODES_MAX, Code, CodeId, CodeKind, CodeStore, CodeUse, KeptCode};
pub use erasure::{ERASED_DISPLAY_NAME, ErasureStore};
pub use log::{
    Append, Found, LogStore, PAGE_BYTES_MAX, Page, PageLimit, PublicRoom, Search, Snapshot,
};
pub use policy::{BLOCKED_MAX, KNOWN_NETWORKS_MAX, PolicyStore, QuotaLimits, QuotaUse};

pub use chat_server_rules::ReadMark;

use std::sync::Arc;

/// The key of the value ([`AccountStore::value`]) that tells one log from another.
pub const LOG_ID: &str = "log_id";

/// Everything durable.
#[async_trait::async_trait]
pub trait Store:
    LogStore
    + AccountStore
    + AdminStore
    + AuditStore
    + PolicyStore
    + CodeStore
    + ErasureStore
    + std::fmt::Debug
{
    /// For logs: `sqlite` or `mongodb`.
    fn kind(&self) -> &'static str;

    /// Checks that the store answers and, where it is not in this process, that it acknowledges a
    /// write.
    ///
    /// # Errors
    /// Why it can't be used now.
    async fn check(&self) -> Result<(), StoreError>;

    /// How much is kept.
    ///
    /// # Errors
    /// Where the store does not answer.
    async fn usage(&self) -> Result<Usage, StoreError>;

    /// Ends all sessions, invites and password resets, then gives the log another id ([`LOG_ID`]). Clients drop what they keep of
    /// a log with another id.
    ///
    /// # Errors
    /// Where the store does not answer. Sessions may have ended then, and the call can be repeated.
    async fn replace_log_id(&self, id: &str) -> Result<(), StoreError>;

    /// Looks after the store, and is to be called every second: asks one that fails whether it works
    /// again, and tells the log once when a fault is over. A store without faults of its own does
    /// nothing.
    async fn tend(&self) {}

    /// How often the store has failed.
    fn faults(&self) -> FaultCount {
        FaultCount::default()
    }

    /// Waits until another server has taken the store over, so that this one must end. It never
    /// returns from a store that this can't happen to.
    async fn lost(&self) {
        std::future::pending().await
    }

    /// Finishes the writes that have begun and releases the database. Later calls fail with
    /// [`StoreError::Unavailable`].
    async fn close(&self);
}

/// How often a store has failed since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultCount {
    /// Calls that failed because the store as a whole does ([`StoreError::is_fault`]).
    pub failures: u64,
    /// Whether no write has worked since the last one.
    pub is_failing: bool,
}

/// How much a store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes that the database takes, its indexes included. MongoDB's oplog is not among them.
    pub bytes: u64,
    /// Rooms that have a log, direct ones included.
    pub rooms: u64,
    /// Events in all logs.
    pub events: u64,
}

/// A store as all parts of a server share it.
pub type SharedStore = Arc<dyn Store>;

/// The store did not do what it was asked, or it can't be known whether it did.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store does not answer, and may later. Whether a write took effect is not known until it
    /// is read back.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// The database itself is damaged: its file was overwritten, or the disk lost a part of it.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// It holds something that a newer version wrote and this one can't read.
    #[error("a newer version of chat-server wrote to the store: {0}")]
    TooNew(String),
    /// It holds something that no version should have written.
    #[error("the store holds something unexpected: {0}")]
    Corrupt(String),
    /// The call can't be answered, which is a fault of the caller. Nothing was changed.
    #[error("the store was asked for what can't be: {0}")]
    Refused(String),
}

impl StoreError {
    /// Whether the store as a whole fails, and not one call or one room. The store tells the log
    /// of such a fault itself, so its callers need not: see [`log_failure!`].
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Damaged(_) => true,
            Self::TooNew(_) | Self::Corrupt(_) | Self::Refused(_) => false,
        }
    }
}
