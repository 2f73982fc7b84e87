//! What the members are told, and who is a member's connection.

use std::collections::HashSet;
use std::sync::Arc;

use chat_shared::protocol::{RoomGone, ServerFrame};
use chat_shared::{Seq, Username};

use super::super::mentions::changes_mentions;
use super::super::recent_frames::RecentFrames;
use super::super::{Connection, Dialect, wire};
use super::Room;
use crate::broken::{Rule, is_broken};
use crate::send_queue::Class;
use chat_rules::{Command, EventBody, LogEvent};

impl Room {
    /// Hands stored events to the members. `created_by` has its `room` frame already.
    pub(super) fn deliver_stored(&mut self, events: &[LogEvent], created_by: Option<u64>) {
        let deleted: HashSet<Seq> = events
            .iter()
            .filter_map(|event| match event.body {
                EventBody::Deleted { target } => Some(target),
                _ => None,
            })
            .collect();
        let mut start = 0;
        for (at, event) in events.iter().enumerate() {
            if event.body.is_message() {
                self.typing.end(&event.sender);
            }
            match Change::of(event) {
                Change::Nothing => {}
                Change::Enters(names) => {
                    self.deliver(&events[start..at], &deleted);
                    for name in names {
                        self.subscribe_member(name, event.seq, created_by);
                    }
                    self.deliver(&events[at..=at], &deleted);
                    start = at + 1;
                }
                Change::Leaves(name) => {
                    self.deliver(&events[start..=at], &deleted);
                    self.unsubscribe_member(name);
                    start = at + 1;
                }
                Change::Deletes => {
                    self.deliver(&events[start..=at], &deleted);
                    self.forget_deleted_text();
                    start = at + 1;
                }
            }
        }
        self.deliver(&events[start..], &deleted);
    }

    /// What was deleted before anyone was told of it shows no text.
    fn deliver(&mut self, events: &[LogEvent], deleted: &HashSet<Seq>) {
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

    /// A new member's connections are told of the room and get its events from this one on.
    fn subscribe_member(&mut self, username: &Username, seq: Seq, created_by: Option<u64>) {
        for connection in self.hub.connections_of(username) {
            if connection.dialect == Dialect::Demo || !self.subscribe(&connection, true) {
                continue;
            }
            if created_by != Some(connection.id) {
                let room = self.info(&connection, seq - 1);
                connection.send(&ServerFrame::Room { re: None, room });
            }
        }
    }

    /// Who is out is told so last, and gets nothing more of this room.
    fn unsubscribe_member(&mut self, username: &Username) {
        if is_broken(Rule::WhoIsOutHearsNothing) {
            return;
        }
        for connection in self.subscribers.remove_all_of(username) {
            connection.unsubscribe(&self.room);
            connection.send(&ServerFrame::RoomGone(RoomGone {
                room: self.room.clone(),
            }));
        }
        self.presence.forget(username, self.hub.now());
        self.typing.end(username);
    }

    /// Who catches up from here on is shown no deleted text: what is held is as it was said.
    fn forget_deleted_text(&mut self) {
        self.recent = RecentFrames::default();
        self.hub.0.deleted.notify_one();
    }

    /// A ban from the lobby is a ban from the server: the accounts know of it before it is acked,
    /// and of several in their order.
    pub(super) async fn apply_bans(&self, events: &[LogEvent]) {
        if !self.room.is_lobby() {
            return;
        }
        for event in events {
            match &event.body {
                EventBody::Banned { username, until } => {
                    self.hub.ban(username, Some(*until)).await;
                }
                EventBody::Unbanned { username } => self.hub.ban(username, None).await,
                _ => {}
            }
        }
    }

    /// What the accounts may not have heard of, where the server ended between the two.
    pub(super) async fn repeat_ban(&self, command: &Command) {
        match command {
            Command::Ban { whom, for_ms: None } if self.room.is_lobby() => {
                self.hub.ban(&whom.username, Some(None)).await;
            }
            Command::Unban(whom) if self.room.is_lobby() => {
                self.hub.ban(&whom.username, None).await;
            }
            _ => {}
        }
    }

    /// Whether an event that is not stored yet would make someone a member.
    pub(super) fn is_joining_in_flight(&self, username: &Username) -> bool {
        self.in_flight_events().iter().any(
            |event| matches!(Change::of(event), Change::Enters(names) if names.contains(&username)),
        )
    }

    /// Whether another count of someone's mentions may be due than the one as of `seq`.
    pub(super) fn mentions_changed_since(&self, seq: Seq) -> bool {
        self.mentions.changed_since(seq) || self.in_flight_events().iter().any(changes_mentions)
    }

    /// `false` where the connection has ended or is here already.
    pub(super) fn subscribe(&mut self, connection: &Arc<Connection>, live: bool) -> bool {
        if self.subscribers.contains(connection) || !connection.subscribe(&self.room) {
            return false;
        }
        self.subscribers.add(connection.clone(), live);
        let line = self
            .presence
            .connect(&connection.identity.username, self.hub.now());
        self.deliver_ephemeral(line.as_slice());
        true
    }

    pub(super) fn send_due_presence(&mut self) {
        let now = self.hub.now();
        if self.presence.deadline().is_some_and(|at| at <= now) {
            let frames = self.presence.due(self.member_count(), now);
            self.deliver_ephemeral(&frames);
        }
    }

    pub(super) fn deliver_ephemeral(&self, frames: &[ServerFrame]) {
        if !frames.is_empty() {
            self.subscribers
                .deliver(&self.subscribers.encode(frames, Class::Ephemeral));
        }
    }
}

/// What an event changes in who is told, or in what they may be told.
enum Change<'a> {
    Nothing,
    Enters(Vec<&'a Username>),
    Leaves(&'a Username),
    Deletes,
}

impl<'a> Change<'a> {
    fn of(event: &'a LogEvent) -> Self {
        match &event.body {
            EventBody::Created { with, .. } => {
                Self::Enters(std::iter::once(&event.sender).chain(with).collect())
            }
            EventBody::Joined => Self::Enters(vec![&event.sender]),
            EventBody::Invited { username } => Self::Enters(vec![username]),
            EventBody::Left { .. } => Self::Leaves(&event.sender),
            EventBody::Kicked { username } | EventBody::Banned { username, .. } => {
                Self::Leaves(username)
            }
            EventBody::Deleted { .. } => Self::Deletes,
            _ => Self::Nothing,
        }
    }
}
