//! The task that owns a room on this node.
//!
//! It takes what waits in its inbox, decides the commands among it one after the other, has their
//! events stored as one batch, and only then acks and tells. After an error of the store nothing
//! is numbered further until the log was read again: what became of the batch is known then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat_shared::limits::RESUME_ROOM_EVENTS_MAX;
use chat_shared::protocol::{Ack, ErrorCode, ErrorFrame, Limited, RoomGone, RoomInfo, ServerFrame};
use chat_shared::{Nonce, RequestId, RoomName, Seq, Username};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::fan_out::Subscribers;
use super::pages::{self, MembersAsked};
use super::presence::Presence;
use super::recent::Recent;
use super::{
    Attached, CatchUp, CatchUpStep, Connection, Dialect, Hub, Propose, Query, Resume, RoomRequest,
    wire,
};
use crate::outbox::{Class, Frame};
use crate::rules::{Actor, Command, EventBody, EventNonce, LogEvent, Proposal, RoomState, decide};
use crate::store::{Append, Snapshot, StoreError};

/// Requests that one batch takes.
const BATCH_REQUESTS_MAX: usize = 64;

/// Events read at a time when a room is loaded.
const LOAD_EVENTS_MAX: usize = 500;

/// Events after which the folded state is kept anew.
const SNAPSHOT_EVENTS: u64 = 1_000;

/// Milliseconds after which a room that nobody needs is unloaded.
const UNLOAD_AFTER_MS: u64 = 60_000;

/// Milliseconds between two attempts to read the log again while the store does not answer.
const STORE_RETRY_MS: u64 = 500;

/// Batches that may be lost to other nodes in a row before the commands are refused.
const LOST_IN_A_ROW_MAX: usize = 16;

pub(super) async fn run(hub: Hub, room: RoomName, mut inbox: mpsc::Receiver<RoomRequest>) {
    let mut task = Room {
        state: RoomState::empty(room.clone()),
        told: 0,
        loaded: false,
        in_doubt: true,
        saved: 0,
        subscribers: Subscribers::default(),
        presence: Presence::new(room.clone()),
        recent: Recent::default(),
        room,
        hub,
    };
    let mut requests = Vec::with_capacity(BATCH_REQUESTS_MAX);
    loop {
        let wait = task.wait_ms();
        tokio::select! {
            count = inbox.recv_many(&mut requests, BATCH_REQUESTS_MAX) => {
                if count == 0 {
                    return;
                }
                task.handle(std::mem::take(&mut requests)).await;
            }
            () = sleep(Duration::from_millis(wait)) => {
                if task.in_doubt && task.loaded {
                    let _ = task.read_again().await;
                }
                task.tell_presence();
                if task.is_idle() && task.hub.unload(&task.room, &mut inbox) {
                    task.save_snapshot();
                    return;
                }
            }
        }
    }
}

struct Room {
    hub: Hub,
    room: RoomName,
    /// Ahead of the store while a batch is being stored.
    state: RoomState,
    /// The last event that is stored, acked and handed to the members.
    told: Seq,
    loaded: bool,
    /// What the store holds above `told` is not known.
    in_doubt: bool,
    /// The seq of the kept snapshot.
    saved: Seq,
    subscribers: Subscribers,
    presence: Presence,
    recent: Recent,
}

/// A command with what was decided.
enum Decided {
    /// Proposes the event at this index of the batch.
    Event(usize),
    /// Repeats a command of the same batch.
    Same(usize),
    NothingToDo,
    Refused(ErrorFrame),
}

impl Room {
    fn is_idle(&self) -> bool {
        self.subscribers.is_empty() && self.presence.is_idle()
    }

    fn wait_ms(&self) -> u64 {
        let presence = self
            .presence
            .deadline()
            .map(|at| at.saturating_sub(self.hub.now()).max(1));
        let retry = (self.in_doubt && self.loaded).then_some(STORE_RETRY_MS);
        let unload = if self.state.exists() {
            UNLOAD_AFTER_MS
        } else {
            STORE_RETRY_MS
        };
        presence.into_iter().chain(retry).min().unwrap_or(unload)
    }

    async fn handle(&mut self, requests: Vec<RoomRequest>) {
        let mut proposals = Vec::new();
        let mut others = Vec::new();
        for request in requests {
            match request {
                RoomRequest::Propose(propose) => proposals.push(propose),
                other => others.push(other),
            }
        }
        if self.in_doubt && self.read_again().await.is_err() {
            for propose in &proposals {
                refuse(propose, &self.room, unavailable());
            }
            others
                .into_iter()
                .for_each(|request| self.turn_away(request));
            return;
        }
        self.commit(proposals).await;
        for request in others {
            self.answer(request);
        }
        self.tell_presence();
        if self.state.seq() >= self.saved + SNAPSHOT_EVENTS {
            self.save_snapshot();
        }
    }

