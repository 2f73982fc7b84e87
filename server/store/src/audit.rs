//! The part of the store that keeps the audit: who signed in and who changed what.

use chat_shared::{RoomName, TimestampMs, Username};

use super::StoreError;

/// Entries of one class that are kept. When there are more, a purge removes the oldest.
pub const AUDIT_ENTRIES_MAX: usize = 100_000;

/// The audit. Entries are added and expire; nothing changes one.
#[async_trait::async_trait]
pub trait AuditStore: Send + Sync + 'static {
    /// Keeps entries. One whose id is kept already is the same entry, which is no error.
    async fn add_audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError>;

    /// The newest entries older than `before`, `limit` at most, the newest first.
    async fn audit(
        &self,
        before: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// Removes the entries from before the time `before`, and of each class the oldest above
    /// [`AUDIT_ENTRIES_MAX`].
    async fn purge_audit(&self, before: TimestampMs) -> Result<(), StoreError>;
}

/// Names an entry. In the order of their ids entries are in the order of their times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditId(pub String);

impl AuditId {
    /// The id of an entry of this time. `random` tells it from others.
    pub fn new(ts: TimestampMs, random: &str) -> Self {
        Self(format!("{ts:015}-{random}"))
    }

    /// Less than the ids of all entries of this time and later.
    pub(crate) fn at(ts: TimestampMs) -> String {
        format!("{ts:015}")
    }
}

/// The kind of an entry. Each class has its own bound, so that neither strangers who guess passwords
/// nor the owners of rooms push out what admins did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditClass {
    /// Somebody signed in or out.
    SignIn,
    /// Somebody failed to.
    Failure,
    /// Somebody changed something, other than in a room that people own.
    Change,
    /// Somebody changed a role, a ban or a mute in a room that people own. Every user can make such a
    /// room, and as many of these entries as they like.
    Room,
}

impl AuditClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::SignIn, Self::Failure, Self::Change, Self::Room];

    /// The name in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Failure => "failure",
            Self::Change => "change",
            Self::Room => "room",
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Names the entry.
    pub id: AuditId,
    /// Which bound it counts for.
    pub class: AuditClass,
    /// When, in milliseconds since 1970 UTC.
    pub ts: TimestampMs,
    /// What was done, such as `role`.
    pub action: String,
    /// Who did it; `None` for the operator, or somebody who is not known.
    pub by: Option<Username>,
    /// The account that it was done to.
    pub username: Option<Username>,
    /// The room that it was done in.
    pub room: Option<RoomName>,
    /// The client's network.
    pub from: Option<String>,
    /// What else there is to say, such as the new role.
    pub detail: Option<String>,
}

/// Greater than every id of an entry.
pub(crate) const END: &str = "~";

/// The newest of entries that come from several lists.
pub(crate) fn newest(mut entries: Vec<AuditEntry>, limit: usize) -> Vec<AuditEntry> {
    entries.sort_by(|a, b| b.id.cmp(&a.id));
    entries.truncate(limit);
    entries
}
