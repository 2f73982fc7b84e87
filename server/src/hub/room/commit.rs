//! Commands of a room: from requests to replies and deliveries.
//!
//! [`Room::take`] gives the commands among some requests to the committer; [`Room::finish`] is
//! called when their batch is stored: it begins the next batch, acknowledges this one, delivers
//! it, and answers the reads that came with it.

use chat_shared::protocol::{Ack, ErrorFrame, ServerFrame};
use chat_shared::{Nonce, RoomName, Seq};

use super::super::request::{Envelope, Propose};
use super::super::{Ask, RoomRequest};
use super::committer::{Decided, Decision, Submission};
use super::{Room, reject, reply_ok, typing};
use crate::messages;
use chat_server_rules::{Actor, LogEvent, RoomCommand};
use chat_server_store::{Append, StoreError, log_failure};

/// Batches that may be lost to other nodes in a row before their commands are rejected.
const LOST_IN_A_ROW_MAX: usize = 16;

/// A command, and where its reply goes.
pub(super) struct Proposal {
    envelope: Envelope,
    propose: Propose,
    /// Whether the sender was an admin when the room took the command.
    is_admin: bool,
}

/// The requests that are answered when a batch is stored.
pub(super) struct PendingReplies {
    proposals: Vec<Proposal>,
    /// Reads that came with these commands, and are answered behind them.
    reads: Vec<RoomRequest>,
}

impl Submission for Proposal {
    fn actor(&self) -> Actor {
        let identity = &self.envelope.connection.identity;
        Actor {
            username: identity.username.clone(),
            bot: identity.bot,
            admin: self.is_admin,
        }
    }

    fn command(&self) -> &RoomCommand {
        &self.propose.command
    }

    fn nonce(&self) -> Option<&Nonce> {
        self.propose.nonce.as_ref()
    }

    fn rejection(&self) -> Option<&ErrorFrame> {
        self.propose.rejection.as_deref()
    }
}

impl Proposal {
    fn reply(&self, frame: &ServerFrame) {
        self.envelope.connection.send(frame);
    }

    fn reply_ok(&self) {
        reply_ok(&self.envelope.connection, self.envelope.id.clone());
    }

    fn reject(&self, room: &RoomName, mut error: ErrorFrame) {
        error.nonce.clone_from(&self.propose.nonce);
        reject(
            &self.envelope.connection,
            self.envelope.id.clone(),
            room,
            error,
        );
    }
}

impl Room {
    /// Takes requests: decides the commands among them and begins to store their events, or keeps
    /// all of them until the batch before them is stored.
    pub(super) async fn take(&mut self, requests: Vec<RoomRequest>) {
        if self.committer.is_storing() {
            self.waiting.extend(requests);
        } else {
            self.begin(requests).await;
        }
    }

    /// Decides commands and begins to store their events. No batch is being stored.
    async fn begin(&mut self, requests: Vec<RoomRequest>) {
        let (proposals, reads) = self.split_requests(requests);
        // Another node may have delivered events that this one has not seen.
        let state_seq = self.committer.state().seq();
        if reads.iter().any(|request| request.is_ahead_of(state_seq)) {
            self.committer.doubt();
        }
        if self.committer.is_in_doubt() && self.reload_log().await.is_err() {
            self.reject_all(&proposals);
            return reads
                .into_iter()
                .for_each(|request| self.reject_request(request));
        }
        if proposals.is_empty() {
            return self.answer_all(reads);
        }
        match self.committer.begin(&proposals).await {
            Ok(()) => self.replies = Some(PendingReplies { proposals, reads }),
            Err(error) => {
                log_failure!(error, error, room = %self.name, "a message could not be read");
                self.reject_all(&proposals);
                self.answer_all(reads);
            }
        }
    }