    /// Decides, stores, acks and tells.
    async fn commit(&mut self, mut proposals: Vec<Propose>) {
        let mut lost = 0;
        while !proposals.is_empty() {
            let (events, decided) = self.decide(&proposals);
            let stored = if events.is_empty() {
                Ok(Append::Stored)
            } else {
                self.hub
                    .store()
                    .append(&self.room, self.told, events.clone())
                    .await
            };
            match stored {
                Ok(Append::Stored) => {
                    self.settle(&proposals, &decided, &events).await;
                    return;
                }
                Ok(Append::Prefix { stored }) => {
                    lost += 1;
                    let (stands, again) = split(proposals, decided, stored);
                    let (stands, decided): (Vec<_>, Vec<_>) = stands.into_iter().unzip();
                    self.settle(&stands, &decided, &events[..stored]).await;
                    proposals = again;
                }
                Ok(Append::NonceTaken { index, existing }) => {
                    let culprit = decided
                        .iter()
                        .position(|decided| matches!(decided, Decided::Event(i) if *i == index));
                    if let Some(culprit) = culprit {
                        let propose = proposals.remove(culprit);
                        self.first_answer(&propose, &existing);
                    }
                }
                Ok(Append::Lost) => lost += 1,
                Err(error) => {
                    tracing::error!(room = %self.room, %error, "a batch could not be stored");
                    proposals
                        .iter()
                        .for_each(|propose| refuse(propose, &self.room, unavailable()));
                    proposals.clear();
                }
            }
            self.in_doubt = true;
            if self.read_again().await.is_err() || lost > LOST_IN_A_ROW_MAX {
                proposals
                    .iter()
                    .for_each(|propose| refuse(propose, &self.room, unavailable()));
                return;
            }
        }
    }

    /// Each command against the state that its predecessors left.
    fn decide(&mut self, proposals: &[Propose]) -> (Vec<LogEvent>, Vec<Decided>) {
        let mut events: Vec<LogEvent> = Vec::new();
        let mut nonces: HashMap<(Username, Nonce), usize> = HashMap::new();
        let decided = proposals.iter().map(|propose| {
            let username = &propose.connection.identity.username;
            let nonce = propose.nonce.clone().map(|nonce| (username.clone(), nonce));
            if let Some(first) = nonce.as_ref().and_then(|nonce| nonces.get(nonce)) {
                return Decided::Same(*first);
            }
            if let Some(retry_after_ms) = propose.rate_limited {
                return Decided::Refused(rate_limited(retry_after_ms));
            }
            let proposal = Proposal {
                actor: &Actor {
                    username: username.clone(),
                    bot: propose.connection.identity.bot,
                },
                command: &propose.command,
                nonce: propose.nonce.as_ref(),
                event_id: self.hub.event_id(),
                now: self.hub.now(),
            };
            match decide(&self.state, &proposal) {
                Ok(Some(event)) => {
                    self.state.apply(&event);
                    if let Some(nonce) = nonce {
                        nonces.insert(nonce, events.len());
                    }
                    events.push(event);
                    Decided::Event(events.len() - 1)
                }
                Ok(None) => Decided::NothingToDo,
                Err(refusal) => {
                    Decided::Refused(ErrorFrame::new(refusal.code(), refusal.to_string()))
                }
            }
        });
        let decided = decided.collect();
        (events, decided)
    }

    /// The events are stored: acks first, then the members are told.
    async fn settle(&mut self, proposals: &[Propose], decided: &[Decided], events: &[LogEvent]) {
        let mut created_by = None;
        for (propose, decided) in proposals.iter().zip(decided) {
            match decided {
                Decided::Event(index) | Decided::Same(index) => {
                    if matches!(propose.command, Command::Create { .. }) {
                        created_by = Some(propose.connection.id);
                    }
                    self.first_answer(propose, &events[*index]);
                }
                Decided::NothingToDo => ok(propose),
                Decided::Refused(error) => self.refuse_unless_known(propose, error).await,
            }
        }
        self.tell(events, created_by);
    }

