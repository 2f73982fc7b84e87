//! Blanks deleted texts in the store, in the background.

use super::Hub;
use chat_server_store::{StoreError, log_failure};

/// Deleted texts that are blanked before the store is asked for more.
const SCRUBS_AT_ONCE_MAX: usize = 100;

/// Blanks deleted texts one after the other, beginning with those that an earlier run left. Where
/// the store does not answer, the next delete tries again.
pub(crate) async fn run(hub: Hub) {
    loop {
        if let Err(error) = scrub_all(&hub).await {
            log_failure!(
                warn,
                error,
                "deleted texts are still in the store; the next delete tries again"
            );
        }
        hub.0.deleted.notified().await;
    }
}

/// Blanks every deleted text that is still in the store.
///
/// # Errors
/// Where the store does not answer; texts that are left are blanked the next time.
pub(crate) async fn scrub_all(hub: &Hub) -> Result<(), StoreError> {
    loop {
        let rest = hub.store().unscrubbed(SCRUBS_AT_ONCE_MAX).await?;
        for (room, target) in &rest {
            hub.store().scrub(room, *target).await?;
        }
        if rest.len() < SCRUBS_AT_ONCE_MAX {
            return Ok(());
        }
    }
}
