//! The task that owns a room on this node.
//!
//! It takes what waits in its inbox, decides the commands among it one after the other, has their
//! events stored as one batch, and only then acks and tells. After an error of the store nothing
//! is numbered further until the log was read again: what became of the batch is known then.

mod answer;
mod commit;
mod deliver;
mod log;
mod read_markers;
mod typing;

use std::collections::HashMap;
use std::time::Duration;

use chat_shared::protocol::{ErrorCode, ErrorFrame, RoomInfo, RoomKind, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq, Username};
use tokio::sync::mpsc;
use tokio::time::sleep;

use self::commit::InFlight;
use super::fan_out::Subscribers;
use super::mentions::Mentions;
use super::presence::Presence;
use super::recent_frames::RecentFrames;
use super::typing::Typing;
use super::{Connection, Hub, RoomRequest};
use chat_rules::{ReadMark, RoomState, Targets};

/// Requests that one batch takes.
const BATCH_REQUESTS_MAX: usize = 64;

/// Events after which the folded state is kept anew.
const SNAPSHOT_EVENTS: u64 = 1_000;

/// Milliseconds after which a room that nobody needs is unloaded.
const UNLOAD_AFTER_MS: u64 = 60_000;

/// Milliseconds between two attempts to read the log again while the store does not answer.
const STORE_RETRY_MS: u64 = 500;

pub(super) async fn run(hub: Hub, room: RoomName, mut inbox: mpsc::Receiver<RoomRequest>) {
    let mut task = Room {
        state: RoomState::empty(room.clone()),
        in_flight: None,
        waiting: Vec::new(),
        delivered_seq: 0,
        delivered_messages: 0,
        mentions: Mentions::default(),
        loaded: false,
        in_doubt: true,
        saved: 0,
        subscribers: Subscribers::default(),
        presence: Presence::new(room.clone()),
        recent: RecentFrames::default(),
        targets: Targets::default(),
        marks: HashMap::new(),
        typing: Typing::default(),
        room,
        hub,
    };
    let mut requests = Vec::with_capacity(BATCH_REQUESTS_MAX);
    loop {
        let wait = task.wait_ms();
        let places = BATCH_REQUESTS_MAX.saturating_sub(task.waiting.len());
        tokio::select! {
            biased;
            outcome = commit::stored(&mut task.in_flight) => task.finish(outcome).await,
            count = inbox.recv_many(&mut requests, places), if places > 0 => {
                if count == 0 {
                    return;
                }
                task.take(std::mem::take(&mut requests)).await;
            }
            () = sleep(Duration::from_millis(wait)) => {
                if task.in_flight.is_none() {
                    if task.in_doubt && task.loaded {
                        let _ = task.reload_log().await;
                    }
                    if task.is_idle() && task.hub.unload(&task.room, &mut inbox) {
                        task.save_snapshot();
                        return;
                    }
                }
            }
        }
        task.send_due_presence();
        task.send_due_typing();
    }
}

struct Room {
    hub: Hub,
    room: RoomName,
    /// Ahead of the store while a batch is being stored.
    state: RoomState,
    in_flight: Option<InFlight>,
    /// What came while a batch is being stored, in order.
    waiting: Vec<RoomRequest>,
    /// The last event that is stored, acked and handed to the members.
    delivered_seq: Seq,
    /// How many messages the room holds up to there.
    delivered_messages: u64,
    mentions: Mentions,
    loaded: bool,
    /// What the store holds above `told` is not known.
    in_doubt: bool,
    /// The seq of the kept snapshot.
    saved: Seq,
    subscribers: Subscribers,
    presence: Presence,
    recent: RecentFrames,
    /// Messages that commands were about, as of `state`.
    targets: Targets,
    /// Read markers that people set; what they said themselves is in `state`.
    marks: HashMap<Username, ReadMark>,
    typing: Typing,
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
        let typing = self.typing.deadline();
        let typing = typing.map(|at| at.saturating_sub(self.hub.now()).max(1));
        let retry = (self.in_doubt && self.loaded).then_some(STORE_RETRY_MS);
        let unload = if self.state.exists() {
            UNLOAD_AFTER_MS
        } else {
            STORE_RETRY_MS
        };
        presence
            .into_iter()
            .chain(typing)
            .chain(retry)
            .min()
            .unwrap_or(unload)
    }

    fn answer_all(&mut self, requests: Vec<RoomRequest>) {
        for request in requests {
            self.answer(request);
        }
    }

    /// Only while all that the state holds is stored.
    fn snapshot_when_due(&mut self) {
        if self.state.seq() >= self.saved + SNAPSHOT_EVENTS {
            self.save_snapshot();
        }
    }

    fn member_count(&self) -> u64 {
        if self.room.is_lobby() {
            self.hub.accounts().account_count()
        } else {
            self.state.members().len() as u64
        }
    }

    /// The room as one member sees it, without the mentions, which only the store can count.
    fn info(&self, connection: &Connection, last_seq: Seq) -> RoomInfo {
        let identity = &connection.identity;
        let mark = self.mark_of(&identity.username);
        let others = self.state.members().keys();
        let other = others.into_iter().find(|name| **name != identity.username);
        RoomInfo {
            room: self.room.clone(),
            kind: self.state.kind(),
            topic: self.state.topic().to_owned(),
            last_seq,
            read_seq: mark.seq.min(self.delivered_seq),
            unread: self.unread_above(mark),
            mentions: 0,
            role: self.state.role_of(&identity.username, identity.admin),
            members: self.member_count(),
            with: other
                .filter(|_| self.state.kind() == RoomKind::Direct)
                .cloned(),
        }
    }

    /// Messages above a marker, of those that were told.
    fn unread_above(&self, mark: ReadMark) -> u64 {
        self.delivered_messages.saturating_sub(mark.messages)
    }

    /// Up to where someone has read: what they said they did, or their own last message.
    fn mark_of(&self, username: &Username) -> ReadMark {
        let set = self.marks.get(username).copied().unwrap_or_default();
        set.max(self.state.read_mark(username))
    }
}

fn reject(connection: &Connection, re: Option<RequestId>, room: &RoomName, mut error: ErrorFrame) {
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

fn ok(connection: &Connection, id: Option<RequestId>) {
    if let Some(re) = id {
        connection.send(&ServerFrame::Ok { re });
    }
}