    /// A repeated nonce gets its first answer, before any check that would refuse it now.
    async fn refuse_unless_known(&self, propose: &Propose, error: &ErrorFrame) {
        let Some(nonce) = propose.nonce.clone() else {
            return refuse(propose, &self.room, error.clone());
        };
        let sender = &propose.connection.identity.username;
        let nonce = EventNonce::from(nonce);
        match self
            .hub
            .store()
            .event_by_nonce(&self.room, sender, &nonce)
            .await
        {
            Ok(Some(existing)) => self.first_answer(propose, &existing),
            Ok(None) => refuse(propose, &self.room, error.clone()),
            Err(error) => {
                tracing::error!(room = %self.room, %error, "a nonce could not be looked up");
                refuse(propose, &self.room, unavailable());
            }
        }
    }

    fn first_answer(&self, propose: &Propose, event: &LogEvent) {
        match (&propose.command, &propose.nonce) {
            (Command::Send { .. }, Some(nonce)) => {
                propose.connection.send(&ServerFrame::Ack(Ack {
                    re: propose.id.clone(),
                    room: self.room.clone(),
                    nonce: nonce.clone(),
                    seq: event.seq,
                    ts: event.ts,
                }));
            }
            (Command::Create { .. }, _) => {
                let room = self.info(&propose.connection, event.seq - 1);
                propose.connection.send(&ServerFrame::Room {
                    re: propose.id.clone(),
                    room,
                });
            }
            _ => ok(propose),
        }
    }

    /// Hands stored events to the members. `created_by` has its `room` frame already.
    fn tell(&mut self, events: &[LogEvent], created_by: Option<u64>) {
        let mut start = 0;
        for (at, event) in events.iter().enumerate() {
            if !event.body.is_message() {
                self.deliver(&events[start..at]);
                self.take_in(event, created_by);
                self.deliver(std::slice::from_ref(event));
                self.let_go(event);
                start = at + 1;
            }
        }
        self.deliver(&events[start..]);
    }

    fn deliver(&mut self, events: &[LogEvent]) {
        let Some(last) = events.last() else { return };
        let frames: Vec<_> = events
            .iter()
            .map(|event| wire::event_frame(&self.room, event))
            .collect();
        let batch = self.subscribers.encode(&frames, Class::Durable);
        self.subscribers.deliver(&batch);
        for (event, frame) in events.iter().zip(batch.singles) {
            self.recent.push(event.seq, frame);
        }
        self.told = last.seq;
    }

    /// A new member's connections are told of the room and get its events from this one on.
    fn take_in(&mut self, event: &LogEvent, created_by: Option<u64>) {
        if matches!(event.body, EventBody::Left) {
            return;
        }
        for connection in self.hub.connections_of(&event.sender) {
            if connection.dialect == Dialect::Demo || !self.attach(&connection, true) {
                continue;
            }
            if created_by != Some(connection.id) {
                let room = self.info(&connection, event.seq - 1);
                connection.send(&ServerFrame::Room { re: None, room });
            }
        }
    }

    /// Who left is told so last, and gets nothing more of this room.
    fn let_go(&mut self, event: &LogEvent) {
        if !matches!(event.body, EventBody::Left) {
            return;
        }
        for connection in self.hub.connections_of(&event.sender) {
            if self.subscribers.remove(&connection) {
                connection.exit(&self.room);
                connection.send(&ServerFrame::RoomGone(RoomGone {
                    room: self.room.clone(),
                }));
            }
        }
        self.presence.forget(&event.sender, self.hub.now());
    }

    /// `false` where the connection has ended or is here already.
    fn attach(&mut self, connection: &Arc<Connection>, live: bool) -> bool {
        if self.subscribers.contains(connection) || !connection.enter(&self.room) {
            return false;
        }
        self.subscribers.add(connection.clone(), live);
        let line = self
            .presence
            .connect(&connection.identity.username, self.hub.now());
        self.tell_ephemeral(line.as_slice());
        true
    }

    fn tell_presence(&mut self) {
        let now = self.hub.now();
        if self.presence.deadline().is_some_and(|at| at <= now) {
            let frames = self.presence.due(self.member_count(), now);
            self.tell_ephemeral(&frames);
        }
    }

    fn tell_ephemeral(&self, frames: &[ServerFrame]) {
        if !frames.is_empty() {
            self.subscribers
                .deliver(&self.subscribers.encode(frames, Class::Ephemeral));
        }
    }

    fn member_count(&self) -> u64 {
        if self.room.is_lobby() {
            self.hub.accounts().account_count()
        } else {
            self.state.members().len() as u64
        }
    }

    fn info(&self, connection: &Connection, last_seq: Seq) -> RoomInfo {
        let identity = &connection.identity;
        let (read_seq, unread) = self.state.read_and_unread(&identity.username);
        RoomInfo {
            room: self.room.clone(),
            kind: self.state.kind(),
            topic: self.state.topic().to_owned(),
            last_seq,
            read_seq,
            unread,
            mentions: 0,
            role: self.state.role_of(&identity.username, identity.admin),
            members: self.member_count(),
            with: None,
        }
    }

