//! The committer of a room: from commands to stored events.
//!
//! It holds the room's state, the messages that commands change, and the batch that is being
//! stored. It knows the rules and the store, and no connection: [`super::commit`] replies to
//! people and hands stored events to the [`super::audience::Audience`].

use std::collections::{BTreeSet, HashMap};
use std::task::Poll;

use chat_shared::{Nonce, RoomName, Seq, Username};
use futures::FutureExt;
use futures::future::BoxFuture;
use sync_wrapper::SyncWrapper;

use super::super::Hub;
use super::measured;
use crate::messages;
use chat_server_rules::{
    Actor, EventNonce, LogEvent, MessageStates, Proposal, RULES_VERSION, RoomCommand, RoomState,
    decide,
};
use chat_server_store::{Append, PageLimit, Snapshot, StoreError, log_failure};
use chat_shared::protocol::ErrorFrame;

/// Messages that a room keeps at hand, so that changing a new one needs no store.
const MESSAGES_MAX: usize = 256;

/// Events after which the folded state is saved again.
const SNAPSHOT_EVENTS: u64 = 1_000;

/// Events read at a time when a room is loaded.
const LOAD_EVENTS_MAX: usize = 500;

/// The state of a room's log.
///
/// ```text
///            read the log            decide a batch
///  Unloaded ──────────────► Idle ───────────────────► Storing
///                            ▲ ▲                        │  │
///                            │ └──────── stored ────────┘  │
///                            │                             │ error, or another node won a number
///                            └──── read the log again ── InDoubt
/// ```
///
/// Requests that come while `Storing` wait in the room, and their commands are decided as the next
/// batch at once when this one is stored: batch k + 1 is stored while batch k is delivered.
enum Phase {
    /// Nothing was read yet.
    Unloaded,
    /// It is not known what the store holds above the delivered events. Nothing is decided.
    InDoubt,
    /// All events in the state are stored.
    Idle,
    /// The state is ahead of the store by one batch.
    Storing(Batch),
}

/// A batch that is being stored. Its decisions hold unless another node wins one of its numbers.
struct Batch {
    decision: Decision,
    append: SyncWrapper<BoxFuture<'static, Result<Append, StoreError>>>,
}

/// The outcome of each submitted command, and the events that they propose together.
#[derive(Default)]
pub(super) struct Decision {
    /// One for each submission, in their order.
    pub(super) decided: Vec<Decided>,
    pub(super) events: Vec<LogEvent>,
}

/// The decision about one command.
pub(super) enum Decided {
    /// Proposes the event at this index of the batch.
    Event(usize),
    /// Repeats a command of the same batch.
    Same(usize),
    /// Changes nothing.
    NothingToDo,
    /// Is refused.
    Rejected(ErrorFrame),
}

/// A command that asks the committer for a decision.
pub(super) trait Submission {
    /// The person who gives it.
    fn actor(&self) -> Actor;
    /// The command to decide.
    fn command(&self) -> &RoomCommand;
    /// The mark by which a repetition is recognized.
    fn nonce(&self) -> Option<&Nonce>;
    /// The reply, where it is rejected whatever the rules say.
    fn rejection(&self) -> Option<&ErrorFrame>;
}

pub(super) struct Committer {
    hub: Hub,
    room: RoomName,
    /// Ahead of the store while a batch is being stored.
    state: RoomState,
    /// Messages that commands were about, as of `state`.
    messages: MessageStates,
    phase: Phase,
    /// Why this server can't read the log, where asking the store again would not help.
    set_aside: Option<StoreError>,
    /// The seq of the saved snapshot.
    saved: Seq,
}

impl Committer {
    pub(super) fn new(hub: Hub, room: RoomName) -> Self {
        Self {
            state: RoomState::empty(room.clone()),
            messages: MessageStates::default(),
            phase: Phase::Unloaded,
            set_aside: None,
            saved: 0,
            hub,
            room,
        }
    }

    pub(super) fn state(&self) -> &RoomState {
        &self.state
    }

    pub(super) fn is_loaded(&self) -> bool {
        !matches!(self.phase, Phase::Unloaded)
    }

    /// Whether the room is unusable until it is unloaded or its log can be read again.
    pub(super) fn is_set_aside(&self) -> bool {
        self.set_aside.is_some()
    }

    /// Why nothing can be decided while the log can't be read, as an error reply.
    pub(super) fn unavailable(&self) -> ErrorFrame {
        match &self.set_aside {
            Some(StoreError::TooNew(_)) => messages::room_of_newer_server(),
            Some(_) => messages::room_unreadable(),
            None => messages::unavailable(),
        }
    }

    /// Whether the log must be read before anything is decided.
    pub(super) fn is_in_doubt(&self) -> bool {
        matches!(self.phase, Phase::Unloaded | Phase::InDoubt)
    }

    pub(super) fn is_storing(&self) -> bool {
        matches!(self.phase, Phase::Storing(_))
    }

