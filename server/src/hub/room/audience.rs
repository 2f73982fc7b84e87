//! The audience of a room: who is subscribed on this node, and what was delivered to them.
//!
//! It holds subscribers, presence, typing, the newest frames, read markers and the newest
//! mentions. It knows connections and no store: it is handed stored events and never asks for
//! more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chat_shared::limits::TYPING_MEMBERS_MAX;
use chat_shared::protocol::{ServerFrame, TypingEvent};
use chat_shared::{RoomName, Seq, TimestampMs, Username};

use super::super::fan_out::Subscribers;
use super::super::mentions::Mentions;
use super::super::presence::Presence;
use super::super::recent_frames::RecentFrames;
use super::super::typing::Typing;
use super::super::{Connection, wire};
use crate::send_queue::Class;
use chat_server_rules::{LogEvent, ReadMark};

pub(super) struct Audience {
    room: RoomName,
    subscribers: Subscribers,
    pub(super) presence: Presence,
    typing: Typing,
    recent: RecentFrames,
    /// Whom the newest messages mention, as of `delivered_seq`.
    pub(super) mentions: Mentions,
    /// Read markers that people set. A message also moves its sender's marker, in the room's state.
    read_markers: HashMap<Username, ReadMark>,
    /// The last event that is stored, acknowledged and handed to the subscribers.
    delivered_seq: Seq,
    /// How many messages the room holds up to there.
    delivered_messages: u64,
}

impl Audience {
    pub(super) fn new(room: RoomName) -> Self {
        Self {
            subscribers: Subscribers::default(),
            presence: Presence::new(room.clone()),
            typing: Typing::default(),
            recent: RecentFrames::default(),
            mentions: Mentions::default(),
            read_markers: HashMap::new(),
            delivered_seq: 0,
            delivered_messages: 0,
            room,
        }
    }

    /// Begins at the end of a log that was just loaded: nothing below it is delivered.
    pub(super) fn begin_at(&mut self, seq: Seq, messages: u64) {
        (self.delivered_seq, self.delivered_messages) = (seq, messages);
    }

    /// Takes over the stored read markers, and follows mentions from `seq` on.
    pub(super) fn load_markers(&mut self, markers: Vec<(Username, ReadMark)>, seq: Seq) {
        self.read_markers = markers.into_iter().collect();
        self.mentions = Mentions::from(seq);
    }

    pub(super) fn delivered_seq(&self) -> Seq {
        self.delivered_seq
    }

    pub(super) fn delivered_messages(&self) -> u64 {
        self.delivered_messages
    }

    pub(super) fn is_idle(&self) -> bool {
        self.subscribers.is_empty() && self.presence.is_idle()
    }

    /// When something is to be sent though nothing happens.
    pub(super) fn deadline(&self) -> Option<TimestampMs> {
        let deadlines = [self.presence.deadline(), self.typing.deadline()];
        deadlines.into_iter().flatten().min()
    }

    pub(super) fn is_subscribed(&self, connection: &Connection) -> bool {
        self.subscribers.contains(connection)
    }

    pub(super) fn is_live(&self, connection: &Connection) -> bool {
        self.subscribers.is_live(connection)
    }

    pub(super) fn set_live(&mut self, connection: &Connection, live: bool) {
        self.subscribers.set_live(connection, live);
    }

    /// Subscribes a connection. Returns `false` where it has ended or is subscribed already.
    pub(super) fn subscribe(&mut self, connection: &Arc<Connection>, now: TimestampMs) -> bool {
        if self.subscribers.contains(connection) || !connection.subscribe(&self.room) {
            return false;
        }
        self.subscribers.add(connection.clone(), true);
        let username = &connection.identity.username;
        let line = self.presence.connect(username, now);
        self.deliver_ephemeral(line.as_slice());
        true
    }