    fn answer(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Propose(_) => {}
            RoomRequest::Attach {
                connection,
                resume,
                answer,
            } => {
                let welcome = self.state.exists()
                    && self.state.is_member(&connection.identity.username)
                    && self.attach(&connection, true);
                let _ = answer.send(welcome.then(|| Attached {
                    info: self.info(&connection, self.told),
                    active: self.state.ts(),
                    behind: resume.map_or(0, |resume| self.hold(&connection, resume)),
                }));
            }
            RoomRequest::CatchUp {
                connection,
                catch_up,
                answer,
            } => {
                let _ = answer.send(self.catch_up(&connection, catch_up));
            }
            RoomRequest::Detach { connection } => {
                if self.subscribers.remove(&connection) {
                    self.presence
                        .disconnect(&connection.identity.username, self.hub.now());
                }
            }
            RoomRequest::Query {
                connection,
                id,
                query,
                permit,
            } => {
                let username = &connection.identity.username;
                if !self.state.is_visible_to(username) {
                    let error = ErrorFrame::new(ErrorCode::NotFound, "There is no such room.");
                    return turn_down(&connection, id, &self.room, error);
                }
                if !self.state.is_member(username) {
                    let message = "You are not in this room; join it first.";
                    let error = ErrorFrame::new(ErrorCode::Forbidden, message);
                    return turn_down(&connection, id, &self.room, error);
                }
                self.read(connection, id, query, permit);
            }
        }
    }

    /// Reads a page beside the room's own work. It stands as of the last event that was told.
    fn read(
        &mut self,
        connection: Arc<Connection>,
        id: Option<RequestId>,
        query: Query,
        permit: tokio::sync::OwnedSemaphorePermit,
    ) {
        let (hub, room, as_of) = (self.hub.clone(), self.room.clone(), self.told);
        let members = match &query {
            Query::Members(query) => Some(MembersAsked::new(
                &self.state,
                &hub,
                self.presence.names(),
                query,
            )),
            _ => None,
        };
        tokio::spawn(async move {
            let re = id.clone();
            let page = match (query, members) {
                (Query::History(query), _) => pages::history(&hub, &room, as_of, re, query).await,
                (Query::Events(query), _) => pages::events(&hub, &room, as_of, re, query).await,
                (Query::Members(query), Some(asked)) => {
                    pages::members(&hub, &room, re, query, asked).await
                }
                (Query::Members(_), None) => return,
            };
            match page {
                Ok(page) => connection.send(&page),
                Err(error) => {
                    tracing::error!(%room, %error, "a page could not be read");
                    turn_down(&connection, id, &room, unavailable());
                }
            }
            drop(permit);
        });
    }

    /// Takes a connection's liveness away until it caught up, and returns how far it is behind. One
    /// that is behind too far is told so and stays live.
    fn hold(&mut self, connection: &Connection, resume: Resume) -> u64 {
        let tip = self.told;
        let reset = !resume.same_log || resume.after > tip;
        let behind = tip.saturating_sub(resume.after);
        if reset || behind > resume.events_max.min(RESUME_ROOM_EVENTS_MAX) {
            let room = self.room.clone();
            connection.send(&ServerFrame::Limited(Limited {
                room,
                last_seq: tip,
                reset,
            }));
            self.subscribers.set_live(connection, true);
            return 0;
        }
        self.subscribers.set_live(connection, behind == 0);
        behind
    }

    fn catch_up(&mut self, connection: &Arc<Connection>, step: CatchUp) -> CatchUpStep {
        if !self.subscribers.contains(connection) {
            return CatchUpStep::Gone;
        }
        let tip = self.told;
        let after = match step {
            CatchUp::Start(resume) => {
                if self.hold(connection, resume) == 0 {
                    return CatchUpStep::Live { tip: resume.after };
                }
                resume.after
            }
            CatchUp::Continue { .. } if self.subscribers.is_live(connection) => {
                return CatchUpStep::Live { tip };
            }
            CatchUp::Continue { after } => after,
        };
        let Some(frames) = self.recent.above(after, tip) else {
            return CatchUpStep::Behind { tip };
        };
        for frame in frames {
            connection.push(Frame::batch(frame.clone(), Class::Durable));
        }
        self.subscribers.set_live(connection, true);
        CatchUpStep::Live { tip }
    }

    /// While the store does not answer.
    fn turn_away(&mut self, request: RoomRequest) {
        match request {
            RoomRequest::Query { connection, id, .. } => {
                turn_down(&connection, id, &self.room, unavailable());
            }
            RoomRequest::Detach { .. } => self.answer(request),
            // Dropping the answer tells the connection that the room can't be had.
            RoomRequest::Propose(_) | RoomRequest::Attach { .. } | RoomRequest::CatchUp { .. } => {}
        }
    }

    /// Folds the log anew; events that nobody was told of yet are told.
    async fn read_again(&mut self) -> Result<(), StoreError> {
        let (state, saved) = load(&self.hub, &self.room).await.inspect_err(|error| {
            tracing::error!(room = %self.room, %error, "the log could not be read");
        })?;
        if self.loaded {
            while self.told < state.seq() {
                let events = self
                    .hub
                    .store()
                    .events(&self.room, self.told, LOAD_EVENTS_MAX)
                    .await?;
                let up_to = events
                    .iter()
                    .take_while(|event| event.seq <= state.seq())
                    .count();
                if up_to == 0 {
                    return Err(StoreError::Corrupt(format!("{} has a hole", self.room)));
                }
                self.state = state.clone();
                self.tell(&events[..up_to], None);
            }
        }
        self.told = state.seq();
        self.state = state;
        self.saved = saved;
        self.loaded = true;
        self.in_doubt = false;
        Ok(())
    }

    fn save_snapshot(&mut self) {
        if self.in_doubt || self.state.seq() <= self.saved {
            return;
        }
        let Ok(state) = serde_json::to_vec(&self.state) else {
            return;
        };
        let snapshot = Snapshot {
            seq: self.state.seq(),
            state,
        };
        self.saved = snapshot.seq;
        let (hub, room) = (self.hub.clone(), self.room.clone());
        tokio::spawn(async move {
            if let Err(error) = hub.store().save_snapshot(&room, snapshot).await {
                tracing::warn!(%room, %error, "a room's state was not kept; loading it takes longer");
            }
        });
    }
}

