//! From commands to stored events: decide, store, ack.

use std::collections::{BTreeSet, HashMap};
use std::task::Poll;

use chat_shared::protocol::{Ack, ErrorCode, ErrorFrame, ServerFrame};
use chat_shared::{Nonce, RoomName, Seq, Username};
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use sync_wrapper::SyncWrapper;

use super::super::{Propose, RoomRequest};
use super::{Room, reject, typing, unavailable};
use crate::broken::{Rule, is_broken};
use chat_rules::{Actor, Command, EventNonce, LogEvent, Proposal, decide};
use chat_store::{Append, StoreError};

/// Batches that may be lost to other nodes in a row before the commands are refused.
const LOST_IN_A_ROW_MAX: usize = 16;

/// Messages that a room keeps at hand, so that changing a new one needs no store.
const TARGETS_MAX: usize = 256;

/// A command with what was decided.
pub(super) enum Decided {
    /// Proposes the event at this index of the batch.
    Event(usize),
    /// Repeats a command of the same batch.
    Same(usize),
    NothingToDo,
    Refused(ErrorFrame),
}

/// A batch that is being stored. What was decided holds as long as nobody else wins its numbers.
pub(super) struct InFlight {
    proposals: Vec<Propose>,
    decided: Vec<Decided>,
    events: Vec<LogEvent>,
    /// Reads that came with these commands, and are answered behind them.
    others: Vec<RoomRequest>,
    append: SyncWrapper<BoxFuture<'static, Result<Append, StoreError>>>,
}

/// Waits until the batch is stored; for ever where there is none.
pub(super) async fn stored(in_flight: &mut Option<InFlight>) -> Result<Append, StoreError> {
    match in_flight {
        Some(batch) => batch.append.get_mut().await,
        None => std::future::pending().await,
    }
}

impl Room {
    /// Takes requests: decides the commands among them and has them stored, or keeps them all
    /// until the batch before them is stored.
    pub(super) async fn take(&mut self, requests: Vec<RoomRequest>) {
        if self.in_flight.is_some() {
            self.waiting.extend(requests);
        } else {
            self.begin(requests).await;
        }
    }

    /// Decides commands and hands their events to the store. All that the state holds is stored.
    async fn begin(&mut self, requests: Vec<RoomRequest>) {
        let mut proposals: Vec<Propose> = Vec::new();
        let mut others: Vec<RoomRequest> = Vec::new();
        for request in requests {
            match request {
                RoomRequest::Propose(propose) => {
                    others.retain_mut(|other| !typing::has_said(other, &propose));
                    proposals.push(propose);
                }
                other => others.push(other),
            }
        }
        // Another node may have told someone of events that this one has not seen.
        let is_ahead = |request: &RoomRequest| request.is_ahead_of(self.delivered_seq);
        self.in_doubt |= others.iter().any(is_ahead);
        if self.in_doubt && self.reload_log().await.is_err() {
            self.reject_all(&proposals);
            for request in others {
                self.reject_request(request);
            }
            return;
        }
        if proposals.is_empty() {
            return self.answer_all(others);
        }
        self.snapshot_when_due();
        if let Err(error) = self.load_targets(&proposals).await {
            tracing::error!(room = %self.room, %error, "a message could not be read");
            self.reject_all(&proposals);
            return self.answer_all(others);
        }
        let (events, decided) = self.decide(&proposals);
        let mut append = self.append(events.clone());
        // Begun at once: the store works while the batch before is still being told.
        if let Poll::Ready(outcome) = futures::poll!(&mut append) {
            append = std::future::ready(outcome).boxed();
        }
        self.in_flight = Some(InFlight {
            proposals,
            decided,
            events,
            others,
            append: SyncWrapper::new(append),
        });
    }

