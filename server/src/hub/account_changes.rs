//! Acting on changes of accounts, those made here and those of other servers.
//!
//! A change made by this process comes from the [accounts](crate::accounts) and is acted on before
//! the request that made it is answered. It is then appended to the account log, from which other
//! processes on the same database learn of it; theirs are read from there and acted on in the same
//! way.

use chat_server_rules::AccountChange;
use chat_shared::Username;
use chat_shared::protocol::CloseCode;
use tokio::sync::mpsc;

use super::{Hub, account_log};
use crate::accounts::{AccountEvent, ReportedChanges};

/// Changes that are acted on and not in the account log. When there are more, the next change is
/// acted on once there is a place.
const CHANGES_UNLOGGED_MAX: usize = 1_024;

/// Acts on the changes of this process and of others until the accounts are gone.
pub(crate) async fn run(hub: Hub, mut changes: ReportedChanges) {
    let (to_log, unlogged) = mpsc::channel(CHANGES_UNLOGGED_MAX);
    let acting = async {
        while let Some(change) = changes.next().await {
            hub.act_on(change.event());
            if to_log.send(change.acted()).await.is_err() {
                return;
            }
        }
        drop(to_log);
    };
    // Appending may wait for the store; acting must not.
    tokio::join!(acting, account_log::run(hub.clone(), unlogged));
}

impl Hub {
    /// Closes the sockets that a change ends, and sends the profiles that it alters.
    pub(super) fn act_on(&self, event: &AccountEvent) {
        let AccountEvent { username, change } = event;
        match change {
            AccountChange::SessionRevoked(revoked) => {
                self.sign_out(username, |session| session == revoked);
            }
            AccountChange::SessionsEnded { kept } => {
                self.sign_out(username, |session| Some(session) != kept.as_deref());
            }
            AccountChange::Banned => self.end_banned(username),
            AccountChange::Profile => self.send_profile(username),
        }
    }

    /// Closes the sockets of the sessions of a user that are over.
    fn sign_out(&self, username: &Username, is_over: impl Fn(&str) -> bool) {
        for connection in self.connections_of(username) {
            if is_over(&connection.identity.session) {
                let queue = &connection.send_queue;
                queue.close(CloseCode::NotSignedIn, "signed out");
            }
        }
    }
}
