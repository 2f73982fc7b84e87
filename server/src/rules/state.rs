use std::collections::BTreeMap;

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{RoomName, Seq, TimestampMs, Username};
use serde::{Deserialize, Serialize};

use super::{EventBody, LogEvent};

/// A room as its log has it up to [`RoomState::seq`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomState {
    room: RoomName,
    seq: Seq,
    ts: TimestampMs,
    /// How many of the events are messages.
    messages: u64,
    kind: RoomKind,
    topic: String,
    /// Empty in the lobby, which is everyone's.
    members: BTreeMap<Username, Member>,
    read_marks: BTreeMap<Username, ReadMark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub role: Role,
    /// The seq of the event that made them a member.
    pub since: Seq,
}

/// Up to where someone has read: unread messages are counted by subtraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ReadMark {
    seq: Seq,
    messages: u64,
}

impl RoomState {
    /// A room without events. Only the lobby exists in that state.
    pub fn empty(room: RoomName) -> Self {
        Self {
            room,
            seq: 0,
            ts: 0,
            messages: 0,
            kind: RoomKind::Public,
            topic: String::new(),
            members: BTreeMap::new(),
            read_marks: BTreeMap::new(),
        }
    }

    pub fn apply(&mut self, event: &LogEvent) {
        debug_assert_eq!(event.seq, self.seq + 1, "a room's log has no hole");
        self.seq = event.seq;
        self.ts = event.ts;
        self.messages = event.messages;
        match &event.body {
            EventBody::Message { .. } => self.mark_read(&event.sender),
            EventBody::Created {
                room_kind, topic, ..
            } => {
                self.kind = *room_kind;
                self.topic.clone_from(topic);
                self.add_member(&event.sender, Role::Owner);
            }
            EventBody::Joined => {
                let role = if self.has_owner() {
                    Role::Member
                } else {
                    Role::Owner
                };
                self.add_member(&event.sender, role);
            }
            EventBody::Left { .. } => {
                self.members.remove(&event.sender);
                self.read_marks.remove(&event.sender);
                self.hand_over();
            }
            _ => {}
        }
    }

    fn add_member(&mut self, username: &Username, role: Role) {
        self.members.insert(
            username.clone(),
            Member {
                role,
                since: self.seq,
            },
        );
        self.mark_read(username);
    }

    fn mark_read(&mut self, username: &Username) {
        let mark = ReadMark {
            seq: self.seq,
            messages: self.messages,
        };
        self.read_marks.insert(username.clone(), mark);
    }

    fn has_owner(&self) -> bool {
        self.members
            .values()
            .any(|member| member.role == Role::Owner)
    }

    /// The last owner's leaving hands the room to the longest-standing moderator, else member.
    fn hand_over(&mut self) {
        if self.has_owner() {
            return;
        }
        let heir = self
            .members
            .values_mut()
            .min_by_key(|member| (member.role != Role::Moderator, member.since));
        if let Some(heir) = heir {
            heir.role = Role::Owner;
        }
    }

    pub fn room(&self) -> &RoomName {
        &self.room
    }

    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// When the last event happened.
    pub fn ts(&self) -> TimestampMs {
        self.ts
    }

    pub fn messages(&self) -> u64 {
        self.messages
    }

    pub fn kind(&self) -> RoomKind {
        self.kind
    }

    pub fn topic(&self) -> &str {
        &self.topic
    }

    pub fn exists(&self) -> bool {
        self.seq > 0 || self.room.is_lobby()
    }

    pub fn is_member(&self, username: &Username) -> bool {
        self.room.is_lobby() || self.members.contains_key(username)
    }

    /// Whether the room exists as far as `username` may know.
    pub fn is_visible_to(&self, username: &Username) -> bool {
        self.exists() && (self.kind == RoomKind::Public || self.is_member(username))
    }

    /// Members by event, by name; none in the lobby.
    pub fn members(&self) -> &BTreeMap<Username, Member> {
        &self.members
    }

    /// What `username` may do here; an admin is a moderator everywhere but in direct rooms, and
    /// owns the lobby.
    pub fn role_of(&self, username: &Username, admin: bool) -> Role {
        let own = self
            .members
            .get(username)
            .map_or(Role::Member, |member| member.role);
        match (admin, self.kind) {
            (true, _) if self.room.is_lobby() => Role::Owner,
            (true, RoomKind::Public | RoomKind::Private) => own.max(Role::Moderator),
            _ => own,
        }
    }

    /// Up to where `username` has read, and how many messages stand above.
    pub fn read_and_unread(&self, username: &Username) -> (Seq, u64) {
        let mark = self.read_marks.get(username).copied().unwrap_or_default();
        (mark.seq, self.messages.saturating_sub(mark.messages))
    }
}
