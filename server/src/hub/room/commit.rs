//! From commands to stored events: decide, store, ack.

use std::collections::HashMap;

use chat_shared::protocol::{Ack, ErrorCode, ErrorFrame, ServerFrame};
use chat_shared::{Nonce, RoomName, Username};

use super::super::Propose;
use super::{Room, turn_down, unavailable};
use crate::rules::{Actor, Command, EventNonce, LogEvent, Proposal, decide};
use crate::store::Append;

/// Batches that may be lost to other nodes in a row before the commands are refused.
const LOST_IN_A_ROW_MAX: usize = 16;

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
    /// Decides, stores, acks and tells.
    pub(super) async fn commit(&mut self, mut proposals: Vec<Propose>) {
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
                    // The state holds what was not stored too, which nobody may be told of.
                    if let Err(error) = self.fold_anew().await {
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

fn ok(propose: &Propose) {
    if let Some(re) = propose.id.clone() {
        propose.connection.send(&ServerFrame::Ok { re });
    }
}

pub(super) fn refuse(propose: &Propose, room: &RoomName, mut error: ErrorFrame) {
    error.nonce.clone_from(&propose.nonce);
    turn_down(&propose.connection, propose.id.clone(), room, error);
}

fn rate_limited(retry_after_ms: u64) -> ErrorFrame {
    let message = "That is too much in too short a time; wait a moment.";
    let retry_after_ms = Some(retry_after_ms);
    ErrorFrame {
        retry_after_ms,
        ..ErrorFrame::new(ErrorCode::RateLimited, message)
    }
}
