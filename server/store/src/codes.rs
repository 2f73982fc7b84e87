//! The part of the store that keeps codes which let somebody in: invites and password resets.

use chat_shared::{RoomName, TimestampMs, Username};

use super::{PasswordEpoch, StoreError};

/// Codes of one kind that a store keeps, expired ones not counted.
pub const CODES_MAX: usize = 500;

/// Codes and their uses. A store has a hash of a code and never the code.
#[async_trait::async_trait]
pub trait CodeStore: Send + Sync + 'static {
    /// Keeps a new code. Returns `false`, and keeps nothing, where [`CODES_MAX`] of its kind are kept
    /// that have not expired at its creation.
    async fn add_code(&self, code: Code) -> Result<bool, StoreError>;

    /// A code and how often it was used, also once it has expired.
    async fn code(&self, kind: CodeKind, id: &CodeId) -> Result<Option<KeptCode>, StoreError>;

    /// All codes of a kind, expired ones included, the newest first.
    async fn codes(&self, kind: CodeKind) -> Result<Vec<KeptCode>, StoreError>;

    /// Takes one use of a code, in one step: of several at the same time no more succeed than the
    /// code has uses, and none once [`CodeStore::remove_code`] has returned. `attempt` tells this
    /// call from all others. If the store fails, the use may have been taken; the store gives it back
    /// once it works again, unless the process ends before.
    async fn use_code(
        &self,
        kind: CodeKind,
        id: &CodeId,
        attempt: &str,
        now: TimestampMs,
    ) -> Result<CodeUse, StoreError>;

    /// Gives the use back that [`CodeStore::use_code`] has taken for `attempt`. The store may do so
    /// later if it fails at the moment.
    async fn give_code_back(
        &self,
        kind: CodeKind,
        id: &CodeId,
        attempt: &str,
    ) -> Result<(), StoreError>;

    /// Removes a code. Returns whether it was there.
    async fn remove_code(&self, kind: CodeKind, id: &CodeId) -> Result<bool, StoreError>;

    /// Removes codes that expired before `before`.
    async fn purge_codes(&self, before: TimestampMs) -> Result<(), StoreError>;
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// Creating an account.
    Invite,
    /// Giving an account a new password.
    Reset,
}

impl CodeKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Invite, Self::Reset];

    /// The name in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Reset => "reset",
        }
    }
}

/// The hash of a code, in text. It opens nothing, so that it can be shown and a code be named by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CodeId(pub String);

/// A code that lets somebody in until it expires or has no more uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The hash of the code.
    pub id: CodeId,
    /// What it is for.
    pub kind: CodeKind,
    /// Who made it; `None` for the operator.
    pub by: Option<Username>,
    /// When it was made, in milliseconds since 1970 UTC.
    pub created: TimestampMs,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expires: TimestampMs,
    /// How often it can be used. In MongoDB each use is a document.
    pub uses: u32,
    /// Of an invite: the room that the newcomer joins.
    pub room: Option<RoomName>,
    /// Of a reset: the account.
    pub account: Option<Username>,
    /// Of a reset: which of the account's passwords it replaces.
    pub epoch: Option<PasswordEpoch>,
}

/// A code as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCode {
    /// The code.
    pub code: Code,
    /// How often it was used.
    pub used: u32,
}

/// The outcome of a use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeUse {
    /// The use of this code is taken.
    Taken(Code),
    /// There is no such code, or it was removed.
    Unknown,
    /// The code has expired.
    Expired,
    /// All its uses are taken.
    UsedUp,
}
