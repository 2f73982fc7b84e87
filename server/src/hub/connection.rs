//! One connection of a signed-in user, as rooms and the gateway share it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use chat_shared::limits::HEARTBEATS_MISSED_MAX;
use chat_shared::protocol::{CloseCode, ErrorCode, ServerFrame};
use chat_shared::{RoomName, TimestampMs};
use parking_lot::{Mutex, MutexGuard};

use super::Dialect;
use super::page_budget::PagePermit;
use super::user_share::UserShare;
use crate::accounts::Identity;
use crate::send_queue::{Class, Frame, SendQueue};
use crate::telemetry;
use chat_server_store::{QuotaLimits, QuotaUse, SharedStore, StoreError};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);
static NEXT_SUBSCRIPTION: AtomicU64 = AtomicU64::new(1);

/// One period of a connection being in a room. A removed user who is back has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionId(u64);

/// One connection of a signed-in user.
#[derive(Debug)]
pub struct Connection {
    pub id: u64,
    pub identity: Identity,
    pub dialect: Dialect,
    pub send_queue: Arc<SendQueue>,
    /// State that it shares with the other connections of its user.
    pub(super) share: Arc<UserShare>,
    /// Heartbeats since the last frame from the peer.
    heartbeats_missed: AtomicU32,
    /// When the session is checked again, in milliseconds since 1970.
    session_check_at: AtomicU64,
    /// The rooms that this connection is subscribed to; `None` once it has ended.
    rooms: Mutex<Option<HashMap<RoomName, SubscriptionId>>>,
}

impl Connection {
    pub(super) fn new(
        identity: Identity,
        dialect: Dialect,
        send_queue: Arc<SendQueue>,
        share: Arc<UserShare>,
    ) -> Arc<Self> {
        send_queue.set_share(share.queues.clone());
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self {
            id,
            session_check_at: AtomicU64::new(identity.check_at),
            identity,
            dialect,
            send_queue,
            share,
            heartbeats_missed: AtomicU32::new(0),
            rooms: Mutex::new(Some(HashMap::new())),
        })
    }

    fn rooms(&self) -> MutexGuard<'_, Option<HashMap<RoomName, SubscriptionId>>> {
        self.rooms.lock()
    }

    /// Begins a subscription to a room. Returns `false` once the connection has ended: then the
    /// room must not keep it. Both happen under one lock, so that no ended connection is kept.
    pub fn subscribe(&self, room: &RoomName) -> bool {
        let subscription = SubscriptionId(NEXT_SUBSCRIPTION.fetch_add(1, Ordering::Relaxed));
        self.rooms()
            .as_mut()
            .map(|rooms| rooms.insert(room.clone(), subscription))
            .is_some()
    }

    /// The subscription to `room`, where there is one.
    pub fn subscription(&self, room: &RoomName) -> Option<SubscriptionId> {
        self.rooms().as_ref()?.get(room).copied()
    }

    /// Ends the subscription to a room.
    pub fn unsubscribe(&self, room: &RoomName) {
        if let Some(rooms) = self.rooms().as_mut() {
            rooms.remove(room);
        }
    }

    /// Counts one more use of something that is limited for the account. The store is asked only
    /// until it calls the quota spent.
    ///
    /// # Errors
    /// [`StoreError`] if the store can't count it.
    pub async fn use_quota(
        &self,
        store: &SharedStore,
        kind: &'static str,
        day: u64,
        limits: QuotaLimits,
    ) -> Result<QuotaUse, StoreError> {
        if let Some(spent) = self.share.spent_quota(kind, day, limits) {
            return Ok(spent);
        }
        let username = &self.identity.username;
        let counted = store.use_quota(username, kind, day, limits).await?;
        if counted != QuotaUse::Counted {
            self.share.remember_spent(kind, day, limits, counted);
        }
        Ok(counted)
    }

    /// The peer sent a frame, or answered a ping.
    pub fn heard(&self) {
        self.heartbeats_missed.store(0, Ordering::Relaxed);
    }

    /// Pings the peer, or closes the connection where it was silent for too long.
    pub(super) fn beat(&self) {
        let missed = self.heartbeats_missed.fetch_add(1, Ordering::Relaxed);
        if missed >= HEARTBEATS_MISSED_MAX {
            let reason = "two heartbeats were not answered";
            self.send_queue.close(CloseCode::TimedOut, reason);
        } else {
            self.send_queue.push(&Frame::ping());
        }
    }

    /// Whether the session may have ended by itself at `now`, or is to be renewed.
    pub(super) fn is_session_check_due(&self, now: TimestampMs) -> bool {
        self.session_check_at.load(Ordering::Relaxed) <= now
    }

    pub(super) fn check_session_at(&self, at: TimestampMs) {
        self.session_check_at.store(at, Ordering::Relaxed);
    }

    /// Ends the connection: no room subscribes it any more. Returns the rooms that it was in.
    pub fn end(&self) -> HashSet<RoomName> {
        let rooms = self.rooms().take();
        rooms.unwrap_or_default().into_keys().collect()
    }

    /// Sends a frame to this connection alone, in its own dialect.
    pub fn send(&self, frame: &ServerFrame) {
        if let ServerFrame::Error(error) = frame {
            count_rejected(error.code);
        }
        self.send_as(frame, Class::Durable);
    }

    /// Returns the bytes that were pushed.
    fn send_as(&self, frame: &ServerFrame, class: Class) -> usize {
        self.dialect.encode(frame, class).map_or(0, |frame| {
            self.send_queue.push(&frame);
            frame.len()
        })
    }

    /// Sends a page or a replayed event, unless the subscription has ended: no frame names a room
    /// after `room_gone`, and a later subscription gets nothing that an earlier one asked for.
    /// Returns the frame's bytes, or `None` where the subscription has ended.
    pub fn send_in(
        &self,
        _permit: &PagePermit<'_>,
        room: &RoomName,
        subscription: SubscriptionId,
        frame: &ServerFrame,
    ) -> Option<usize> {
        let rooms = self.rooms();
        let lasts = rooms
            .as_ref()
            .is_none_or(|rooms| rooms.get(room) == Some(&subscription));
        lasts.then(|| self.send_as(frame, Class::Paced))
    }

    /// Sends a page that belongs to no room.
    pub fn send_page(&self, _permit: &PagePermit<'_>, frame: &ServerFrame) {
        self.send_as(frame, Class::Paced);
    }

    /// The rooms that it is subscribed to now.
    pub fn subscriptions(&self) -> HashMap<RoomName, SubscriptionId> {
        self.rooms().clone().unwrap_or_default()
    }

    /// As [`Connection::send_in`], for a frame that shows several rooms.
    pub fn send_in_all(
        &self,
        _permit: &PagePermit<'_>,
        subscriptions: &HashMap<RoomName, SubscriptionId>,
        frame: &ServerFrame,
    ) -> bool {
        let rooms = self.rooms();
        let last = rooms.as_ref().is_none_or(|rooms| {
            let mut subscriptions = subscriptions.iter();
            subscriptions.all(|(room, subscription)| rooms.get(room) == Some(subscription))
        });
        if last {
            self.send_as(frame, Class::Paced);
        }
        last
    }

    pub fn push(&self, frame: &Frame) {
        self.send_queue.push(frame);
    }
}

/// Counts a command that was rejected, by the name that the code has on the wire.
fn count_rejected(code: ErrorCode) {
    let name = serde_json::to_value(code).unwrap_or_default();
    let name = name.as_str().unwrap_or("unknown").to_owned();
    metrics::counter!(telemetry::COMMANDS_REJECTED, "code" => name).increment(1);
}