    /// A connection has ended.
    pub(super) fn unsubscribe(&mut self, connection: &Connection, now: TimestampMs) {
        if self.subscribers.remove(connection) {
            let username = &connection.identity.username;
            self.presence.disconnect(username, now);
            self.typing.end(username);
        }
    }

    /// A person is not a member any more. Returns the connections that were subscribed.
    pub(super) fn unsubscribe_all_of(
        &mut self,
        username: &Username,
        now: TimestampMs,
    ) -> Vec<Arc<Connection>> {
        let removed = self.subscribers.remove_all_of(username);
        for connection in &removed {
            connection.unsubscribe(&self.room);
        }
        self.presence.forget(username, now);
        self.typing.end(username);
        removed
    }

    /// Hands stored events to the live subscribers. Messages in `deleted` show no text.
    pub(super) fn deliver(&mut self, events: &[LogEvent], deleted: &HashSet<Seq>) {
        let Some(last) = events.last() else { return };
        let frames: Vec<_> = events
            .iter()
            .map(|event| {
                let message = event.body.target().unwrap_or(event.seq);
                wire::event_frame(&self.room, event, deleted.contains(&message))
            })
            .collect();
        let batch = self.subscribers.encode(&frames, Class::Durable);
        self.subscribers.deliver(&batch);
        for (event, frame) in events.iter().zip(batch.singles) {
            self.recent.push(event.seq, frame);
        }
        events.iter().for_each(|event| self.mentions.apply(event));
        self.delivered_seq = last.seq;
        self.delivered_messages = last.messages;
    }

    /// The newest frames above `after`, where they are held in memory and fit `bytes_max`.
    pub(super) fn recent_above(
        &self,
        after: Seq,
        bytes_max: usize,
    ) -> Option<impl Iterator<Item = &bytes::Bytes>> {
        self.recent.above(after, self.delivered_seq, bytes_max)
    }

    /// Forgets frames that may show a deleted text.
    pub(super) fn forget_recent(&mut self) {
        self.recent = RecentFrames::default();
    }

    /// The marker that a person set; 0 where none.
    pub(super) fn read_marker(&self, username: &Username) -> ReadMark {
        self.read_markers.get(username).copied().unwrap_or_default()
    }

    /// Moves a person's marker forward.
    pub(super) fn set_read_marker(&mut self, username: &Username, mark: ReadMark) {
        let known = self.read_markers.entry(username.clone()).or_default();
        *known = mark.max(*known);
    }

    /// Delivered messages above a marker.
    pub(super) fn unread_above(&self, mark: ReadMark) -> u64 {
        self.delivered_messages.saturating_sub(mark.messages)
    }

    /// Sends the presence that is due.
    pub(super) fn send_due_presence(&mut self, members: u64, now: TimestampMs) {
        if self.presence.deadline().is_some_and(|at| at <= now) {
            let frames = self.presence.due(members, now);
            self.deliver_ephemeral(&frames);
        }
    }

    /// Somebody is typing. In large rooms nobody is shown it.
    pub(super) fn begin_typing(&mut self, username: &Username, members: u64, now: TimestampMs) {
        if members <= TYPING_MEMBERS_MAX && self.typing.begin(username, now) {
            self.send_typing(now, true);
        }
    }

    /// Somebody stopped typing, or sent the message.
    pub(super) fn end_typing(&mut self, username: &Username) {
        self.typing.end(username);
    }

    /// Sends who is typing, where that changed; with `again` also where it did not.
    pub(super) fn send_typing(&mut self, now: TimestampMs, again: bool) {
        if let Some(usernames) = self.typing.news(now, again) {
            let room = self.room.clone();
            let typing = ServerFrame::Typing(TypingEvent { room, usernames });
            self.deliver_ephemeral(&[typing]);
        }
    }

    fn deliver_ephemeral(&self, frames: &[ServerFrame]) {
        if !frames.is_empty() {
            self.subscribers
                .deliver(&self.subscribers.encode(frames, Class::Ephemeral));
        }
    }
}
