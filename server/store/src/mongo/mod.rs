//! The store in MongoDB: for operators who run one, and for several servers on one database.
//!
//! The store assumes only that a unique insert is atomic: an event's `_id` is its room and its seq,
//! an account's `_id` its folded name. It learns the outcome of a failed write by reading back.
//! Projections are written so that neither order nor repetition matters, and are repaired from the
//! log at start. Start reading at [`MongoStore::open`] and `append`.

mod accounts;
mod admins;
mod append;
mod audit;
mod behind;
mod code_uses;
mod codes;
mod connect;
mod conversations;
mod demo;
mod documents;
mod entries;
mod erasure;
mod error;
mod follow;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod index_list;
mod indexes;
mod insert;
mod lease;
mod log;
mod message_states;
mod passwords;
mod policy;
mod projections;
mod reached;
mod readiness;
mod recent;
mod schema;
mod search;
mod statements;
#[cfg(test)]
mod tests;
mod unreachable;
mod url;
mod users;

pub use connect::{OpenError, Timeouts};

use std::sync::Arc;

use chat_shared::RoomName;
use mongodb::bson::{Bson, doc};
use mongodb::options::ClientOptions;
use mongodb::{Client, Collection, Database};
use tokio_util::task::AbortOnDropHandle;

use self::admins::AdminListDoc;
use self::audit::AuditDoc;
use self::behind::Behind;
use self::code_uses::{CodeUseDoc, UnusedUse};
use self::codes::CodeDoc;
use self::documents::{
    AvatarDoc, ClaimDoc, DeletionDoc, DemoNameDoc, LogDoc, MembershipDoc, ReadMarkDoc, RoomDoc,
    SchemaDoc, SearchDoc, SessionDoc, SnapshotDoc, UserDoc,
};
use self::follow::SearchEntries;
use self::lease::{Lease, NotTaken};
use self::message_states::{MessageStateDoc, ReactionDoc};
use self::passwords::PasswordChangeDoc;
use self::policy::{BlockDoc, KnownNetworkDoc, QuotaDoc};
use self::reached::Reached;
use self::readiness::Readiness;
use self::recent::Recent;
use self::schema::{SCHEMA_VERSION, Schema};
use super::{FaultCount, LOG_ID, Store, StoreError, Usage};

/// The FastAPI demo's collection of its users.
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
const BLOCKS: &str = "blocks";
const QUOTAS: &str = "quotas";
const KNOWN_NETWORKS: &str = "knownNetworks";
const CODES: &str = "codes";
const CODE_USES: &str = "codeUses";
const ADMIN_LISTS: &str = "adminLists";
const AUDIT: &str = "audit";
const READINESS: &str = "readiness";
const LEASES: &str = "leases";

/// Everything durable in one database of a MongoDB.
pub struct MongoStore {
    shared: Arc<Shared>,
    hosts: String,
    repairing: AbortOnDropHandle<()>,
    /// Keeps the lease, where this server has one.
    leasing: Option<AbortOnDropHandle<()>>,
}

struct Shared {
    client: Client,
    database: Database,
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
    blocks: Collection<BlockDoc>,
    quotas: Collection<QuotaDoc>,
    known_networks: Collection<KnownNetworkDoc>,
    codes: Collection<CodeDoc>,
    code_uses: Collection<CodeUseDoc>,
    admin_lists: Collection<AdminListDoc>,
    audit: Collection<AuditDoc>,
    /// The seq up to which this server saw each room's log.
    tips: Reached,
    /// The seq up to which this server knows each room to be projected.
    projected: Reached,
    /// Rooms whose projections are behind their log.
    behind: Behind<RoomName>,
    /// Uses of codes that nobody has and that are still to be given back.
    unused: Behind<UnusedUse>,
    entries: SearchEntries,
    recent: Recent,
    readiness: Readiness,
    lease: Lease,
}

impl MongoStore {
    /// Connects to the MongoDB of `url` and makes `database` ready: it builds indexes, takes over
    /// the demo's users, and repairs projections that a crash left behind the log. Other servers
    /// may use the database too.
    ///
    /// # Errors
    /// [`OpenError`], a sentence for the operator that has no part of the URL but its hosts.
    pub async fn open(url: &str, database: &str) -> Result<Self, OpenError> {
        let timeouts = Timeouts::default();
        let options = connect::options(url, timeouts).await?;
        Self::open_with(options, database, timeouts).await
    }

    /// As [`MongoStore::open`], for this server alone: `holder` names it for people. Where another
    /// server has ended without saying so, this waits about ten seconds until it is sure of that.
    ///
    /// # Errors
    /// As [`MongoStore::open`], and [`OpenError::Held`] where another server uses the database.
    pub async fn open_alone(url: &str, database: &str, holder: &str) -> Result<Self, OpenError> {
        let timeouts = Timeouts::default();
        let options = connect::options(url, timeouts).await?;
        Self::open_as(options, database, timeouts, Some(holder)).await
    }

    async fn open_with(
        options: ClientOptions,
        database: &str,
        timeouts: Timeouts,
    ) -> Result<Self, OpenError> {
        Self::open_as(options, database, timeouts, None).await
    }