    /// The batch is stored, or not. The next one begins before this one is acknowledged.
    pub(super) async fn finish(&mut self, outcome: Result<Append, StoreError>) {
        let batch = (self.committer.take_batch(), self.replies.take());
        let (Some(decision), Some(mut replies)) = batch else {
            return;
        };
        let waiting = std::mem::take(&mut self.waiting);
        let is_stored = matches!(outcome, Ok(Append::Stored));
        let state_seq = self.committer.state().seq();
        let must_read = waiting.iter().any(|request| request.is_ahead_of(state_seq));
        if !waiting.iter().any(RoomRequest::is_proposal) && !must_read {
            replies.reads.extend(waiting);
        } else if is_stored && !must_read {
            self.begin(waiting).await;
        } else {
            self.waiting = waiting;
        }
        if is_stored {
            self.settle(&replies.proposals, &decision.decided, &decision.events)
                .await;
        } else {
            self.commit_again(replies.proposals, decision, outcome)
                .await;
        }
        self.answer_all(replies.reads);
        if !self.committer.is_storing() && !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            self.begin(waiting).await;
        }
    }

    /// Settles a batch that was not simply stored: stored commands are acknowledged, the rest is
    /// decided again, one batch at a time.
    async fn commit_again(
        &mut self,
        mut proposals: Vec<Proposal>,
        mut decision: Decision,
        mut outcome: Result<Append, StoreError>,
    ) {
        let mut lost = 0;
        loop {
            match outcome {
                Ok(Append::Stored) => {
                    return self
                        .settle(&proposals, &decision.decided, &decision.events)
                        .await;
                }
                Ok(Append::Prefix { stored }) => {
                    lost += 1;
                    proposals = self.settle_prefix(proposals, decision, stored).await;
                }
                Ok(Append::NonceTaken { index, existing }) => {
                    let is_taken =
                        |decided: &Decided| matches!(decided, Decided::Event(i) if *i == index);
                    if let Some(taken) = decision.decided.iter().position(is_taken) {
                        let proposal = proposals.remove(taken);
                        self.acknowledge(&proposal, &existing);
                    }
                    proposals = self.answer_known(proposals).await;
                }
                Ok(Append::Lost) => lost += 1,
                Err(error) => {
                    log_failure!(error, error, room = %self.name, "a batch could not be stored");
                    self.reject_all(&proposals);
                    proposals.clear();
                }
            }
            self.committer.doubt();
            if self.reload_log().await.is_err() || lost > LOST_IN_A_ROW_MAX {
                return self.reject_all(&proposals);
            }
            if proposals.is_empty() {
                return;
            }
            match self.committer.commit_now(&proposals).await {
                Ok((again, stored)) => (decision, outcome) = (again, stored),
                Err(error) => {
                    log_failure!(error, error, room = %self.name, "a message could not be read");
                    return self.reject_all(&proposals);
                }
            }
        }
    }

    /// Settles the commands whose events are among the first `stored`, and returns the others.
    async fn settle_prefix(
        &mut self,
        proposals: Vec<Proposal>,
        decision: Decision,
        stored: usize,
    ) -> Vec<Proposal> {
        let (standing, again) = split_at(proposals, decision.decided, stored);
        let (standing, decided): (Vec<_>, Vec<_>) = standing.into_iter().unzip();
        // The state holds events that were not stored, which nobody may be shown.
        let _ = self.committer.refold().await;
        self.settle(&standing, &decided, &decision.events[..stored])
            .await;
        again
    }

    /// Replies to the commands of a stored batch, then delivers its events.
    async fn settle(&mut self, proposals: &[Proposal], decided: &[Decided], events: &[LogEvent]) {
        self.apply_bans(events).await;
        self.audit(events);
        let mut created_by = None;
        let mut rejected = Vec::new();
        for (proposal, decided) in proposals.iter().zip(decided) {
            let command = &proposal.propose.command;
            match decided {
                Decided::Event(index) | Decided::Same(index) => {
                    if creates_a_room(command) {
                        created_by = Some(proposal.envelope.connection.id);
                    }
                    self.acknowledge(proposal, &events[*index]);
                }
                Decided::NothingToDo if matches!(command, RoomCommand::Direct { .. }) => {
                    self.reply_room(proposal, self.audience.delivered_seq())
                        .await;
                }
                Decided::NothingToDo => {
                    self.repeat_ban(command).await;
                    proposal.reply_ok();
                }
                Decided::Rejected(error) if proposal.propose.may_be_looked_up => {
                    rejected.push((proposal, error));
                }
                Decided::Rejected(error) => proposal.reject(&self.name, error.clone()),
            }
        }
        self.reject_unless_known(rejected).await;
        self.deliver_stored(events, created_by);
    }

    /// Replies with a direct room that exists already.
    async fn reply_room(&self, proposal: &Proposal, last_seq: Seq) {
        let connection = &proposal.envelope.connection;
        let mut room = self.info(connection, last_seq);
        let (store, username) = (self.hub.store(), &connection.identity.username);
        let mentions = store.mentions_above(&self.name, username, room.read_seq);
        match mentions.await {
            Ok(mentions) => room.mentions = mentions,
            Err(error) => {
                log_failure!(error, error, room = %self.name, "mentions could not be counted");
                return proposal.reject(&self.name, messages::unavailable());
            }
        }
        let re = proposal.envelope.id.clone();
        proposal.reply(&ServerFrame::Room { re, room });
    }

    fn reject_all(&self, proposals: &[Proposal]) {
        for proposal in proposals {
            proposal.reject(&self.name, self.committer.unavailable());
        }
    }

    /// A client that repeats one nonce after a lost connection repeats many: all that are stored
    /// get their first reply at once. Returns the others.
    async fn answer_known(&self, proposals: Vec<Proposal>) -> Vec<Proposal> {
        let known = self.committer.known(&Vec::from_iter(&proposals)).await;
        // The next attempt to store them finds out.
        let Ok(known) = known else { return proposals };
        let mut left = Vec::new();
        for (proposal, known) in proposals.into_iter().zip(known) {
            match known {
                Some(existing) => self.acknowledge(&proposal, &existing),
                None => left.push(proposal),
            }
        }
        left
    }

    /// Rejects commands, except those whose nonce is stored: a repetition gets its first reply
    /// before any check that would reject it now. The store is asked once for all of them.
    async fn reject_unless_known(&self, rejected: Vec<(&Proposal, &ErrorFrame)>) {
        let proposals: Vec<&Proposal> = rejected.iter().map(|(proposal, _)| *proposal).collect();
        let known = match self.committer.known(&proposals).await {
            Ok(known) => known,
            Err(error) => {
                log_failure!(error, error, room = %self.name, "nonces could not be looked up");
                for proposal in proposals {
                    proposal.reject(&self.name, messages::unavailable());
                }
                return;
            }
        };
        for ((proposal, error), known) in rejected.into_iter().zip(known) {
            match known {
                Some(existing) => self.acknowledge(proposal, &existing),
                None => proposal.reject(&self.name, error.clone()),
            }
        }
    }

    /// Replies to a command whose event is stored.
    fn acknowledge(&self, proposal: &Proposal, event: &LogEvent) {
        let (envelope, propose) = (&proposal.envelope, &proposal.propose);
        match (&propose.command, &propose.nonce) {
            (RoomCommand::Send { .. }, Some(nonce)) => proposal.reply(&ServerFrame::Ack(Ack {
                re: envelope.id.clone(),
                room: self.name.clone(),
                nonce: nonce.clone(),
                seq: event.seq,
                ts: event.ts,
            })),
            (command, _) if creates_a_room(command) => {
                // The creator may have been removed since the first reply.
                if !self.check_access(&envelope.connection, envelope.id.as_ref()) {
                    return;
                }
                let last_seq = self.audience.delivered_seq().max(event.seq - 1);
                let room = self.info(&envelope.connection, last_seq);
                let re = envelope.id.clone();
                proposal.reply(&ServerFrame::Room { re, room });
            }
            _ => proposal.reply_ok(),
        }
    }

    /// Separates commands from reads. A person whose message is among the commands has stopped typing.
    fn split_requests(&self, requests: Vec<RoomRequest>) -> (Vec<Proposal>, Vec<RoomRequest>) {
        let mut proposals: Vec<Proposal> = Vec::new();
        let mut reads: Vec<RoomRequest> = Vec::new();
        for request in requests {
            match request {
                RoomRequest::Client(envelope, Ask::Propose(propose)) => {
                    reads.retain_mut(|read| !typing::is_over(read, &envelope.connection));
                    let sender = &envelope.connection.identity.username;
                    let is_admin = self.hub.accounts().is_admin(sender);
                    proposals.push(Proposal {
                        envelope,
                        propose,
                        is_admin,
                    });
                }
                read => reads.push(read),
            }
        }
        (proposals, reads)
    }
}

/// Separates the proposals whose event is among the first `stored` from those to decide again.
fn split_at(
    proposals: Vec<Proposal>,
    decided: Vec<Decided>,
    stored: usize,
) -> (Vec<(Proposal, Decided)>, Vec<Proposal>) {
    let is_stored = |decided: &Decided| matches!(decided, Decided::Event(index) | Decided::Same(index) if *index < stored);
    let all = proposals.into_iter().zip(decided);
    let (standing, again): (Vec<_>, Vec<_>) = all.partition(|(_, decided)| is_stored(decided));
    let again = again.into_iter().map(|(proposal, _)| proposal).collect();
    (standing, again)
}

fn creates_a_room(command: &RoomCommand) -> bool {
    matches!(
        command,
        RoomCommand::Create { .. } | RoomCommand::Direct { .. }
    )
}
