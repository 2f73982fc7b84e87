//! The part of the store that keeps who the server's admins are.

use chat_shared::Username;

use super::StoreError;

/// Admins that a server has at a time.
pub const ADMINS_MAX: usize = 100;

/// The list of admins, which is replaced as a whole so that a check and its change are one step.
#[async_trait::async_trait]
pub trait AdminStore: Send + Sync + 'static {
    /// The list. It is empty and of version 0 until [`AdminStore::replace_admins`] is called.
    async fn admins(&self) -> Result<AdminList, StoreError>;

    /// Replaces the list by `names`, if its version still is `version`, and raises the version by
    /// one. Returns `false` where it is not, or where somebody else replaced the list at the same
    /// time; the caller reads the list again and decides again.
    async fn replace_admins(&self, version: u64, names: Vec<Username>) -> Result<bool, StoreError>;
}

/// The admins at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdminList {
    /// How often the list was replaced.
    pub version: u64,
    /// The accounts, in no order.
    pub names: Vec<Username>,
}
