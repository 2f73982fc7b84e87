//! Where everything durable lies, behind one trait.
//!
//! The only atomic thing asked of a database is a unique insert: an event's number in its room is
//! the fence between nodes. What is folded from the log (who is a member, which rooms are public)
//! a store keeps as projections of its own and repairs from the log; when `append` answers, they
//! hold what was appended.
//!
//! [`StoreError`] leaves this module; its text is for the operator's log, never for a client.

mod accounts;
#[cfg(test)]
pub(crate) mod contract;
mod log;
pub mod mongo;
mod projection;
pub mod sqlite;
pub mod tokens;

pub use accounts::{
    AccountStore, Avatar, CreateUser, NewPassword, NewUser, PasswordChange, PasswordEpoch,
    PasswordRecord, PlainPassword, SESSIONS_MAX, SecretHash, Session, User,
};
pub use log::{
    Append, Found, LogStore, PAGE_BYTES_MAX, Page, PageLimit, PublicRoom, Search, Snapshot,
};

pub use chat_rules::ReadMark;

use std::sync::Arc;

/// Everything durable.
#[async_trait::async_trait]
pub trait Store: LogStore + AccountStore + std::fmt::Debug {
    /// For logs: `sqlite` or `mongodb`.
    fn kind(&self) -> &'static str;

    /// Finishes what was begun and lets go. Whoever asks afterwards is told that it is closed.
    async fn close(&self);
}

pub type SharedStore = Arc<dyn Store>;

/// The store did not do what it was asked, or it can't be known whether it did.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It may work when tried again. After a write, what became of it must be read back.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// It holds something that a newer version wrote and this one can't read.
    #[error("a newer version of chat-server wrote to the store: {0}")]
    TooNew(String),
    /// It holds something that no version should have written.
    #[error("the store holds something unexpected: {0}")]
    Corrupt(String),
    /// It was asked for what can't be; that is a fault of the caller. Nothing was changed.
    #[error("the store was asked for what can't be: {0}")]
    Refused(String),
}
