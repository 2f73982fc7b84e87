//! Rooms and the connections in them.
//!
//! The [`Hub`] knows which rooms are loaded and who is connected. Each loaded room is one task
//! (`room`) that owns the room's state and decides for it alone; all others send it a
//! [`RoomRequest`]. Nothing here knows a socket: frames go into the connection's send queue.
//!
//! Start at [`Hub::request`], which finds a room's task or starts it, then read `room`.

pub(crate) mod account_changes;
pub(crate) mod account_log;
mod blocks;
mod connection;
mod connection_guard;
mod dialect;
mod environment;
pub(crate) mod fan_out;
pub(crate) mod heartbeat;
pub(crate) mod history;
mod in_name_of;
mod loaded;
mod mentions;
mod page_budget;
pub(crate) mod pages;
mod presence;
mod profiles;
mod recent_frames;
mod replay;
mod request;
pub(crate) mod room;
pub(crate) mod scrubbing;
mod typing;
mod user_share;
pub mod wire;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat_shared::protocol::{Bye, CloseCode, ServerFrame};
use chat_shared::{RoomName, Seq, TimestampMs, Username};
use data_encoding::HEXLOWER;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

pub use connection::{Connection, SubscriptionId};
pub use connection_guard::ConnectionGuard;
pub use dialect::{Dialect, Opening};
pub use environment::{Environment, ServerEnvironment, SystemEnvironment};
pub use history::{shown, take_fitting_messages};
pub use in_name_of::ERASED_AT_ONCE_MAX;
pub use page_budget::{PAGE_BYTES_MAX, PAGES_BYTES_MAX, PagePermit, USER_PAGES_BYTES_MAX};
pub use pages::{LIST_BYTES_MAX, take_fitting};
pub use recent_frames::ALL_RECENT_BYTES_MAX;
pub use replay::event_frames;
pub use request::{
    Ask, CatchUp, CatchUpStep, Envelope, Propose, Query, Resume, RoomRequest, StoredMarker,
    Subscribed,
};

use self::blocks::KnownBlocks;
use self::page_budget::PageBudget;
use self::profiles::ProfileNotices;
use self::user_share::UserShares;
use crate::accounts::{Accounts, AuthError, Identity};
use crate::messages;
use crate::send_queue::{Class, SendQueue};
use chat_server_rules::EventId;
use chat_server_store::{LOG_ID, SharedStore, StoreError, log_failure};

/// Milliseconds after which clients reconnect when the server stops.
const RECONNECT_AFTER_MS: u64 = 1_000;

/// The end of a ban without an end: later than any clock, and exact in JavaScript.
const NO_END: TimestampMs = u64::MAX >> 11;

/// A cheap handle on everything that is live.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

struct Inner {
    environment: Arc<dyn Environment>,
    store: SharedStore,
    accounts: Accounts,
    /// The id of the log that every seq belongs to.
    log: String,
    rooms: Mutex<HashMap<RoomName, mpsc::Sender<RoomRequest>>>,
    connections: Mutex<HashMap<Username, Vec<Arc<Connection>>>>,
    /// The last connection is gone.
    emptied: Notify,
    /// Pages being made for all users.
    pages: PageBudget,
    shares: UserShares,
    /// A text was deleted and is still in the store.
    deleted: Notify,
    profiles: ProfileNotices,
    blocks: Mutex<KnownBlocks>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

/// The user has as many connections as one user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyConnections;

impl Hub {
    /// # Errors
    /// Where the store can't say which log it holds.
    pub async fn open(
        store: SharedStore,
        accounts: Accounts,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, StoreError> {
        let log = store.insert_if_absent(LOG_ID, &new_log_id()).await?;
        let (rooms, connections) = (Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Inner {
            environment,
            store,
            accounts,
            log,
            rooms,
            connections,
            emptied: Notify::new(),
            pages: PageBudget::new(PAGES_BYTES_MAX),
            shares: UserShares::default(),
            deleted: Notify::new(),
            profiles: ProfileNotices::default(),
            blocks: Mutex::default(),
        })))
    }

    pub fn log(&self) -> &str {
        &self.0.log
    }

    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    pub fn store(&self) -> &SharedStore {
        &self.0.store
    }

    /// The time in milliseconds since 1970 UTC.
    pub fn now(&self) -> TimestampMs {
        self.0.environment.now()
    }

