//! The part of the store that keeps what limits people: blocks, quotas, known networks.

use chat_shared::{RoomName, TimestampMs, Username};

use super::StoreError;

/// People that one account can block.
pub const BLOCKED_MAX: usize = 200;

/// Networks that are kept for one account. A new one makes the oldest forgotten.
pub const KNOWN_NETWORKS_MAX: usize = 16;

/// Blocks, quotas and known networks.
#[async_trait::async_trait]
pub trait PolicyStore: Send + Sync + 'static {
    /// Keeps that `by` has blocked `whom`. `room` is the name of the direct room of the two.
    /// Returns `false`, and keeps nothing, where `by` has blocked [`BLOCKED_MAX`] people already.
    async fn block(
        &self,
        room: &RoomName,
        by: &Username,
        whom: &Username,
    ) -> Result<bool, StoreError>;

    /// Removes a block. One that is not there is no error.
    async fn unblock(&self, room: &RoomName, whom: &Username) -> Result<(), StoreError>;

    /// Whether `whom` is blocked by the other person of this direct room.
    async fn is_blocked(&self, room: &RoomName, whom: &Username) -> Result<bool, StoreError>;

    /// Whom `by` has blocked, by name (by their bytes).
    async fn blocked_by(&self, by: &Username) -> Result<Vec<Username>, StoreError>;

    /// Counts one more use of something that is limited for an account, unless a limit is reached.
    /// Of several at the same time no more are counted than the limits allow.
    async fn use_quota(
        &self,
        username: &Username,
        kind: &str,
        day: u64,
        limits: QuotaLimits,
    ) -> Result<QuotaUse, StoreError>;

    /// Keeps that an account signed in from a network, of which `network` is a hash that includes
    /// the account. Above [`KNOWN_NETWORKS_MAX`] the one that was used longest ago is forgotten.
    async fn remember_network(
        &self,
        username: &Username,
        network: &str,
        now: TimestampMs,
    ) -> Result<(), StoreError>;

    /// Whether a network is kept.
    async fn knows_network(&self, network: &str) -> Result<bool, StoreError>;
}

/// How often one account may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLimits {
    /// Times on one day (UTC).
    pub today: u64,
    /// Times in all.
    pub in_all: u64,
}

/// The outcome of a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaUse {
    /// The use is within the limits and is counted.
    Counted,
    /// The limit of the day was reached before.
    SpentToday,
    /// The limit in all was reached before.
    Spent,
}

/// How often an account did something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct QuotaCount {
    pub(crate) day: u64,
    pub(crate) today: u64,
    pub(crate) in_all: u64,
}

impl QuotaCount {
    /// The count after one more use on `day`.
    ///
    /// # Errors
    /// Where a limit is reached.
    pub(crate) fn one_more(self, day: u64, limits: QuotaLimits) -> Result<Self, QuotaUse> {
        let today = if self.day == day { self.today } else { 0 };
        if self.in_all >= limits.in_all {
            return Err(QuotaUse::Spent);
        }
        if today >= limits.today {
            return Err(QuotaUse::SpentToday);
        }
        Ok(Self {
            day,
            today: today + 1,
            in_all: self.in_all + 1,
        })
    }
}
