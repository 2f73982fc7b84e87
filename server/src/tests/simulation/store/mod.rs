//! A store in memory that fails in every way that it may.

mod log;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chat_shared::{RoomName, Seq, Username};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::Counts;
use chat_server_rules::{EventBody, LogEvent, ReadMark};
use chat_server_store::{Append, Session, Snapshot, Store, StoreError, Usage, User};

/// In a hundred appends, so many fail in some way.
const WRITE_FAULTS_PERCENT: u32 = 14;

/// In a thousand reads.
const READ_FAULTS_PERMILLE: u32 = 15;

/// Milliseconds that a call about accounts may take before it acts, and again after it.
const CALL_MS_MAX: u64 = 6;

#[derive(Clone, Debug)]
pub(super) struct SimStore(Arc<Mutex<Inner>>);

#[derive(Debug)]
pub(super) struct Inner {
    rooms: BTreeMap<RoomName, Vec<LogEvent>>,
    pub(super) people: Vec<Username>,
    /// Accounts that were made in the run, and their sessions, the oldest first.
    pub(super) users: BTreeMap<Username, User>,
    pub(super) sessions: Vec<Session>,
    /// Whether calls about accounts take time.
    takes_time: bool,
    marks: BTreeMap<(RoomName, Username), ReadMark>,
    pub(super) claims: BTreeMap<String, String>,
    snapshots: BTreeMap<RoomName, Snapshot>,
    is_faulty: bool,
    chance: fastrand::Rng,
    counts: Counts,
    appended: mpsc::UnboundedSender<RoomName>,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Refuse,
    TimeOut,
    LieAll,
    LieSome,
    LieLater,
    Prefix,
    Slow,
}

impl Inner {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn log(&self, room: &RoomName) -> &[LogEvent] {
        self.rooms.get(room).map_or(&[], Vec::as_slice)
    }

    fn write_fault(&mut self) -> Option<Fault> {
        if !self.is_faulty || self.chance.u32(..100) >= WRITE_FAULTS_PERCENT {
            return None;
        }
        let faults = [
            (Fault::Refuse, "store refused"),
            (Fault::TimeOut, "store timed out"),
            (Fault::LieAll, "store lied: all was stored"),
            (Fault::LieSome, "store lied: some was stored"),
            (Fault::LieLater, "store lied: stored later"),
            (Fault::Prefix, "store stored a prefix"),
            (Fault::Slow, "store was slow"),
        ];
        Some(faults[self.chance.usize(..faults.len())]).map(|(fault, what)| {
            self.count(what);
            fault
        })
    }

    fn put(&mut self, room: &RoomName, after: Seq, events: &[LogEvent]) -> Append {
        if self.log(room).len() as u64 != after {
            self.count("number lost to another node");
            return Append::Lost;
        }
        let log = self.log(room);
        for (index, event) in events.iter().enumerate() {
            let same =
                |other: &&LogEvent| other.sender == event.sender && other.nonce == event.nonce;
            let known = log.iter().chain(&events[..index]).find(same);
            if let Some(existing) = known.cloned().map(Box::new) {
                self.count("nonce taken");
                return Append::NonceTaken { index, existing };
            }
        }
        self.rooms
            .entry(room.clone())
            .or_default()
            .extend_from_slice(events);
        let _ = self.appended.send(room.clone());
        Append::Stored
    }

    /// Whether `username` is in the room, as its log has it.
    fn is_member(&self, room: &RoomName, username: &Username) -> bool {
        let mut state = chat_server_rules::RoomState::empty(room.clone());
        self.log(room).iter().for_each(|event| state.apply(event));
        state.is_member(username)
    }

    fn deletion_of(&self, room: &RoomName, target: Seq) -> bool {
        let is = |event: &LogEvent| matches!(event.body, EventBody::Deleted { target: it } if it == target);
        self.log(room).iter().any(is)
    }

    /// Whom each message mentions now.
    fn mentions(&self, room: &RoomName) -> BTreeMap<Seq, Vec<Username>> {
        let mut mentions = BTreeMap::new();
        for event in self.log(room) {
            let seq = event.body.target().unwrap_or(event.seq);
            match &event.body {
                EventBody::Deleted { .. } => drop(mentions.remove(&seq)),
                body if body.text().is_some() => {
                    mentions.insert(seq, body.mentions().to_vec());
                }
                _ => {}
            }
        }
        mentions
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the simulation has it so".to_owned())
}

impl SimStore {
    pub(super) fn new(
        seed: u64,
        people: Vec<Username>,
        appended: mpsc::UnboundedSender<RoomName>,
    ) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            rooms: BTreeMap::new(),
            people,
            users: BTreeMap::new(),
            sessions: Vec::new(),
            takes_time: false,
            marks: BTreeMap::new(),
            claims: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            is_faulty: false,
            chance: fastrand::Rng::with_seed(seed ^ 0x5eed),
            counts: Counts::new(),
            appended,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub(super) fn set_faulty(&self, is_faulty: bool) {
        self.lock().is_faulty = is_faulty;
    }

    /// From now on, calls about accounts take time.
    pub(super) fn take_time(&self) {
        self.lock().takes_time = true;
    }

    /// Acts at a moment within a call about accounts.
    pub(super) async fn call<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        self.wait().await;
        let result = act(&mut self.lock());
        self.wait().await;
        result
    }

    async fn wait(&self) {
        let wait = {
            let mut inner = self.lock();
            if !inner.takes_time {
                return;
            }
            inner.chance.u64(..CALL_MS_MAX)
        };
        sleep(Duration::from_millis(wait)).await;
    }

    pub(super) fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    pub(super) fn tip_of(&self, room: &RoomName) -> Seq {
        self.lock().log(room).len() as u64
    }

    pub(super) fn rooms(&self) -> BTreeMap<RoomName, Vec<LogEvent>> {
        self.lock().rooms.clone()
    }

    /// The rooms that someone is in now, by name.
    pub(super) fn rooms_now(&self, username: &Username) -> Vec<RoomName> {
        let inner = self.lock();
        let mut rooms = vec![RoomName::lobby()];
        let others = inner.rooms.keys().filter(|room| !room.is_lobby());
        rooms.extend(
            others
                .filter(|room| inner.is_member(room, username))
                .cloned(),
        );
        rooms
    }

    /// Waits, or fails, before a read.
    async fn reading(&self) -> Result<(), StoreError> {
        let wait = {
            let mut inner = self.lock();
            if !inner.is_faulty || inner.chance.u32(..1_000) >= READ_FAULTS_PERMILLE {
                return Ok(());
            }
            if inner.chance.bool() {
                inner.count("store refused to read");
                0
            } else {
                inner.count("store timed out reading");
                inner.chance.u64(1..1_000)
            }
        };
        sleep(Duration::from_millis(wait)).await;
        Err(gone())
    }

    pub(super) async fn read<T>(&self, read: impl FnOnce(&Inner) -> T) -> Result<T, StoreError> {
        self.reading().await?;
        Ok(read(&self.lock()))
    }

    async fn pause(&self) {
        let wait = self.lock().chance.u64(1..2_000);
        sleep(Duration::from_millis(wait)).await;
    }
}

#[async_trait::async_trait]
impl Store for SimStore {
    fn kind(&self) -> &'static str {
        "simulation"
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.read(|_| ()).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        Err(StoreError::Refused("no run asks for that".into()))
    }

    /// Servers of the simulation keep their log.
    async fn replace_log_id(&self, _: &str) -> Result<(), StoreError> {
        Err(StoreError::Refused("the simulation keeps its log".into()))
    }

    async fn close(&self) {}
}