    /// The batch is stored, or not. The next one begins before this one is acked and told.
    pub(super) async fn finish(&mut self, outcome: Result<Append, StoreError>) {
        let Some(mut batch) = self.in_flight.take() else {
            return;
        };
        let waiting = std::mem::take(&mut self.waiting);
        let commands = |request: &RoomRequest| matches!(request, RoomRequest::Propose(_));
        let is_ahead = |request: &RoomRequest| request.is_ahead_of(self.state.seq());
        let must_read = waiting.iter().any(is_ahead);
        if !waiting.iter().any(commands) && !must_read {
            batch.others.extend(waiting);
        } else if matches!(outcome, Ok(Append::Stored)) && !must_read {
            self.begin(waiting).await;
        } else {
            self.waiting = waiting;
        }
        if matches!(outcome, Ok(Append::Stored)) {
            self.settle(&batch.proposals, &batch.decided, &batch.events)
                .await;
        } else {
            self.commit_again(batch.proposals, batch.decided, batch.events, outcome)
                .await;
        }
        self.answer_all(batch.others);
        if self.in_flight.is_none() && !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            self.begin(waiting).await;
        }
    }

    /// Decided and not stored yet.
    pub(super) fn in_flight_events(&self) -> &[LogEvent] {
        let batch = self.in_flight.as_ref();
        batch.map_or(&[], |batch| batch.events.as_slice())
    }

    fn append(&self, events: Vec<LogEvent>) -> BoxFuture<'static, Result<Append, StoreError>> {
        let Some(first) = events.first() else {
            return std::future::ready(Ok(Append::Stored)).boxed();
        };
        let after = first.seq - 1;
        let (hub, room) = (self.hub.clone(), self.room.clone());
        async move { hub.store().append(&room, after, events).await }.boxed()
    }

    fn reject_all(&self, proposals: &[Propose]) {
        for propose in proposals {
            reject_proposal(propose, &self.room, unavailable());
        }
    }

    /// After a batch that was not simply stored: what stands is told, and the rest decided again,
    /// one batch at a time.
    async fn commit_again(
        &mut self,
        mut proposals: Vec<Propose>,
        mut decided: Vec<Decided>,
        mut events: Vec<LogEvent>,
        mut outcome: Result<Append, StoreError>,
    ) {
        let mut lost = 0;
        loop {
            match outcome {
                Ok(Append::Stored) => {
                    return self.settle(&proposals, &decided, &events).await;
                }
                Ok(Append::Prefix { stored }) => {
                    lost += 1;
                    let (stands, again) = split(proposals, decided, stored);
                    let (stands, decided): (Vec<_>, Vec<_>) = stands.into_iter().unzip();
                    // The state holds what was not stored too, which nobody may be told of.
                    if let Err(error) = self.refold().await {
                        tracing::error!(room = %self.room, %error, "the log could not be read");
                    }
                    self.settle(&stands, &decided, &events[..stored]).await;
                    proposals = again;
                }
                Ok(Append::NonceTaken { index, existing }) => {
                    let culprit = decided
                        .iter()
                        .position(|decided| matches!(decided, Decided::Event(i) if *i == index));
                    if let Some(culprit) = culprit {
                        let propose = proposals.remove(culprit);
                        self.answer_first(&propose, &existing);
                    }
                    proposals = self.answer_known(proposals).await;
                }
                Ok(Append::Lost) => lost += 1,
                Err(_) if is_broken(Rule::AnErrorIsNoStore) => {
                    self.settle(&proposals, &decided, &events).await;
                    return;
                }
                Err(error) => {
                    tracing::error!(room = %self.room, %error, "a batch could not be stored");
                    self.reject_all(&proposals);
                    proposals.clear();
                }
            }
            self.in_doubt = true;
            if self.reload_log().await.is_err() || lost > LOST_IN_A_ROW_MAX {
                return self.reject_all(&proposals);
            }
            if proposals.is_empty() {
                return;
            }
            if let Err(error) = self.load_targets(&proposals).await {
                tracing::error!(room = %self.room, %error, "a message could not be read");
                return self.reject_all(&proposals);
            }
            (events, decided) = self.decide(&proposals);
            outcome = self.append(events.clone()).await;
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
                    admin: propose.connection.identity.admin,
                },
                command: &propose.command,
                nonce: propose.nonce.as_ref(),
                event_id: self.hub.event_id(),
                now: self.hub.now(),
            };
            match decide(&self.state, &self.targets, &proposal) {
                Ok(Some(event)) => {
                    self.state.apply(&event);
                    self.targets.apply(&event);
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
        self.apply_bans(events).await;
        let mut created_by = None;
        for (propose, decided) in proposals.iter().zip(decided) {
            match decided {
                Decided::Event(index) | Decided::Same(index) => {
                    if makes_a_room(&propose.command) {
                        created_by = Some(propose.connection.id);
                    }
                    self.answer_first(propose, &events[*index]);
                }
                Decided::NothingToDo if matches!(propose.command, Command::Direct { .. }) => {
                    self.answer_room(propose, self.delivered_seq).await;
                }
                Decided::NothingToDo => {
                    self.repeat_ban(&propose.command).await;
                    ok(propose);
                }
                Decided::Refused(error) => self.reject_unless_known(propose, error).await,
            }
        }
        self.deliver_stored(events, created_by);
    }

    /// The answer to who asks for a direct room that stands already.
    async fn answer_room(&self, propose: &Propose, last_seq: Seq) {
        let mut room = self.info(&propose.connection, last_seq);
        let username = &propose.connection.identity.username;
        let mentions = self.hub.store();
        match mentions
            .mentions_above(&self.room, username, room.read_seq)
            .await
        {
            Ok(mentions) => room.mentions = mentions,
            Err(error) => {
                tracing::error!(room = %self.room, %error, "mentions could not be counted");
                return reject_proposal(propose, &self.room, unavailable());
            }
        }
        let re = propose.id.clone();
        propose.connection.send(&ServerFrame::Room { re, room });
    }

    /// Reads the messages that commands are about, where they are not known here.
    async fn load_targets(&mut self, proposals: &[Propose]) -> Result<(), StoreError> {
        self.targets.trim(TARGETS_MAX);
        let wanted = proposals
            .iter()
            .filter_map(|propose| propose.command.target());
        let unknown: BTreeSet<Seq> = wanted
            .filter(|seq| *seq <= self.state.seq() && !self.targets.knows(*seq))
            .collect();
        for seq in unknown {
            let store = self.hub.store();
            let event = store.event(&self.room, seq).await?;
            let changes = store
                .events_targeting(&self.room, &[seq], self.state.seq())
                .await?;
            self.targets.load(seq, event.as_ref(), &changes);
        }
        Ok(())
    }

    /// Who repeats one nonce after a lost connection repeats many: all that are known get their
    /// first answer at once, and the others are left.
    async fn answer_known(&self, proposals: Vec<Propose>) -> Vec<Propose> {
        let found = join_all(proposals.iter().map(|propose| self.known(propose))).await;
        let mut left = Vec::new();
        for (propose, found) in proposals.into_iter().zip(found) {
            match found {
                Ok(Some(existing)) => self.answer_first(&propose, &existing),
                // The next attempt to store it will tell.
                Ok(None) | Err(_) => left.push(propose),
            }
        }
        left
    }

    async fn known(&self, propose: &Propose) -> Result<Option<LogEvent>, StoreError> {
        let Some(nonce) = propose.nonce.clone() else {
            return Ok(None);
        };
        let sender = &propose.connection.identity.username;
        let nonce = EventNonce::from(nonce);
        self.hub
            .store()
            .event_by_nonce(&self.room, sender, &nonce)
            .await
    }

    /// A repeated nonce gets its first answer, before any check that would refuse it now.
    async fn reject_unless_known(&self, propose: &Propose, error: &ErrorFrame) {
        match self.known(propose).await {
            Ok(Some(existing)) => self.answer_first(propose, &existing),
            Ok(None) => reject_proposal(propose, &self.room, error.clone()),
            Err(error) => {
                tracing::error!(room = %self.room, %error, "a nonce could not be looked up");
                reject_proposal(propose, &self.room, unavailable());
            }
        }
    }

    fn answer_first(&self, propose: &Propose, event: &LogEvent) {
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
            (command, _) if makes_a_room(command) => {
                // Who repeats it may have been put out since.
                if !self.check_access(&propose.connection, propose.id.as_ref()) {
                    return;
                }
                let last_seq = self.delivered_seq.max(event.seq - 1);
                let room = self.info(&propose.connection, last_seq);
                propose.connection.send(&ServerFrame::Room {
                    re: propose.id.clone(),
                    room,
                });
            }
            _ => ok(propose),
        }
    }
}

