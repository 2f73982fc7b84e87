//! State that all connections of one user share: the bounds on their memory.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use chat_server_store::{QuotaLimits, QuotaUse};
use chat_shared::Username;
use parking_lot::Mutex;

use super::page_budget::{PageBudget, USER_PAGES_BYTES_MAX};
use crate::send_queue::QueueShare;

/// The bounds that all connections of one user meet together.
#[derive(Debug)]
pub(super) struct UserShare {
    /// Pages being made for this user.
    pub(super) pages: PageBudget,
    /// Bytes in the send queues of this user.
    pub(super) queues: Arc<QueueShare>,
    spent_quotas: Mutex<HashMap<&'static str, SpentQuota>>,
}

/// A quota of one account that the store called spent. It stays so until the day or the limits
/// change, so the store need not be asked again.
#[derive(Debug, Clone, Copy)]
struct SpentQuota {
    day: u64,
    limits: QuotaLimits,
    spent: QuotaUse,
}

impl UserShare {
    /// The store's last answer about a quota, if it still holds.
    pub(super) fn spent_quota(
        &self,
        kind: &'static str,
        day: u64,
        limits: QuotaLimits,
    ) -> Option<QuotaUse> {
        let spent = *self.spent_quotas.lock().get(kind)?;
        (spent.day == day && spent.limits == limits).then_some(spent.spent)
    }

    /// Remembers that a quota is spent.
    pub(super) fn remember_spent(
        &self,
        kind: &'static str,
        day: u64,
        limits: QuotaLimits,
        spent: QuotaUse,
    ) {
        let spent = SpentQuota { day, limits, spent };
        self.spent_quotas.lock().insert(kind, spent);
    }
}

impl Default for UserShare {
    fn default() -> Self {
        Self {
            pages: PageBudget::new(USER_PAGES_BYTES_MAX),
            queues: Arc::default(),
            spent_quotas: Mutex::default(),
        }
    }
}

/// The shares that are in use. A share lives as long as a connection or a page task of its user,
/// so that reconnecting does not start with an empty account.
#[derive(Debug, Default)]
pub(super) struct UserShares(Mutex<HashMap<Username, Weak<UserShare>>>);

impl UserShares {
    /// The share of a user.
    pub(super) fn of(&self, username: &Username) -> Arc<UserShare> {
        let mut shares = self.0.lock();
        if let Some(share) = shares.get(username).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::<UserShare>::default();
        shares.insert(username.clone(), Arc::downgrade(&share));
        share
    }

    /// Forgets the shares that nobody uses any more.
    pub(super) fn forget_unused(&self) {
        self.0.lock().retain(|_, share| share.strong_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_quota_is_remembered_until_the_day_or_the_limits_change() {
        let share = UserShare::default();
        let of_new = QuotaLimits {
            today: 10,
            in_all: 500,
        };
        share.remember_spent("rooms", 7, of_new, QuotaUse::SpentToday);
        let asked = |kind, day, limits| share.spent_quota(kind, day, limits);
        assert_eq!(asked("rooms", 7, of_new), Some(QuotaUse::SpentToday));
        assert_eq!(asked("invitations", 7, of_new), None);
        assert_eq!(asked("rooms", 8, of_new), None);
        let later = QuotaLimits {
            today: 50,
            ..of_new
        };
        assert_eq!(asked("rooms", 7, later), None);
    }

    #[test]
    fn a_share_lives_as_long_as_it_is_used() {
        let (shares, ann) = (UserShares::default(), Username::existing("ann"));
        let first = shares.of(&ann);
        assert!(Arc::ptr_eq(&first, &shares.of(&ann)));
        shares.forget_unused();
        assert_eq!(shares.0.lock().len(), 1);
        drop(first);
        shares.forget_unused();
        assert!(shares.0.lock().is_empty());
    }
}