    /// Starts the task that `make` returns, for which no message waits, such as making a page.
    pub fn spawn_background<T>(&self, make: impl FnOnce(Self) -> T)
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let task = Box::pin(make(self.clone()));
        self.0.environment.spawn_background(task);
    }

    fn event_id(&self) -> EventId {
        self.0.environment.event_id()
    }

    /// Makes the connection of an identity, which is in no room yet.
    ///
    /// # Errors
    /// Where its user has `max` connections already.
    pub fn connect(
        &self,
        identity: Identity,
        dialect: Dialect,
        send_queue: Arc<SendQueue>,
        max: usize,
    ) -> Result<ConnectionGuard, TooManyConnections> {
        let share = self.0.shares.of(&identity.username);
        let mut connections = self.0.connections.lock();
        let own = connections.entry(identity.username.clone()).or_default();
        if own.len() >= max {
            return Err(TooManyConnections);
        }
        let connection = Connection::new(identity, dialect, send_queue, share);
        own.push(connection.clone());
        drop(connections);
        Ok(ConnectionGuard::new(self.clone(), connection))
    }

    /// A text was deleted: the store is to blank it.
    fn text_was_deleted(&self) {
        self.0.deleted.notify_one();
    }

    fn pages(&self) -> &PageBudget {
        &self.0.pages
    }

    fn forget(&self, connection: &Connection) {
        let mut connections = self.0.connections.lock();
        if let Some(own) = connections.get_mut(&connection.identity.username) {
            own.retain(|other| other.id != connection.id);
            if own.is_empty() {
                connections.remove(&connection.identity.username);
            }
            if connections.is_empty() {
                self.0.emptied.notify_waiters();
            }
        }
    }

    pub fn connections_of(&self, username: &Username) -> Vec<Arc<Connection>> {
        self.0
            .connections
            .lock()
            .get(username)
            .cloned()
            .unwrap_or_default()
    }

    pub fn connection_count(&self) -> usize {
        self.0.connections.lock().values().map(Vec::len).sum()
    }

    pub fn room_count(&self) -> usize {
        self.0.rooms.lock().len()
    }

    /// Checks the session of a connection again, and closes the socket where it has ended.
    async fn check_session(&self, connection: &Connection) {
        let (code, reason) = match self.accounts().check_again(&connection.identity).await {
            Ok(next) => return connection.check_session_at(next),
            Err(AuthError::Store(error)) => {
                log_failure!(warn, error, "a session could not be checked");
                return;
            }
            Err(AuthError::Invalid) => (CloseCode::NotSignedIn, "the session ended"),
            Err(AuthError::Banned) => (CloseCode::Banned, "banned"),
        };
        connection.send_queue.close(code, reason);
    }

    /// Sends a frame to every connection whose client knows rooms.
    fn send_to_all(&self, frame: &ServerFrame) {
        let frame = wire::frame(frame, Class::Durable);
        for connection in self.connections() {
            if connection.dialect.has_rooms() {
                connection.send_queue.push(&frame);
            }
        }
    }

    fn connections(&self) -> Vec<Arc<Connection>> {
        self.0
            .connections
            .lock()
            .values()
            .flatten()
            .cloned()
            .collect()
    }

    /// Bans a user from the server: `None` lifts the ban, `Some(None)` is a ban without an end.
    async fn ban(&self, username: &Username, until: Option<Option<TimestampMs>>, seq: Seq) {
        let until = until.map(|until| until.unwrap_or(NO_END));
        if until.is_some() && !self.accounts().is_admin(username) {
            self.end_banned(username);
        }
        // A connection that comes before the ban is stored is closed by the event about it.
        if let Err(error) = self.accounts().set_banned(username, until, Some(seq)).await {
            log_failure!(error, error, %username, "a ban could not be stored");
        }
    }

    /// Repeats, in the background, the bans of the lobby's log that the accounts do not know: the
    /// server ended between storing the event and storing the account.
    fn repair_bans(&self, bans: Vec<(Username, Option<TimestampMs>)>, seq: Seq) {
        let hub = self.clone();
        tokio::spawn(async move {
            for (username, until) in bans {
                let known = match hub.store().find_user(username.as_str()).await {
                    Ok(user) => {
                        user.is_none_or(|user| user.banned_until == Some(until.unwrap_or(NO_END)))
                    }
                    Err(error) => {
                        log_failure!(warn, error, %username, "a ban could not be looked up");
                        continue;
                    }
                };
                if !known {
                    hub.ban(&username, Some(until), seq).await;
                }
            }
        });
    }

    /// Closes the connections of a banned user.
    fn end_banned(&self, username: &Username) {
        for connection in self.connections_of(username) {
            connection.send_queue.close(CloseCode::Banned, "banned");
        }
    }

    /// Tells everyone that the server is going down, and closes.
    pub fn say_goodbye(&self) {
        let bye = ServerFrame::Bye(Bye {
            reason: messages::GOING_DOWN.to_owned(),
            reconnect_after_ms: RECONNECT_AFTER_MS,
        });
        for connection in self.connections() {
            connection.send(&bye);
            connection
                .send_queue
                .close(CloseCode::GoingAway, "the server is going down");
        }
    }

    /// Waits until every connection is gone, `wait` at most.
    pub async fn emptied(&self, wait: Duration) {
        let empty = async {
            loop {
                // Made before the check, so that a connection that goes in between is not missed.
                let emptied = self.0.emptied.notified();
                if self.connection_count() == 0 {
                    return;
                }
                emptied.await;
            }
        };
        let _ = tokio::time::timeout(wait, empty).await;
    }
}

/// An id that no log has yet.
///
/// # Panics
/// As [`random_hex`].
pub fn new_log_id() -> String {
    random_hex(16)
}

/// Returns random bytes in hexadecimal, two characters a byte.
///
/// # Panics
/// If the operating system has no randomness to give: nothing could go on without it.
pub fn random_hex(bytes: usize) -> String {
    let mut random = vec![0_u8; bytes];
    getrandom::fill(&mut random).expect("the operating system gives randomness");
    HEXLOWER.encode(&random)
}
