//! The lease of a database: one server at a time writes to it.
//!
//! A lease is a document whose `_id` is a number, so that inserting the next number decides between
//! two servers. Its holder counts a field of it up, the heartbeat; nobody else writes to it. No
//! clocks are compared: a server that wants the database watches the heartbeat, and both sides
//! measure times of their own.
//!
//! ```text
//!  Held ──renewed every RENEW──► Held
//!   │ no renewal was acknowledged for VALID        │ another server has inserted a higher number
//!   ▼                                              ▼
//!  Expired ──a renewal is acknowledged──► Held    Lost: the store answers nothing any more
//! ```
//!
//! A holder stops asking questions [`VALID`] after it began its last renewal. Another server takes
//! the database over when it has seen no heartbeat for [`TAKE_OVER_AFTER`], which is longer. A
//! question that was under way for so long may still reach MongoDB: the log's own numbers decide
//! then, as they do between several servers, and no order is lost.

use std::time::Duration;

use mongodb::Collection;
use mongodb::bson::{Bson, doc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::error::Failure;
use super::insert::Insert;

/// The time between two heartbeats.
const RENEW: Duration = Duration::from_secs(2);

/// The time between two attempts while a renewal fails.
const RENEW_AGAIN: Duration = Duration::from_millis(500);

/// How long a holder may use the database after the beginning of its last renewal.
const VALID: Duration = Duration::from_secs(7);

/// How long another server waits for a heartbeat before it takes the database over.
const TAKE_OVER_AFTER: Duration = Duration::from_secs(9);

/// The time between two looks at a heartbeat.
const LOOK: Duration = Duration::from_millis(250);

/// Takeovers by others that a starting server waits out before it gives up.
const ATTEMPTS_MAX: usize = 8;

/// The most characters of the name that a holder gives itself.
const HOLDER_CHARS_MAX: usize = 100;

/// One lease of the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeaseDoc {
    #[serde(rename = "_id")]
    number: i64,
    /// The machine and the process, for people, and a random part.
    holder: String,
    /// Counted up by the holder alone.
    heartbeat: i64,
    /// Whether the holder has ended and said so.
    released: bool,
}

/// Whether this server may use the database.
#[derive(Debug)]
pub(super) struct Lease {
    phase: watch::Sender<Phase>,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// Other servers may use the database too.
    Shared,
    /// It is this server's, as far as it knows at that time.
    Held {
        doc: LeaseDoc,
        until: Instant,
    },
    Lost,
}

/// The reason why a server does not get the lease.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// That one uses the database.
    Held(String),
    Failed(Failure),
}

impl From<Failure> for NotTaken {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Default for Lease {
    fn default() -> Self {
        Self {
            phase: watch::channel(Phase::Shared).0,
        }
    }
}

impl Lease {
    /// # Errors
    /// [`Failure::Away`] where the database is not this server's, or may not be.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let why = match &*self.phase.borrow() {
            Phase::Shared => return Ok(()),
            Phase::Held { until, .. } if Instant::now() < *until => return Ok(()),
            Phase::Held { .. } => "its lease has run out, and MongoDB does not renew it",
            Phase::Lost => "another chat-server has taken the database over",
        };
        Err(Failure::Away(why.to_owned()))
    }

    /// Waits until the lease is lost; for ever where there is none.
    pub(super) async fn lost(&self) {
        let mut phases = self.phase.subscribe();
        // The sender lives as long as this.
        let _ = phases.wait_for(|phase| *phase == Phase::Lost).await;
    }

    fn held(&self) -> Option<LeaseDoc> {
        match &*self.phase.borrow() {
            Phase::Held { doc, .. } => Some(doc.clone()),
            Phase::Shared | Phase::Lost => None,
        }
    }

    fn hold(&self, doc: LeaseDoc, since: Instant) {
        let until = since + VALID;
        self.phase.send_modify(|phase| {
            // A renewal that ends after the release must not hold the lease again.
            if *phase != Phase::Lost {
                *phase = Phase::Held { doc, until };
            }
        });
    }

    fn lose(&self) {
        self.phase.send_replace(Phase::Lost);
    }
}

impl Shared {
    fn leases(&self) -> Collection<LeaseDoc> {
        self.database.collection(super::LEASES)
    }

