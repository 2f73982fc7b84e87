use std::sync::Arc;

use chat_shared::protocol::{Events, History, Members, RoomInfo};
use chat_shared::{Nonce, RequestId, Seq, TimestampMs};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{Connection, SubscriptionId};
use chat_rules::{Command, ReadMark};

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
    /// Takes a connection into the room: live at the tip at once, or with `resume` held until it
    /// caught up. The answer is `None` where its owner is no member or the room has it already.
    Subscribe {
        connection: Arc<Connection>,
        resume: Option<Resume>,
        answer: oneshot::Sender<Option<Subscribed>>,
    },
    CatchUp {
        connection: Arc<Connection>,
        catch_up: CatchUp,
        answer: oneshot::Sender<CatchUpStep>,
    },
    Unsubscribe {
        connection: Arc<Connection>,
    },
    /// Up to `seq` was read.
    Read {
        connection: Arc<Connection>,
        id: Option<RequestId>,
        seq: Seq,
        permit: OwnedSemaphorePermit,
    },
    /// A read marker is stored.
    MarkerStored(StoredMarker),
    Typing {
        connection: Arc<Connection>,
        id: Option<RequestId>,
        permit: OwnedSemaphorePermit,
    },
    /// The log may hold more than this node has told.
    Reload,
}

impl RoomRequest {
    /// Whether it can be answered only once the log was read above `told`.
    pub(super) fn is_ahead_of(&self, told: Seq) -> bool {
        match self {
            Self::Reload => true,
            Self::Subscribe {
                resume: Some(resume),
                ..
            }
            | Self::CatchUp {
                catch_up: CatchUp::Start(resume),
                ..
            } => resume.same_log && resume.after > told,
            _ => false,
        }
    }
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

impl Propose {
    /// Whether the same person is at that connection.
    pub fn is_by(&self, connection: &Connection) -> bool {
        self.connection.identity.username == connection.identity.username
    }
}

/// Someone has read up to `mark`.
#[derive(Debug)]
pub struct StoredMarker {
    pub connection: Arc<Connection>,
    pub id: Option<RequestId>,
    pub mark: ReadMark,
    /// The mentions above it, as the store counted them after the event of that seq was told.
    pub counted: Option<(u64, Seq)>,
    /// How often the store may yet be asked.
    pub counts_left: u32,
    pub permit: OwnedSemaphorePermit,
}

/// A room as it stood when it took a connection in.
#[derive(Debug)]
pub struct Subscribed {
    pub info: RoomInfo,
    /// When its last event happened.
    pub active: TimestampMs,
    /// Up to where its owner has read.
    pub mark: ReadMark,
    /// How many events it is to be sent before it is live; 0: it is.
    pub behind: u64,
}

/// What someone has of a room who comes back.
#[derive(Debug, Clone, Copy)]
pub struct Resume {
    /// The last event.
    pub after: Seq,
    /// Whether that number belongs to this server's log.
    pub same_log: bool,
    /// More than that were missed → `limited`.
    pub events_max: u64,
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
    /// No live event reaches it any more until it caught up.
    Hold,
    /// The first step of someone who is in the room already.
    Start(Resume),
    Continue {
        after: Seq,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUpStep {
    /// It has all up to `tip`, and is live.
    Live { tip: Seq },
    /// Read the store up to `tip`, then continue.
    Behind {
        tip: Seq,
        subscription: SubscriptionId,
    },
    /// The room does not have it.
    Gone,
}