    /// The log may hold more than the state.
    pub(super) fn doubt(&mut self) {
        if self.is_loaded() {
            self.phase = Phase::InDoubt;
        }
    }

    /// Events that are decided and not stored yet.
    pub(super) fn in_flight_events(&self) -> &[LogEvent] {
        match &self.phase {
            Phase::Storing(batch) => &batch.decision.events,
            Phase::Unloaded | Phase::InDoubt | Phase::Idle => &[],
        }
    }

    /// Decides commands and begins to store their events. All events in the state are stored.
    ///
    /// # Errors
    /// Where a message that a command is about could not be read. Nothing is decided then.
    pub(super) async fn begin(
        &mut self,
        submissions: &[impl Submission],
    ) -> Result<(), StoreError> {
        if self.state.seq() >= self.saved + SNAPSHOT_EVENTS {
            self.save_snapshot();
        }
        let decision = self.decide(submissions).await?;
        let mut append = self.append(decision.events.clone());
        // Polled once at once: the store works while the batch before is still being delivered.
        if let Poll::Ready(outcome) = futures::poll!(&mut append) {
            append = std::future::ready(outcome).boxed();
        }
        self.phase = Phase::Storing(Batch {
            decision,
            append: SyncWrapper::new(append),
        });
        Ok(())
    }

    /// Waits until the batch is stored or failed; for ever where there is none. Cancel safe.
    pub(super) async fn stored(&mut self) -> Result<Append, StoreError> {
        match &mut self.phase {
            Phase::Storing(batch) => batch.append.get_mut().await,
            Phase::Unloaded | Phase::InDoubt | Phase::Idle => std::future::pending().await,
        }
    }

    /// Takes the batch out after [`Committer::stored`] has returned.
    pub(super) fn take_batch(&mut self) -> Option<Decision> {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Storing(batch) => Some(batch.decision),
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Decides commands and waits until their events are stored, one batch at a time.
    ///
    /// # Errors
    /// As [`Committer::begin`]. Errors of the append are part of the outcome.
    pub(super) async fn commit_now(
        &mut self,
        submissions: &[impl Submission],
    ) -> Result<(Decision, Result<Append, StoreError>), StoreError> {
        let decision = self.decide(submissions).await?;
        let outcome = self.append(decision.events.clone()).await;
        Ok((decision, outcome))
    }

    fn append(&self, events: Vec<LogEvent>) -> BoxFuture<'static, Result<Append, StoreError>> {
        let Some(first) = events.first() else {
            return std::future::ready(Ok(Append::Stored)).boxed();
        };
        let after = first.seq - 1;
        let (hub, room) = (self.hub.clone(), self.room.clone());
        measured::append(hub, room, after, events).boxed()
    }

    /// Decides each command against the state that its predecessors left.
    async fn decide(&mut self, submissions: &[impl Submission]) -> Result<Decision, StoreError> {
        self.load_messages(submissions).await?;
        let mut nonces: HashMap<(Username, Nonce), usize> = HashMap::new();
        let mut decision = Decision::default();
        for submission in submissions {
            let decided = self.decide_one(submission, &mut nonces, &mut decision.events);
            decision.decided.push(decided);
        }
        Ok(decision)
    }

    fn decide_one(
        &mut self,
        submission: &impl Submission,
        nonces: &mut HashMap<(Username, Nonce), usize>,
        events: &mut Vec<LogEvent>,
    ) -> Decided {
        let actor = submission.actor();
        let nonce = submission.nonce();
        let nonce = nonce.map(|nonce| (actor.username.clone(), nonce.clone()));
        if let Some(first) = nonce.as_ref().and_then(|nonce| nonces.get(nonce)) {
            return Decided::Same(*first);
        }
        if let Some(rejection) = submission.rejection() {
            return Decided::Rejected(rejection.clone());
        }
        let proposal = Proposal {
            actor: &actor,
            command: submission.command(),
            nonce: submission.nonce(),
            event_id: self.hub.event_id(),
            now: self.hub.now(),
        };
        match decide(&self.state, &self.messages, &proposal) {
            Ok(Some(event)) => {
                self.state.apply(&event);
                self.messages.apply(&event);
                if let Some(nonce) = nonce {
                    nonces.insert(nonce, events.len());
                }
                events.push(event);
                Decided::Event(events.len() - 1)
            }
            Ok(None) => Decided::NothingToDo,
            Err(refusal) => Decided::Rejected(messages::refused(refusal)),
        }
    }

    /// Reads the messages that commands are about, where they are not known here.
    async fn load_messages(&mut self, submissions: &[impl Submission]) -> Result<(), StoreError> {
        self.messages.trim(MESSAGES_MAX);
        let wanted = submissions
            .iter()
            .filter_map(|submission| submission.command().target());
        let unknown: BTreeSet<Seq> = wanted
            .filter(|seq| *seq <= self.state.seq() && !self.messages.knows(*seq))
            .collect();
        for seq in unknown {
            let store = self.hub.store();
            let sent = store.event(&self.room, seq).await?;
            let sent = Vec::from_iter(sent);
            let states = store.message_states(&self.room, sent, self.state.seq(), usize::MAX);
            self.messages.load(seq, states.await?.pop());
        }
        Ok(())
    }