/// The room's state, and the seq of the snapshot that it began with. A snapshot of another version
/// that can't be read is as good as none: the log is the truth.
async fn load(hub: &Hub, room: &RoomName) -> Result<(RoomState, Seq), StoreError> {
    let snapshot = hub.store().snapshot(room).await?;
    let kept = snapshot.and_then(|snapshot| serde_json::from_slice(&snapshot.state).ok());
    let mut state: RoomState = kept.unwrap_or_else(|| RoomState::empty(room.clone()));
    let saved = state.seq();
    loop {
        let events = hub
            .store()
            .events(room, state.seq(), LOAD_EVENTS_MAX)
            .await?;
        for event in &events {
            if event.seq != state.seq() + 1 {
                return Err(StoreError::Corrupt(format!(
                    "{room} has a hole at {}",
                    event.seq
                )));
            }
            state.apply(event);
        }
        if events.len() < LOAD_EVENTS_MAX {
            return Ok((state, saved));
        }
    }
}

/// Apart: the proposals whose event is among the first `stored`, and those to be decided again.
fn split(
    proposals: Vec<Propose>,
    decided: Vec<Decided>,
    stored: usize,
) -> (Vec<(Propose, Decided)>, Vec<Propose>) {
    let (stands, again): (Vec<_>, Vec<_>) =
        proposals.into_iter().zip(decided).partition(|(_, decided)| {
            matches!(decided, Decided::Event(index) | Decided::Same(index) if *index < stored)
        });
    let again = again.into_iter().map(|(propose, _)| propose).collect();
    (stands, again)
}

fn ok(propose: &Propose) {
    if let Some(re) = propose.id.clone() {
        propose.connection.send(&ServerFrame::Ok { re });
    }
}

fn refuse(propose: &Propose, room: &RoomName, mut error: ErrorFrame) {
    error.nonce.clone_from(&propose.nonce);
    turn_down(&propose.connection, propose.id.clone(), room, error);
}

fn turn_down(
    connection: &Connection,
    re: Option<RequestId>,
    room: &RoomName,
    mut error: ErrorFrame,
) {
    error.re = re;
    error.room = Some(room.clone());
    connection.send(&ServerFrame::Error(error));
}

fn unavailable() -> ErrorFrame {
    ErrorFrame::new(
        ErrorCode::Unavailable,
        "The server can't reach its store; try again.",
    )
}

fn rate_limited(retry_after_ms: u64) -> ErrorFrame {
    let message = "That is too much in too short a time; wait a moment.";
    let retry_after_ms = Some(retry_after_ms);
    ErrorFrame {
        retry_after_ms,
        ..ErrorFrame::new(ErrorCode::RateLimited, message)
    }
}
