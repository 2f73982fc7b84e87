//! Requests to a room's task.
//!
//! [`RoomRequest::Client`] is what a client asks: an [`Envelope`] that says where the reply goes,
//! around an [`Ask`]. The other requests come from the gateway and from the room's own tasks.

use std::sync::Arc;

use chat_shared::protocol::{ErrorFrame, Events, History, Members, RoomInfo};
use chat_shared::{Nonce, RequestId, Seq, TimestampMs};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{Connection, SubscriptionId};
use chat_server_rules::{ReadMark, RoomCommand};

/// A request to a room's task.
#[derive(Debug)]
pub enum RoomRequest {
    /// A request of a client.
    Client(Envelope, Ask),
    /// Subscribes a connection: live at the tip at once, or with `resume` held until it caught up.
    /// The answer is `None` where its user is no member, or it is subscribed already.
    Subscribe {
        connection: Arc<Connection>,
        resume: Option<Resume>,
        answer: oneshot::Sender<Option<Subscribed>>,
    },
    /// One step of a subscriber's catch-up.
    CatchUp {
        connection: Arc<Connection>,
        catch_up: CatchUp,
        answer: oneshot::Sender<CatchUpStep>,
    },
    /// The connection has ended.
    Unsubscribe { connection: Arc<Connection> },
    /// A read marker is stored.
    MarkerStored(StoredMarker),
    /// The log may hold more events than this node has delivered.
    Reload,
}

/// Where the reply to a client's request goes.
#[derive(Debug)]
pub struct Envelope {
    pub connection: Arc<Connection>,
    pub id: Option<RequestId>,
    /// A place among the connection's unanswered commands.
    pub permit: OwnedSemaphorePermit,
}

/// A request of a client to a room.
#[derive(Debug)]
pub enum Ask {
    /// A command that may become an event.
    Propose(Propose),
    /// A page.
    Query(Query),
    /// Moves the reader's marker up to `seq`.
    Read { seq: Seq },
    /// Shows that the user is typing.
    Typing,
}

impl RoomRequest {
    /// Whether it can be answered only once the log was read above `seq`.
    pub(super) fn is_ahead_of(&self, seq: Seq) -> bool {
        match self {
            Self::Reload => true,
            Self::Subscribe {
                resume: Some(resume),
                ..
            }
            | Self::CatchUp {
                catch_up: CatchUp::Start(resume),
                ..
            } => resume.same_log && resume.after > seq,
            Self::Subscribe { resume: None, .. }
            | Self::CatchUp {
                catch_up: CatchUp::Hold | CatchUp::Continue { .. },
                ..
            }
            | Self::Client(..)
            | Self::Unsubscribe { .. }
            | Self::MarkerStored(_) => false,
        }
    }

    /// Whether it is a command that may become an event.
    pub(super) fn is_proposal(&self) -> bool {
        matches!(self, Self::Client(_, Ask::Propose(_)))
    }
}

/// A command that may become an event.
#[derive(Debug)]
pub struct Propose {
    pub nonce: Option<Nonce>,
    pub command: RoomCommand,
    /// Why the command is rejected, whatever the room's rules say: the user is over a limit, or is
    /// blocked. A command whose nonce is stored already gets its first reply all the same.
    pub rejection: Option<Box<ErrorFrame>>,
    /// Whether the log is asked for the nonce before that. During a flood it is not: the command gets
    /// `rate_limited`, and its first reply when it is repeated later.
    pub may_be_looked_up: bool,
}

/// A read marker that is stored.
#[derive(Debug)]
pub struct StoredMarker {
    pub envelope: Envelope,
    pub mark: ReadMark,
    /// The mentions above it, as the store counted them after that event was delivered.
    pub counted: Option<(u64, Seq)>,
    /// How often the store may still be asked.
    pub counts_left: u32,
}

/// A room at the moment when it took a connection in.
#[derive(Debug)]
pub struct Subscribed {
    pub info: RoomInfo,
    /// When its last event happened.
    pub active: TimestampMs,
    /// How far its user has read.
    pub mark: ReadMark,
    /// How many events it is to be sent before it is live. 0: it is live.
    pub behind: u64,
}

/// How far a client that comes back has followed a room.
#[derive(Debug, Clone, Copy)]
pub struct Resume {
    /// The last event.
    pub after: Seq,
    /// Whether that number belongs to this server's log.
    pub same_log: bool,
    /// Where more events than that were missed, the room is `limited`.
    pub events_max: u64,
}

/// A question for a page of one room.
#[derive(Debug)]
pub enum Query {
    History(History),
    Events(Events),
    Members(Members),
}

/// One step towards the tip, for a connection that has everything up to `after`.
///
/// ```text
///                Hold                     Start                         Continue
///  Live ───────────────────► held ──────────────────► Behind ◄────┐──────────────────┐
///   ▲                                     │             │ replayed │ more events came │
///   │                                     │ none missed └──────────┘                  │
///   └─────────────────────────────────────┴──────── the rest is in memory ◄───────────┘
///
///  every state ── the user is removed, or the connection ends ──► Gone
/// ```
///
/// Only the room's task makes a connection live or holds it, so that it gets each event once and
/// in order. A subscription with a resume begins held.
#[derive(Debug, Clone, Copy)]
pub enum CatchUp {
    /// Holds live events back until it caught up.
    Hold,
    /// The first step of a connection that is subscribed already.
    Start(Resume),
    /// A further step: everything up to `after` was sent.
    Continue { after: Seq },
}

/// The answer to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUpStep {
    /// The connection has all events up to `tip`, and is live.
    Live { tip: Seq },
    /// Read the store up to `tip`, then continue.
    Behind {
        tip: Seq,
        subscription: SubscriptionId,
    },
    /// The room does not have the connection.
    Gone,
}