    /// The stored events with the nonces of these commands, in one query: one place for each
    /// command.
    ///
    /// # Errors
    /// Where the store fails.
    pub(super) async fn known(
        &self,
        submissions: &[&impl Submission],
    ) -> Result<Vec<Option<LogEvent>>, StoreError> {
        let marks = submissions.iter().map(|submission| {
            let nonce = submission.nonce().cloned()?;
            Some((submission.actor().username, EventNonce::from(nonce)))
        });
        let marks: Vec<_> = marks.collect();
        let asked: Vec<_> = marks.iter().flatten().cloned().collect();
        if asked.is_empty() {
            return Ok(vec![None; submissions.len()]);
        }
        let found = self
            .hub
            .store()
            .events_by_nonces(&self.room, &asked)
            .await?;
        let known: HashMap<_, _> = found
            .into_iter()
            .map(|event| ((event.sender.clone(), event.nonce.clone()), event))
            .collect();
        let of_mark = |mark: Option<_>| mark.and_then(|mark| known.get(&mark).cloned());
        Ok(marks.into_iter().map(of_mark).collect())
    }

    /// Folds the log again from the last snapshot, which forgets events that were decided and not
    /// stored. The doubt stays until [`Committer::end_doubt`].
    ///
    /// A log that this server can't read sets the room aside: until it is unloaded, each request is
    /// answered with the reason, and no other room notices.
    ///
    /// # Errors
    /// Where the store fails; the state is as before.
    pub(super) async fn refold(&mut self) -> Result<(), StoreError> {
        if let Some(error) = self.set_aside.clone().filter(|_| !self.is_loaded()) {
            return Err(error);
        }
        self.set_aside = None;
        let (state, saved) = load(&self.hub, &self.room).await.inspect_err(|error| {
            let room = &self.room;
            if matches!(error, StoreError::TooNew(_) | StoreError::Corrupt(_)) {
                log_failure!(error, error, %room, "a room is set aside: its log can't be read");
                self.set_aside = Some(error.clone());
            } else {
                log_failure!(error, error, %room, "the log could not be read");
            }
        })?;
        (self.state, self.saved) = (state, saved);
        self.messages.clear();
        Ok(())
    }

    /// All events in the state are stored, and delivered.
    pub(super) fn end_doubt(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Stored events above `after`, up to the state.
    ///
    /// # Errors
    /// Where the store fails, or has a hole there.
    pub(super) async fn events_above(&self, after: Seq) -> Result<Vec<LogEvent>, StoreError> {
        let store = self.hub.store();
        let limit = PageLimit::rows(LOAD_EVENTS_MAX);
        let mut events = store.events(&self.room, after, limit).await?.events;
        events.retain(|event| event.seq <= self.state.seq());
        if events.is_empty() {
            return Err(StoreError::Corrupt(format!("{} has a hole", self.room)));
        }
        Ok(events)
    }

    /// Saves the state in the background, where all of it is stored and it is ahead of the last
    /// snapshot.
    pub(super) fn save_snapshot(&mut self) {
        if !matches!(self.phase, Phase::Idle) || self.state.seq() <= self.saved {
            return;
        }
        let Ok(state) = serde_json::to_vec(&self.state) else {
            return;
        };
        let snapshot = Snapshot {
            rules_version: RULES_VERSION,
            seq: self.state.seq(),
            state,
        };
        self.saved = snapshot.seq;
        let (hub, room) = (self.hub.clone(), self.room.clone());
        tokio::spawn(async move {
            if let Err(error) = hub.store().save_snapshot(&room, snapshot).await {
                log_failure!(warn, error, %room, "a room's snapshot was not saved; loading takes longer");
            }
        });
    }
}

/// The room's state folded from its log, and the seq of the snapshot that it began with. A
/// snapshot that other rules folded, or that can't be read, is ignored: the log is the truth.
pub(crate) async fn load(hub: &Hub, room: &RoomName) -> Result<(RoomState, Seq), StoreError> {
    let snapshot = hub.store().snapshot(room).await?;
    let kept = snapshot
        .filter(|snapshot| snapshot.rules_version == RULES_VERSION)
        .and_then(|snapshot| serde_json::from_slice(&snapshot.state).ok());
    let mut state: RoomState = kept.unwrap_or_else(|| RoomState::empty(room.clone()));
    let saved = state.seq();
    loop {
        let limit = PageLimit::rows(LOAD_EVENTS_MAX);
        let page = hub.store().events(room, state.seq(), limit).await?;
        for event in &page.events {
            if event.seq != state.seq() + 1 {
                return Err(StoreError::Corrupt(format!(
                    "{room} has a hole at {}",
                    event.seq
                )));
            }
            state.apply(event);
        }
        if !page.more {
            return Ok((state, saved));
        }
    }
}

#[cfg(test)]
mod tests;
