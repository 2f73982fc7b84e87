//! The tasks of a server beside those that serve connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

use crate::accounts::Accounts;
use crate::http::HttpLimits;
#[cfg(unix)]
use crate::supervisor;
use chat_server_store::{SharedStore, log_failure};

/// How often a store that fails is asked whether it works again.
const TEND_INTERVAL: Duration = Duration::from_secs(1);

/// How often what has run out is forgotten.
const TIDY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// A task that ends with the server.
pub(super) type Task = AbortOnDropHandle<()>;

pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Task {
    AbortOnDropHandle::new(tokio::spawn(future))
}

/// Tells systemd that the server is ready, and goes on to tell that it is alive.
#[cfg(unix)]
pub(super) async fn supervise() {
    supervisor::tell_ready();
    supervisor::run_watchdog().await;
}

#[cfg(not(unix))]
pub(super) async fn supervise() {}

pub(super) async fn convert(accounts: Accounts) {
    accounts.convert_plain_passwords().await;
}

/// Looks after the store until the server ends.
pub(super) async fn tend(store: SharedStore) {
    let mut interval = tokio::time::interval(TEND_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        store.tend().await;
    }
}

pub(super) async fn tidy(accounts: Accounts, limits: Arc<HttpLimits>, audit_kept_for: Duration) {
    let mut interval = tokio::time::interval(TIDY_INTERVAL);
    loop {
        interval.tick().await;
        limits.tidy();
        if let Err(error) = accounts.purge_sessions().await {
            log_failure!(warn, error, "sessions that have ended could not be purged");
        }
        if let Err(error) = accounts.purge_codes().await {
            log_failure!(warn, error, "invites that have expired could not be purged");
        }
        if let Err(error) = accounts.purge_audit(audit_kept_for).await {
            log_failure!(warn, error, "old entries of the audit could not be purged");
        }
    }
}
