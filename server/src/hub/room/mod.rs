//! The task that owns a room on this node.
//!
//! A [`Room`] joins two machines: the [`committer`], which decides commands and stores their
//! events, and the [`audience`], to which stored events are delivered. The task takes waiting
//! requests from its inbox, has the commands among them decided and stored as one batch, and only
//! then acknowledges and delivers. After an error of the store nothing is numbered until the log
//! was read again, since only then is it known what became of the batch.
//!
//! Start at [`run`], then [`commit`] for commands and [`answer`] for everything else.

mod answer;
pub(crate) mod audience;
mod audit;
pub(crate) mod commit;
pub(crate) mod committer;
pub(crate) mod deliver;
mod measured;
mod read_markers;
mod typing;

use std::time::Duration;

use chat_shared::protocol::{ErrorFrame, RoomInfo, RoomKind, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq, Username};
use tokio::sync::mpsc;
use tokio::time::sleep;

use self::audience::Audience;
use self::commit::PendingReplies;
use self::committer::Committer;
use super::{Connection, Hub, RoomRequest};
use chat_server_rules::{ReadMark, RoomScope};

/// Requests that one batch takes.
const BATCH_REQUESTS_MAX: usize = 64;

/// Milliseconds after which a room without subscribers is unloaded.
const UNLOAD_AFTER_MS: u64 = 60_000;

/// Milliseconds between two attempts to read the log again while the store does not answer.
const STORE_RETRY_MS: u64 = 500;

/// Runs a room until it is unloaded, or the hub is gone.
pub(super) async fn run(hub: Hub, name: RoomName, mut inbox: mpsc::Receiver<RoomRequest>) {
    let mut room = Room::new(hub, name);
    let mut requests = Vec::with_capacity(BATCH_REQUESTS_MAX);
    loop {
        let wait = room.wait_ms();
        let places = BATCH_REQUESTS_MAX.saturating_sub(room.waiting.len());
        tokio::select! {
            biased;
            outcome = room.committer.stored() => room.finish(outcome).await,
            count = inbox.recv_many(&mut requests, places), if places > 0 => {
                if count == 0 {
                    return;
                }
                room.take(std::mem::take(&mut requests)).await;
            }
            () = sleep(Duration::from_millis(wait)) => {
                if !room.committer.is_storing() {
                    if room.committer.is_in_doubt() && room.committer.is_loaded() {
                        let _ = room.reload_log().await;
                    }
                    if room.audience.is_idle() && room.hub.unload(&room.name, &mut inbox) {
                        room.committer.save_snapshot();
                        return;
                    }
                }
            }
        }
        let (members, now) = (room.member_count(), room.hub.now());
        room.audience.send_due_presence(members, now);
        room.audience.send_typing(now, false);
    }
}

struct Room {
    hub: Hub,
    name: RoomName,
    committer: Committer,
    audience: Audience,
    /// The requests that are answered when the batch in flight is stored.
    replies: Option<PendingReplies>,
    /// Requests that came while a batch is being stored, in order.
    waiting: Vec<RoomRequest>,
}

impl Room {
    fn new(hub: Hub, name: RoomName) -> Self {
        Self {
            committer: Committer::new(hub.clone(), name.clone()),
            audience: Audience::new(name.clone()),
            replies: None,
            waiting: Vec::new(),
            hub,
            name,
        }
    }

    /// Milliseconds until there is something to do though no request comes.
    fn wait_ms(&self) -> u64 {
        let audience = self.audience.deadline();
        let audience = audience.map(|at| at.saturating_sub(self.hub.now()).max(1));
        let retry = self.committer.is_in_doubt() && self.committer.is_loaded();
        let unload = if self.committer.state().exists() || self.committer.is_set_aside() {
            UNLOAD_AFTER_MS
        } else {
            STORE_RETRY_MS
        };
        let retry = retry.then_some(STORE_RETRY_MS);
        audience.into_iter().chain(retry).min().unwrap_or(unload)
    }

    fn member_count(&self) -> u64 {
        if RoomScope::of(&self.name).has_everyone() {
            self.hub.accounts().account_count()
        } else {
            self.committer.state().members().len() as u64
        }
    }

    /// The room as one member sees it, without the mentions, which only the store can count.
    fn info(&self, connection: &Connection, last_seq: Seq) -> RoomInfo {
        let (identity, state) = (&connection.identity, self.committer.state());
        let is_admin = self.hub.accounts().is_admin(&identity.username);
        let mark = self.mark_of(&identity.username);
        let others = state.members().keys();
        let other = others.into_iter().find(|name| **name != identity.username);
        RoomInfo {
            room: self.name.clone(),
            kind: state.kind(),
            topic: state.topic().to_owned(),
            last_seq,
            read_seq: mark.seq.min(self.audience.delivered_seq()),
            unread: self.audience.unread_above(mark),
            mentions: 0,
            role: state.role_of(&identity.username, is_admin),
            members: self.member_count(),
            with: other.filter(|_| state.kind() == RoomKind::Direct).cloned(),
        }
    }

    /// How far a person has read: the marker that they set, or their own last message.
    fn mark_of(&self, username: &Username) -> ReadMark {
        let set = self.audience.read_marker(username);
        set.max(self.committer.state().read_mark(username))
    }
}

/// Replies with an error to a request about a room.
fn reject(connection: &Connection, re: Option<RequestId>, room: &RoomName, mut error: ErrorFrame) {
    error.re = re;
    error.room = Some(room.clone());
    connection.send(&ServerFrame::Error(error));
}

/// Replies that a request succeeded, where a reply was asked for.
fn reply_ok(connection: &Connection, id: Option<RequestId>) {
    if let Some(re) = id {
        connection.send(&ServerFrame::Ok { re });
    }
}
