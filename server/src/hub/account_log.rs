//! The log of account changes, in the room `@server`, by which all nodes learn of them.
//!
//! It uses the machinery of rooms: a number for each event and a compare-and-set for each append.
//! It has no member, so that nobody can read it. The account itself is in the store; an event says
//! that it changed. A node acts on its own changes at once, and on those of others as it reads
//! them.

use std::time::Duration;

use chat_shared::{RoomName, Seq, Username};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::Hub;
use crate::accounts::AccountEvent;
use chat_rules::{AccountChange, EventBody, EventNonce, LogEvent};
use chat_store::{Append, PageLimit, StoreError};

/// Nobody can be given that name: a direct room's is `@` and 32 hexadecimal digits.
const ACCOUNT_LOG: &str = "@server";

/// Time between two reads of what other nodes have appended.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(2);

/// Events that are read at a time.
const EVENTS_AT_ONCE_MAX: usize = 100;

/// Attempts to append one event, while other nodes win its number or the store does not answer.
const ATTEMPTS_MAX: usize = 16;

/// Appends the account changes of this node, and acts on those of others. Ends when the sender of
/// `events` is gone.
pub(crate) async fn run(hub: Hub, mut events: mpsc::Receiver<AccountEvent>) {
    let mut log = AccountLog {
        room: RoomName::parse(ACCOUNT_LOG).expect("the account log's name is a room's"),
        // SQLite's directory is this process's alone.
        others_write: hub.store().kind() != "sqlite",
        seq: None,
        hub,
    };
    let mut looks = interval(FOLLOW_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => log.tell(event).await,
                None => return,
            },
            _ = looks.tick(), if log.others_write => {
                if let Err(error) = log.read().await {
                    tracing::warn!(%error, "what other servers tell of accounts can't be read");
                }
            }
        }
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
    /// Publishes a change to other nodes. This node has acted on it already, except on profile
    /// changes.
    async fn tell(&mut self, event: AccountEvent) {
        let AccountEvent { username, change } = event;
        if change == AccountChange::Profile {
            self.act(&username, &change);
        }
        for _ in 0..ATTEMPTS_MAX {
            match self.append(&username, &change).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%username, %error, "other servers can't be told of an account");
                    if !self.others_write {
                        return;
                    }
                    tokio::time::sleep(FOLLOW_INTERVAL).await;
                }
            }
        }
    }

    /// Returns `false` where another node's event has the number.
    async fn append(
        &mut self,
        username: &Username,
        change: &AccountChange,
    ) -> Result<bool, StoreError> {
        self.read().await?;
        let after = self.seq.unwrap_or_default();
        let seq = after + 1;
        let event = LogEvent {
            seq,
            ts: self.hub.now(),
            id: self.hub.event_id(),
            sender: username.clone(),
            nonce: EventNonce::from_seq(seq),
            messages: 0,
            body: EventBody::OfAccount {
                username: username.clone(),
                change: change.clone(),
            },
        };
        let append = self.hub.store().append(&self.room, after, vec![event]);
        let stored = matches!(append.await?, Append::Stored);
        if stored {
            self.seq = Some(seq);
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
                    self.act(username, change);
                }
                seq = event.seq;
            }
            self.seq = Some(seq);
            if !page.more {
                return Ok(());
            }
        }
    }

    fn act(&self, username: &Username, change: &AccountChange) {
        self.hub.close_after(username, change);
        if *change == AccountChange::Profile {
            self.hub.send_profile(username);
        }
    }
}
