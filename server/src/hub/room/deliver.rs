//! Deliveries of a room: stored events to its subscribers, and bans to the accounts.

use std::collections::HashSet;

use chat_shared::protocol::{RoomGone, ServerFrame};
use chat_shared::{Seq, Username};

use super::super::mentions::changes_mentions;
use super::Room;
use chat_server_rules::{EventBody, LogEvent, RoomCommand, RoomScope};
use chat_server_store::StoreError;

impl Room {
    /// Reads the log again, and delivers stored events that were not delivered yet.
    ///
    /// # Errors
    /// Where the store fails; the room is in doubt until the next attempt.
    pub(super) async fn reload_log(&mut self) -> Result<(), StoreError> {
        let was_loaded = self.committer.is_loaded();
        self.committer.refold().await?;
        let (seq, messages) = {
            let state = self.committer.state();
            (state.seq(), state.messages())
        };
        if was_loaded {
            while self.audience.delivered_seq() < seq {
                let after = self.audience.delivered_seq();
                let events = self.committer.events_above(after).await?;
                self.apply_bans(&events).await;
                self.deliver_stored(&events, None);
            }
        } else {
            let markers = self.hub.store().read_marks(&self.name).await?;
            self.audience.load_markers(markers, seq);
            self.repair_bans();
        }
        self.audience.begin_at(seq, messages);
        self.committer.end_doubt();
        Ok(())
    }

    /// Delivers stored events to the members. The connection `created_by` has its `room` frame
    /// already.
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
                self.audience.end_typing(&event.sender);
            }
            match Change::of(event) {
                Change::Nothing => {}
                Change::Enters(names) => {
                    self.audience.deliver(&events[start..at], &deleted);
                    for name in names {
                        self.subscribe_member(name, event.seq, created_by);
                    }
                    self.audience.deliver(&events[at..=at], &deleted);
                    start = at + 1;
                }
                Change::Leaves(name) => {
                    self.audience.deliver(&events[start..=at], &deleted);
                    self.unsubscribe_member(name);
                    start = at + 1;
                }
                Change::Deletes => {
                    self.audience.deliver(&events[start..=at], &deleted);
                    // A connection that catches up from here on is shown no deleted text.
                    self.audience.forget_recent();
                    self.hub.text_was_deleted();
                    start = at + 1;
                }
            }
        }
        self.audience.deliver(&events[start..], &deleted);
    }

    /// Subscribes a new member's connections: they get `room`, then events from this one on.
    fn subscribe_member(&mut self, username: &Username, seq: Seq, created_by: Option<u64>) {
        let now = self.hub.now();
        for connection in self.hub.connections_of(username) {
            if !connection.dialect.has_rooms() || !self.audience.subscribe(&connection, now) {
                continue;
            }
            if created_by != Some(connection.id) {
                let room = self.info(&connection, seq - 1);
                connection.send(&ServerFrame::Room { re: None, room });
            }
        }
    }

    /// Unsubscribes the connections of a person who is no member any more. `room_gone` is the last
    /// frame of this room that they get.
    fn unsubscribe_member(&mut self, username: &Username) {
        for connection in self.audience.unsubscribe_all_of(username, self.hub.now()) {
            connection.send(&ServerFrame::RoomGone(RoomGone {
                room: self.name.clone(),
            }));
        }
    }

    /// Tells the accounts about bans from the lobby, which are bans from the server: before they
    /// are acknowledged, and in their order.
    pub(super) async fn apply_bans(&self, events: &[LogEvent]) {
        if !self.scope().bans_from_server() {
            return;
        }
        for event in events {
            match &event.body {
                EventBody::Banned { username, until } => {
                    self.hub.ban(username, Some(*until), event.seq).await;
                }
                EventBody::Unbanned { username } => self.hub.ban(username, None, event.seq).await,
                _ => {}
            }
        }
    }

    fn scope(&self) -> RoomScope {
        RoomScope::of(&self.name)
    }

    /// Repeats a ban that the accounts may not know: the server ended between storing the event
    /// and storing the account.
    pub(super) async fn repeat_ban(&self, command: &RoomCommand) {
        if !self.scope().bans_from_server() {
            return;
        }
        let seq = self.committer.state().seq();
        match command {
            RoomCommand::Ban { whom, for_ms: None } => {
                self.hub.ban(&whom.username, Some(None), seq).await;
            }
            RoomCommand::Unban(whom) => {
                self.hub.ban(&whom.username, None, seq).await;
            }
            _ => {}
        }
    }

    /// Repeats, in the background, all bans of the lobby's log that the accounts do not know.
    fn repair_bans(&self) {
        if self.scope().bans_from_server() {
            let bans = self.committer.state().bans(self.hub.now());
            let bans = bans.map(|(name, until)| (name.clone(), until));
            let seq = self.committer.state().seq();
            self.hub.repair_bans(bans.collect(), seq);
        }
    }

    /// Whether an event that is not stored yet would make a person a member.
    pub(super) fn is_joining_in_flight(&self, username: &Username) -> bool {
        self.committer.in_flight_events().iter().any(
            |event| matches!(Change::of(event), Change::Enters(names) if names.contains(&username)),
        )
    }

    /// Whether a person's mentions may have changed since they were counted as of `seq`.
    pub(super) fn mentions_changed_since(&self, seq: Seq) -> bool {
        self.audience.mentions.changed_since(seq)
            || self
                .committer
                .in_flight_events()
                .iter()
                .any(changes_mentions)
    }
}

/// The effect of an event on who receives events, or on what they may be shown.
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
            EventBody::Message { .. }
            | EventBody::Edited { .. }
            | EventBody::Reacted { .. }
            | EventBody::Unbanned { .. }
            | EventBody::Muted { .. }
            | EventBody::Unmuted { .. }
            | EventBody::Role { .. }
            | EventBody::Topic { .. }
            | EventBody::OfAccount { .. } => Self::Nothing,
        }
    }
}
