//! The store for who keeps credentials in MongoDB, and for several servers on one truth.
//!
//! Nothing but a unique insert is taken for atomic: an event's `_id` is its room and its number,
//! an account's `_id` its folded name. Whatever became of a write that gave an error is found by
//! reading back. Projections are written so that neither order nor repetition matters, and are
//! repaired from the log at start.

mod accounts;
mod append;
mod connect;
mod conversations;
mod demo;
mod documents;
mod error;
mod indexes;
mod log;
mod message_states;
mod passwords;
mod projections;
mod schema;
mod search;
#[cfg(test)]
mod tests;
mod tips;

pub use connect::{OpenError, Timeouts};

use std::sync::Arc;

use mongodb::options::ClientOptions;
use mongodb::{Client, Collection, Database};

use self::documents::{
    AvatarDoc, ClaimDoc, DeletionDoc, DemoNameDoc, LogDoc, MembershipDoc, ReadMarkDoc, RoomDoc,
    SchemaDoc, SearchDoc, SessionDoc, SnapshotDoc, UserDoc,
};
use self::message_states::{MessageStateDoc, ReactionDoc};
use self::passwords::PasswordChangeDoc;
use self::projections::Behind;
use self::schema::{SCHEMA_VERSION, Schema};
use self::tips::Tips;
use super::Store;

/// The demo's collection, where its people are.
const USERS: &str = "chatRoomUsers";
const LOG: &str = "log";
const ROOMS: &str = "rooms";
const MEMBERSHIPS: &str = "memberships";
const SNAPSHOTS: &str = "snapshots";
const SESSIONS: &str = "sessions";
const CLAIMS: &str = "claims";
const DEMO_NAMES: &str = "demoNames";
const DELETIONS: &str = "deletions";
const READ_MARKS: &str = "readMarks";
const SEARCH: &str = "search";
const AVATARS: &str = "avatars";
const SCHEMA: &str = "schema";
const MESSAGE_STATES: &str = "messageStates";
const REACTIONS: &str = "reactions";
const PASSWORD_CHANGES: &str = "passwordChanges";

/// Everything durable in one database of a MongoDB.
pub struct MongoStore {
    shared: Arc<Shared>,
    hosts: String,
    repairing: tokio::task::JoinHandle<()>,
}

struct Shared {
    client: Client,
    timeouts: Timeouts,
    users: Collection<UserDoc>,
    demo_names: Collection<DemoNameDoc>,
    log: Collection<LogDoc>,
    rooms: Collection<RoomDoc>,
    memberships: Collection<MembershipDoc>,
    snapshots: Collection<SnapshotDoc>,
    sessions: Collection<SessionDoc>,
    claims: Collection<ClaimDoc>,
    deletions: Collection<DeletionDoc>,
    read_marks: Collection<ReadMarkDoc>,
    search: Collection<SearchDoc>,
    avatars: Collection<AvatarDoc>,
    schema: Collection<SchemaDoc>,
    message_states: Collection<MessageStateDoc>,
    reactions: Collection<ReactionDoc>,
    password_changes: Collection<PasswordChangeDoc>,
    tips: Tips,
    /// Rooms whose listing is behind their log.
    behind: Behind,
    /// Rooms of which the search lacks something.
    unsearched: Behind,
}

impl MongoStore {
    /// Connects to the MongoDB of `url` and makes `database` ready: its indexes, the demo's users,
    /// projections that a crash left behind the log.
    ///
    /// # Errors
    /// [`OpenError`], a sentence for the operator, in which no part of the URL but its hosts is.
    pub async fn open(url: &str, database: &str) -> Result<Self, OpenError> {
        let timeouts = Timeouts::default();
        let options = connect::options(url, timeouts).await?;
        Self::open_with(options, database, timeouts).await
    }

    async fn open_with(
        options: ClientOptions,
        database: &str,
        timeouts: Timeouts,
    ) -> Result<Self, OpenError> {
        let hosts = connect::hosts(&options);
        let unusable = |error| OpenError::new(&hosts, database, &error);
        let client =
            Client::with_options(options).map_err(|error| unusable(error::Failure::from(error)))?;
        let shared = Arc::new(Shared::new(client, database, timeouts));
        shared.reach(database).await.map_err(unusable)?;
        match shared.check_schema().await.map_err(unusable)? {
            Schema::Usable => {}
            Schema::TooNew { found } => {
                return Err(OpenError::TooNew {
                    hosts,
                    database: database.to_owned(),
                    found,
                    known: SCHEMA_VERSION,
                });
            }
        }
        shared.make_ready(database).await.map_err(unusable)?;
        let repairing = tokio::spawn(projections::keep_repairing(Arc::downgrade(&shared)));
        Ok(Self {
            shared,
            hosts,
            repairing,
        })
    }

    /// Where it connects to, without who one is.
    pub fn hosts(&self) -> &str {
        &self.hosts
    }
}

impl Shared {
    fn new(client: Client, database: &str, timeouts: Timeouts) -> Self {
        let database = client.database(database);
        Self {
            client,
            timeouts,
            users: database.collection(USERS),
            demo_names: database.collection(DEMO_NAMES),
            log: database.collection(LOG),
            rooms: database.collection(ROOMS),
            memberships: database.collection(MEMBERSHIPS),
            snapshots: database.collection(SNAPSHOTS),
            sessions: database.collection(SESSIONS),
            claims: database.collection(CLAIMS),
            deletions: database.collection(DELETIONS),
            read_marks: database.collection(READ_MARKS),
            search: database.collection(SEARCH),
            avatars: database.collection(AVATARS),
            schema: database.collection(SCHEMA),
            message_states: database.collection(MESSAGE_STATES),
            reactions: database.collection(REACTIONS),
            password_changes: database.collection(PASSWORD_CHANGES),
            unsearched: Behind::default(),
            tips: Tips::default(),
            behind: Behind::default(),
        }
    }

    fn database(&self, name: &str) -> Database {
        self.client.database(name)
    }

    async fn reach(&self, database: &str) -> Result<(), error::Failure> {
        let ping = mongodb::bson::doc! { "ping": 1 };
        self.ask(self.database(database).run_command(ping)).await?;
        Ok(())
    }

    async fn make_ready(&self, database: &str) -> Result<(), error::Failure> {
        self.make_indexes(&self.database(database)).await?;
        self.prepare_demo_users().await?;
        self.repair_all().await
    }
}

#[async_trait::async_trait]
impl Store for MongoStore {
    fn kind(&self) -> &'static str {
        "mongodb"
    }

    async fn close(&self) {
        self.repairing.abort();
        self.shared.client.clone().shutdown().immediate(true).await;
    }
}

impl Drop for MongoStore {
    fn drop(&mut self) {
        self.repairing.abort();
    }
}

impl std::fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoStore").finish_non_exhaustive()
    }
}
