//! The path by which changes of accounts reach the rest of the server.
//!
//! Accounts know no connections, and yet a person who signed out must not go on writing. So every
//! change, once it is stored, is sent through a [`ChangeReporter`] to whoever holds its
//! [`ReportedChanges`] (the hub), and the call that made the change returns only when it was acted on:
//!
//! ```text
//!  sign_out ─► store ─► ChangeReporter ─► ReportedChanges ─► sockets close, profiles are sent
//!     ▲                                                          │
//!     └──────────────────── ReportedChange::acted ◄──────────────┴─► account log, for other servers
//! ```

use chat_server_rules::AccountChange;
use chat_shared::Username;
use tokio::sync::{mpsc, oneshot};

/// Changes that are reported and not acted on. A call that makes one more waits for a place.
const CHANGES_WAITING_MAX: usize = 1_024;

/// A change of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEvent {
    /// The account.
    pub username: Username,
    /// The change, which is stored.
    pub change: AccountChange,
}

/// A change whose maker waits until it is acted on, or until this is dropped.
#[derive(Debug)]
pub struct ReportedChange {
    event: AccountEvent,
    acted: oneshot::Sender<()>,
}

impl ReportedChange {
    /// The change.
    pub fn event(&self) -> &AccountEvent {
        &self.event
    }

    /// Lets the call that made the change return.
    pub fn acted(self) -> AccountEvent {
        // The caller may have gone away, for example with its HTTP connection.
        let _ = self.acted.send(());
        self.event
    }
}

/// The end of the path that [`Accounts`](super::Accounts) hold.
#[derive(Debug)]
pub struct ChangeReporter(mpsc::Sender<ReportedChange>);

/// The end of the path where changes are acted on. When it is dropped, changes are stored and
/// nothing else happens.
#[derive(Debug)]
pub struct ReportedChanges(mpsc::Receiver<ReportedChange>);

/// Makes the path from accounts to the rest of the server.
pub fn change_reports() -> (ChangeReporter, ReportedChanges) {
    let (sender, receiver) = mpsc::channel(CHANGES_WAITING_MAX);
    (ChangeReporter(sender), ReportedChanges(receiver))
}

impl ChangeReporter {
    /// Reports a stored change and waits until it is acted on.
    ///
    /// If the caller is cancelled, the change is acted on nevertheless, unless
    /// [`CHANGES_WAITING_MAX`] changes were waiting.
    pub(super) async fn report(&self, username: &Username, change: AccountChange) {
        let username = username.clone();
        let (acted, done) = oneshot::channel();
        let event = AccountEvent { username, change };
        if self.0.send(ReportedChange { event, acted }).await.is_err() {
            tracing::debug!("the server is stopping; a change of an account is only stored");
            return;
        }
        // An error means that the receiver dropped the change, as at the server's end.
        let _ = done.await;
    }
}

impl ReportedChanges {
    /// Waits for the next change. `None` when the accounts are gone.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<ReportedChange> {
        self.0.recv().await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn a_report_ends_when_the_change_is_acted_on_or_nobody_acts() {
        let ann = Username::existing("ann");
        let (reporter, mut changes) = change_reports();
        let mut report = pin!(reporter.report(&ann, AccountChange::Banned));
        assert!(futures::poll!(&mut report).is_pending());
        let change = changes.next().await.unwrap();
        assert!(futures::poll!(&mut report).is_pending(), "not acted on yet");
        assert_eq!(change.acted().change, AccountChange::Banned);
        assert_eq!(futures::poll!(&mut report), Poll::Ready(()));

        let mut report = pin!(reporter.report(&ann, AccountChange::Profile));
        assert!(futures::poll!(&mut report).is_pending());
        drop(changes);
        assert_eq!(futures::poll!(&mut report), Poll::Ready(()));
        reporter.report(&ann, AccountChange::Profile).await;
    }
}