    /// Takes the database for this server alone. Where another one has it, this waits for a
    /// heartbeat of that one, [`TAKE_OVER_AFTER`] at most.
    pub(super) async fn take_lease(&self, holder: &str) -> Result<(), NotTaken> {
        let holder: String = holder.chars().take(HOLDER_CHARS_MAX).collect();
        for _ in 0..ATTEMPTS_MAX {
            let last = self.last_lease().await?;
            if let Some(last) = last.clone().filter(|last| !last.released) {
                self.wait_for_end(&last).await?;
            }
            let doc = LeaseDoc {
                number: last.as_ref().map_or(0, |last| last.number) + 1,
                holder: holder.clone(),
                heartbeat: 0,
                released: false,
            };
            let id = Bson::Int64(doc.number);
            let inserted = self.insert(&self.leases(), &id, &doc).await;
            match inserted.map_err(Failure::from)? {
                // Another server was first. It is watched like any other.
                Insert::Stands(_) => continue,
                Insert::Done => {}
            }
            // A number that was removed meanwhile is free again, and means nothing.
            if self.last_lease().await?.as_ref() != Some(&doc) {
                continue;
            }
            if let Some(last) = last.filter(|last| !last.released) {
                self.wait_for_notice(&last).await?;
            }
            let began = Instant::now();
            let Some(doc) = self.renew(doc).await? else {
                continue;
            };
            let older = doc! { "_id": { "$lt": doc.number } };
            self.ask(self.leases().delete_many(older)).await?;
            self.lease.hold(doc, began);
            return Ok(());
        }
        Err(Failure::Away("other servers take the database at the same time".into()).into())
    }

    /// Waits until the holder of a lease has given no sign of life for long enough.
    async fn wait_for_end(&self, last: &LeaseDoc) -> Result<(), NotTaken> {
        let end = Instant::now() + TAKE_OVER_AFTER;
        tracing::info!(
            holder = last.holder,
            seconds = TAKE_OVER_AFTER.as_secs(),
            "another chat-server has used the database, and did not say that it ended: waiting for a \
             sign of life before this one takes it over"
        );
        loop {
            match self.last_lease().await? {
                Some(now) if now == *last => {}
                Some(now) if now.number == last.number && now.released => return Ok(()),
                Some(now) => return Err(NotTaken::Held(now.holder)),
                None => return Ok(()),
            }
            if Instant::now() >= end {
                tracing::warn!(holder = last.holder, "the database is taken over");
                return Ok(());
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until the time of a holder is over that renewed its lease just before this server
    /// inserted its own, and may not have noticed that.
    async fn wait_for_notice(&self, last: &LeaseDoc) -> Result<(), Failure> {
        let leases = self.leases();
        let find = leases.find_one(doc! { "_id": last.number });
        let now = self.ask(find.max_time(self.timeouts.operation)).await?;
        if now.is_some_and(|now| now != *last && !now.released) {
            sleep(VALID).await;
        }
        Ok(())
    }

    async fn last_lease(&self) -> Result<Option<LeaseDoc>, Failure> {
        let leases = self.leases();
        let find = leases.find_one(doc! {}).sort(doc! { "_id": -1 });
        self.ask_anyway(find.max_time(self.timeouts.operation))
            .await
    }

    /// Renews the lease until it is lost.
    pub(super) async fn keep_lease(&self) {
        let mut pause = RENEW;
        loop {
            sleep(pause).await;
            let Some(doc) = self.lease.held() else { return };
            let began = Instant::now();
            pause = match self.renew(doc).await {
                Ok(Some(doc)) => {
                    self.lease.hold(doc, began);
                    RENEW
                }
                Ok(None) => {
                    tracing::error!("another chat-server has taken the database over");
                    return self.lease.lose();
                }
                Err(_) => RENEW_AGAIN,
            };
        }
    }

    /// The lease as it is renewed; `None` where it is lost.
    async fn renew(&self, doc: LeaseDoc) -> Result<Option<LeaseDoc>, Failure> {
        let leases = self.leases();
        let count = doc! { "$inc": { "heartbeat": 1_i64 } };
        let renewing = leases.update_one(doc! { "_id": doc.number }, count);
        self.ask_anyway(renewing).await?;
        let last = self.last_lease().await?;
        Ok(last.filter(|last| last.number == doc.number && last.holder == doc.holder))
    }

    /// Lets another server begin at once.
    pub(super) async fn release_lease(&self) {
        let Some(doc) = self.lease.held() else { return };
        self.lease.lose();
        let leases = self.leases();
        let set = doc! { "$set": { "released": true } };
        let releasing = leases.update_one(doc! { "_id": doc.number }, set);
        if let Err(failure) = self.ask_anyway(releasing).await {
            tracing::info!(%failure, "the next server waits until the database's lease runs out");
        }
    }
}