    async fn open_as(
        options: ClientOptions,
        database: &str,
        timeouts: Timeouts,
        holder: Option<&str>,
    ) -> Result<Self, OpenError> {
        let hosts = connect::hosts(&options);
        let unusable = |error| OpenError::new(&hosts, database, &error);
        let client =
            Client::with_options(options).map_err(|error| unusable(error::Failure::from(error)))?;
        let shared = Arc::new(Shared::new(client, database, timeouts));
        let is_replica_set = shared.reach().await.map_err(unusable)?;
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
        let leasing = match holder {
            Some(holder) => Some(shared.lease_for(holder, &hosts, database).await?),
            None => None,
        };
        if let Err(failure) = shared.make_ready(is_replica_set).await {
            shared.release_lease().await;
            return Err(unusable(failure));
        }
        shared.readiness.begin();
        let repairing = tokio::spawn(projections::keep_repairing(Arc::downgrade(&shared)));
        let repairing = AbortOnDropHandle::new(repairing);
        Ok(Self {
            shared,
            hosts,
            repairing,
            leasing,
        })
    }

    /// The hosts that it connects to, without the user.
    pub fn hosts(&self) -> &str {
        &self.hosts
    }
}

impl Shared {
    fn new(client: Client, database: &str, timeouts: Timeouts) -> Self {
        let database = client.database(database);
        Self {
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
            blocks: database.collection(BLOCKS),
            quotas: database.collection(QUOTAS),
            known_networks: database.collection(KNOWN_NETWORKS),
            codes: database.collection(CODES),
            code_uses: database.collection(CODE_USES),
            admin_lists: database.collection(ADMIN_LISTS),
            audit: database.collection(AUDIT),
            tips: Reached::default(),
            projected: Reached::default(),
            behind: Behind::default(),
            unused: Behind::default(),
            entries: SearchEntries::default(),
            recent: Recent::default(),
            readiness: Readiness::default(),
            lease: Lease::default(),
            client,
            database,
        }
    }

    /// Takes the lease of the database. The task keeps it.
    async fn lease_for(
        self: &Arc<Self>,
        holder: &str,
        hosts: &str,
        database: &str,
    ) -> Result<AbortOnDropHandle<()>, OpenError> {
        self.take_lease(holder)
            .await
            .map_err(|not_taken| match not_taken {
                NotTaken::Held(holder) => OpenError::Held {
                    hosts: hosts.to_owned(),
                    database: database.to_owned(),
                    holder,
                },
                NotTaken::Failed(failure) => OpenError::new(hosts, database, &failure),
            })?;
        let shared = Arc::clone(self);
        let keeping = tokio::spawn(async move { shared.keep_lease().await });
        Ok(AbortOnDropHandle::new(keeping))
    }

    /// Asks MongoDB whether it is a replica set or a sharded cluster.
    async fn reach(&self) -> Result<bool, error::Failure> {
        let hello = mongodb::bson::doc! { "hello": 1 };
        let hello = self.ask(self.database.run_command(hello)).await?;
        Ok(hello.contains_key("setName") || hello.contains_key("msg"))
    }

    async fn make_ready(self: &Arc<Self>, is_replica_set: bool) -> Result<(), error::Failure> {
        self.make_indexes(is_replica_set).await?;
        self.prepare_demo_users().await?;
        self.repair_all().await
    }
}

#[async_trait::async_trait]
impl Store for MongoStore {
    fn kind(&self) -> &'static str {
        "mongodb"
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(self.shared.check_writable().await?)
    }

    async fn tend(&self) {
        self.shared.tend().await;
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        let store = &self.shared;
        let stats = store.database.run_command(doc! { "dbStats": 1 });
        let stats = store.ask(stats).await?;
        let number = |name: &str| {
            let number = stats.get(name).and_then(|number| match number {
                Bson::Int32(number) => u64::try_from(*number).ok(),
                Bson::Int64(number) => u64::try_from(*number).ok(),
                // MongoDB counts bytes in doubles, which are exact as far as a database is large.
                Bson::Double(number) => Some(*number as u64),
                _ => None,
            });
            number.unwrap_or_default()
        };
        Ok(Usage {
            bytes: number("storageSize") + number("indexSize"),
            rooms: store.ask(store.rooms.estimated_document_count()).await?,
            events: store.ask(store.log.estimated_document_count()).await?,
        })
    }

    async fn replace_log_id(&self, id: &str) -> Result<(), StoreError> {
        let sessions = self.shared.sessions.delete_many(doc! {});
        self.shared.ask(sessions).await?;
        let codes = self.shared.codes.delete_many(doc! {});
        self.shared.ask(codes).await?;
        let code_uses = self.shared.code_uses.delete_many(doc! {});
        self.shared.ask(code_uses).await?;
        let value = doc! { "$set": { "value": id } };
        let claims = self.shared.claims.update_one(doc! { "_id": LOG_ID }, value);
        self.shared.ask(claims.upsert(true)).await?;
        Ok(())
    }

    fn faults(&self) -> FaultCount {
        self.shared.readiness.faults()
    }

    async fn lost(&self) {
        self.shared.lease.lost().await;
    }

    async fn close(&self) {
        self.repairing.abort();
        if let Some(leasing) = &self.leasing {
            leasing.abort();
            self.shared.release_lease().await;
        }
        self.shared.client.clone().shutdown().immediate(true).await;
    }
}

impl std::fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoStore").finish_non_exhaustive()
    }
}
