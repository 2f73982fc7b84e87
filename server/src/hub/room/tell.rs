//! What the members are told, and who is a member's connection.

use std::sync::Arc;

use chat_shared::protocol::{RoomGone, ServerFrame};

use super::super::{Connection, Dialect, wire};
use super::Room;
use crate::outbox::Class;
use crate::rules::{EventBody, LogEvent};

impl Room {
    /// Hands stored events to the members. `created_by` has its `room` frame already.
    pub(super) fn tell(&mut self, events: &[LogEvent], created_by: Option<u64>) {
        let mut start = 0;
        for (at, event) in events.iter().enumerate() {
            if !event.body.is_message() {
                self.deliver(&events[start..at]);
                self.take_in(event, created_by);
                self.deliver(std::slice::from_ref(event));
                self.let_go(event);
                start = at + 1;
            }
        }
        self.deliver(&events[start..]);
    }

    fn deliver(&mut self, events: &[LogEvent]) {
        let Some(last) = events.last() else { return };
        let frames: Vec<_> = events
            .iter()
            .map(|event| wire::event_frame(&self.room, event))
            .collect();
        let batch = self.subscribers.encode(&frames, Class::Durable);
        self.subscribers.deliver(&batch);
        for (event, frame) in events.iter().zip(batch.singles) {
            self.recent.push(event.seq, frame);
        }
        self.told = last.seq;
    }

    /// A new member's connections are told of the room and get its events from this one on.
    fn take_in(&mut self, event: &LogEvent, created_by: Option<u64>) {
        if matches!(event.body, EventBody::Left { .. }) {
            return;
        }
        for connection in self.hub.connections_of(&event.sender) {
            if connection.dialect == Dialect::Demo || !self.attach(&connection, true) {
                continue;
            }
            if created_by != Some(connection.id) {
                let room = self.info(&connection, event.seq - 1);
                connection.send(&ServerFrame::Room { re: None, room });
            }
        }
    }

    /// Who left is told so last, and gets nothing more of this room.
    fn let_go(&mut self, event: &LogEvent) {
        if !matches!(event.body, EventBody::Left { .. }) {
            return;
        }
        for connection in self.hub.connections_of(&event.sender) {
            if self.subscribers.remove(&connection) {
                connection.exit(&self.room);
                connection.send(&ServerFrame::RoomGone(RoomGone {
                    room: self.room.clone(),
                }));
            }
        }
        self.presence.forget(&event.sender, self.hub.now());
    }

    /// `false` where the connection has ended or is here already.
    pub(super) fn attach(&mut self, connection: &Arc<Connection>, live: bool) -> bool {
        if self.subscribers.contains(connection) || !connection.enter(&self.room) {
            return false;
        }
        self.subscribers.add(connection.clone(), live);
        let line = self
            .presence
            .connect(&connection.identity.username, self.hub.now());
        self.tell_ephemeral(line.as_slice());
        true
    }

    pub(super) fn tell_presence(&mut self) {
        let now = self.hub.now();
        if self.presence.deadline().is_some_and(|at| at <= now) {
            let frames = self.presence.due(self.member_count(), now);
            self.tell_ephemeral(&frames);
        }
    }

    fn tell_ephemeral(&self, frames: &[ServerFrame]) {
        if !frames.is_empty() {
            self.subscribers
                .deliver(&self.subscribers.encode(frames, Class::Ephemeral));
        }
    }
}
