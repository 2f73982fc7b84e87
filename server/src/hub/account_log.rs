//! The account log: changes of accounts, by which servers on one database learn of each other's.
//!
//! It is the log `@server` and uses the machinery of rooms: a number for each event, and a
//! compare-and-set for each append. It has no members, so nobody can read it. The account itself
//! is in the store; an event says only that it changed.

use std::time::Duration;

use chat_shared::{RoomName, Seq};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::{Environment, Hub, SystemEnvironment};
use crate::accounts::{AccountEvent, ReportedChanges};
use chat_server_rules::{EventBody, EventNonce, LogEvent};
use chat_server_store::{Append, PageLimit, SharedStore, StoreError, log_failure};

/// No room can have this name: only direct rooms begin with `@`, and 32 hexadecimal digits follow.
const ACCOUNT_LOG: &str = "@server";

/// Time between two reads of what other servers have appended.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(2);

/// Events that are read at a time.
const EVENTS_AT_ONCE_MAX: usize = 100;

/// Attempts to append one event, while other servers win its number or the store does not answer.
const ATTEMPTS_MAX: usize = 16;

/// Appends the changes of this process, and acts on those of others. Ends when the sender of
/// `unlogged` is gone.
pub(super) async fn run(hub: Hub, mut unlogged: mpsc::Receiver<AccountEvent>) {
    let mut log = AccountLog {
        room: log_name(),
        // SQLite's directory is this process's alone.
        others_write: hub.store().kind() != "sqlite",
        seq: None,
        hub,
    };
    let mut reads = interval(FOLLOW_INTERVAL);
    reads.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = unlogged.recv() => match event {
                Some(event) => log.append(&event).await,
                None => return,
            },
            _ = reads.tick(), if log.others_write => log.follow().await,
        }
    }
}

fn log_name() -> RoomName {
    RoomName::parse(ACCOUNT_LOG).expect("the account log's name is a room's")
}

/// Appends a change behind the event `after`. Returns `false` if another event has that place.
async fn append_at(
    store: &SharedStore,
    environment: &dyn Environment,
    room: &RoomName,
    after: Seq,
    AccountEvent { username, change }: &AccountEvent,
) -> Result<bool, StoreError> {
    let seq = after + 1;
    let event = LogEvent {
        seq,
        ts: environment.now(),
        id: environment.event_id(),
        sender: username.clone(),
        nonce: EventNonce::from_seq(seq),
        messages: 0,
        body: EventBody::OfAccount {
            username: username.clone(),
            change: change.clone(),
        },
    };
    let appended = store.append(room, after, vec![event]).await?;
    Ok(matches!(appended, Append::Stored))
}

/// Appends the changes that a process makes which is no server, so that servers on the same database
/// act on them.
pub(crate) async fn append_all(store: SharedStore, mut changes: ReportedChanges) {
    let room = log_name();
    while let Some(change) = changes.next().await {
        let appended = async {
            for _ in 0..ATTEMPTS_MAX {
                let tip = store.tip(&room).await?;
                if append_at(&store, &SystemEnvironment, &room, tip, change.event()).await? {
                    return Ok(());
                }
            }
            Err(StoreError::Unavailable("others append all the time".into()))
        };
        if let Err(error) = appended.await {
            let username = &change.event().username;
            tracing::warn!(%username, %error, "servers that run do not learn of the change");
        }
        change.acted();
    }
}

struct AccountLog {
    hub: Hub,
    room: RoomName,
    others_write: bool,
    /// The last event that was read; unknown before the store has answered once.
    seq: Option<Seq>,
}

impl AccountLog {
    /// Learns of what other servers have changed.
    async fn follow(&mut self) {
        if let Err(error) = self.read().await {
            log_failure!(
                warn,
                error,
                "account changes of other servers can't be read"
            );
        }
        // The list of admins is read as a whole, so that no change of it is in this log.
        if let Err(error) = self.hub.accounts().refresh_admins().await {
            log_failure!(warn, error, "the list of admins can't be read");
        }
    }

    /// Appends a change of this process.
    async fn append(&mut self, event: &AccountEvent) {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_append(event).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    let username = &event.username;
                    log_failure!(warn, error, %username, "an account change is not in the account log");
                    if !self.others_write {
                        return;
                    }
                    tokio::time::sleep(FOLLOW_INTERVAL).await;
                }
            }
        }
    }

    /// Returns `false` if another server's event has taken the number.
    async fn try_append(&mut self, event: &AccountEvent) -> Result<bool, StoreError> {
        self.read().await?;
        let after = self.seq.unwrap_or_default();
        let environment = &*self.hub.0.environment;
        let stored = append_at(self.hub.store(), environment, &self.room, after, event).await?;
        if stored {
            self.seq = Some(after + 1);
        }
        Ok(stored)
    }

    /// Acts on events that were appended since the last read. The first read only finds the end of
    /// the log: connections that come later are checked against the store.
    async fn read(&mut self) -> Result<(), StoreError> {
        let Some(mut seq) = self.seq else {
            self.seq = Some(self.hub.store().tip(&self.room).await?);
            return Ok(());
        };
        loop {
            let store = self.hub.store();
            let limit = PageLimit::rows(EVENTS_AT_ONCE_MAX);
            let page = store.events(&self.room, seq, limit).await?;
            for event in &page.events {
                if let EventBody::OfAccount { username, change } = &event.body {
                    self.hub.act_on(&AccountEvent {
                        username: username.clone(),
                        change: change.clone(),
                    });
                }
                seq = event.seq;
            }
            self.seq = Some(seq);
            if !page.more {
                return Ok(());
            }
        }
    }
}