/// Apart: the proposals whose event is among the first `stored`, and those to be decided again.
fn split(
    proposals: Vec<Propose>,
    decided: Vec<Decided>,
    stored: usize,
) -> (Vec<(Propose, Decided)>, Vec<Propose>) {
    let stands = |decided: &Decided| matches!(decided, Decided::Event(index) | Decided::Same(index) if *index < stored);
    let all = proposals.into_iter().zip(decided);
    let (standing, again): (Vec<_>, Vec<_>) = all.partition(|(_, decided)| stands(decided));
    let again = again.into_iter().map(|(propose, _)| propose).collect();
    (standing, again)
}

fn makes_a_room(command: &Command) -> bool {
    matches!(command, Command::Create { .. } | Command::Direct { .. })
}

fn ok(propose: &Propose) {
    if let Some(re) = propose.id.clone() {
        propose.connection.send(&ServerFrame::Ok { re });
    }
}

fn reject_proposal(propose: &Propose, room: &RoomName, mut error: ErrorFrame) {
    error.nonce.clone_from(&propose.nonce);
    reject(&propose.connection, propose.id.clone(), room, error);
}

fn rate_limited(retry_after_ms: u64) -> ErrorFrame {
    let message = "That is too much in too short a time; wait a moment.";
    let retry_after_ms = Some(retry_after_ms);
    ErrorFrame {
        retry_after_ms,
        ..ErrorFrame::new(ErrorCode::RateLimited, message)
    }
}
