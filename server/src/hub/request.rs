use std::sync::Arc;

use chat_shared::protocol::{Events, History, Members, RoomInfo};
use chat_shared::{Nonce, RequestId, Seq, TimestampMs};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Connection;
use crate::rules::Command;

/// What a room's task is asked.
#[derive(Debug)]
pub enum RoomRequest {
    Propose(Propose),
    Query {
        connection: Arc<Connection>,
        id: Option<RequestId>,
        query: Query,
        permit: OwnedSemaphorePermit,
    },
    /// Takes a connection into the room: live at the tip at once, or held until it caught up.
    /// The answer is `None` where its owner is no member or the room has it already.
    Attach {
        connection: Arc<Connection>,
        live: bool,
        answer: oneshot::Sender<Option<Attached>>,
    },
    CatchUp {
        connection: Arc<Connection>,
        catch_up: CatchUp,
        answer: oneshot::Sender<CatchUpStep>,
    },
    Detach {
        connection: Arc<Connection>,
    },
}

/// A command that may become an event.
#[derive(Debug)]
pub struct Propose {
    pub connection: Arc<Connection>,
    pub id: Option<RequestId>,
    pub nonce: Option<Nonce>,
    pub command: Command,
    /// Over the rate: refused, unless the nonce is known already. Milliseconds to wait.
    pub rate_limited: Option<u64>,
    /// A place among the connection's unanswered commands.
    pub permit: OwnedSemaphorePermit,
}

/// A room as it stood when it took a connection in.
#[derive(Debug)]
pub struct Attached {
    pub info: RoomInfo,
    /// When its last event happened.
    pub active: TimestampMs,
}

#[derive(Debug)]
pub enum Query {
    History(History),
    Events(Events),
    Members(Members),
}

/// One step towards the tip for a connection that has everything up to `after`.
#[derive(Debug, Clone, Copy)]
pub enum CatchUp {
    /// The first step. `events_max`: more than that were missed → `limited`.
    Start {
        after: Seq,
        same_log: bool,
        events_max: u64,
    },
    Continue {
        after: Seq,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUpStep {
    /// It has all up to `tip`, and is live.
    Live { tip: Seq },
    /// It was told that it missed too much, and is live.
    Limited,
    /// Read the store up to `tip`, then continue.
    Behind { tip: Seq },
    /// The room does not have it.
    Gone,
}
