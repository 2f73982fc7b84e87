//! A room's state, folded from its log by [`RoomState::apply`].

use std::collections::BTreeMap;

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{RoomName, Seq, TimestampMs, Username};
use serde::{Deserialize, Serialize};

use super::{Actor, EventBody, LogEvent, Refusal};

/// The version of what [`RoomState::apply`] makes of a log.
///
/// It is raised with every change of the state's fields or of how an event changes them, a
/// correction included. A state that was folded by another version is folded again from the log.
pub const RULES_VERSION: u32 = 1;

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
    /// In the lobby, which is everyone's, only those who have a role there.
    members: BTreeMap<Username, Member>,
    read_marks: BTreeMap<Username, ReadMark>,
    /// The banned people and until when; `None` has no end. A ban that is over stays until it is
    /// lifted.
    bans: BTreeMap<Username, Option<TimestampMs>>,
    mutes: BTreeMap<Username, Option<TimestampMs>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub role: Role,
    /// The seq of the event that made them a member.
    pub since: Seq,
}

/// Up to where someone has read: unread messages are counted by subtraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadMark {
    pub seq: Seq,
    /// How many messages the room held up to `seq`.
    pub messages: u64,
}

impl RoomState {
    /// A room without events. Only the lobby exists in that state.
    pub fn empty(room: RoomName) -> Self {
        let kind = if room.is_direct() {
            RoomKind::Direct
        } else {
            RoomKind::Public
        };
        Self {
            room,
            seq: 0,
            ts: 0,
            messages: 0,
            kind,
            topic: String::new(),
            members: BTreeMap::new(),
            read_marks: BTreeMap::new(),
            bans: BTreeMap::new(),
            mutes: BTreeMap::new(),
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
                room_kind,
                topic,
                with,
            } => {
                self.kind = *room_kind;
                self.topic.clone_from(topic);
                match with {
                    Some(with) => {
                        self.add_member(&event.sender, Role::Member);
                        self.add_member(with, Role::Member);
                    }
                    None => self.add_member(&event.sender, Role::Owner),
                }
            }
            EventBody::Joined => self.let_in(&event.sender),
            EventBody::Invited { username } => self.let_in(username),
            EventBody::Left { .. } => {
                self.put_out(&event.sender);
                self.hand_over();
            }
            EventBody::Kicked { username } => self.put_out(username),
            EventBody::Banned { username, until } => {
                self.put_out(username);
                self.bans.insert(username.clone(), *until);
            }
            EventBody::Unbanned { username } => {
                self.bans.remove(username);
            }
            EventBody::Muted { username, until } => {
                self.mutes.insert(username.clone(), *until);
            }
            EventBody::Unmuted { username } => {
                self.mutes.remove(username);
            }
            EventBody::Role { username, role } => self.give_role(username, *role),
            EventBody::Topic { topic } => self.topic.clone_from(topic),
            EventBody::Edited { .. }
            | EventBody::Deleted { .. }
            | EventBody::Reacted { .. }
            | EventBody::OfAccount { .. } => {}
        }
    }

    /// A room that nobody owns is its next member's.
    fn let_in(&mut self, username: &Username) {
        let role = if self.owners() > 0 {
            Role::Member
        } else {
            Role::Owner
        };
        self.bans.remove(username);
        self.add_member(username, role);
    }

    fn put_out(&mut self, username: &Username) {
        self.members.remove(username);
        self.read_marks.remove(username);
    }

    fn give_role(&mut self, username: &Username, role: Role) {
        let since = self.seq;
        match self.members.get_mut(username) {
            Some(_) if self.room.is_lobby() && role == Role::Member => {
                self.members.remove(username);
            }
            Some(member) => member.role = role,
            None if self.room.is_lobby() => {
                self.members
                    .insert(username.clone(), Member { role, since });
            }
            None => {}
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

    /// How many own the room. The lobby is its admin's besides.
    pub fn owners(&self) -> usize {
        let members = self.members.values();
        let owners = members.filter(|member| member.role == Role::Owner).count();
        owners + usize::from(self.room.is_lobby())
    }

    /// Who owns the room once `leaving` has left, where that was its last owner: the
    /// longest-standing moderator, else member.
    pub fn heir_of(&self, leaving: &Username) -> Option<&Username> {
        let others = || self.members.iter().filter(|(name, _)| *name != leaving);
        if self.kind == RoomKind::Direct || others().any(|(_, member)| member.role == Role::Owner) {
            return None;
        }
        others()
            .min_by_key(|(_, member)| (member.role != Role::Moderator, member.since))
            .map(|(name, _)| name)
    }

    /// Gives the room to the heir of who has left.
    fn hand_over(&mut self) {
        let nobody = Username::existing("");
        if let Some(heir) = self.heir_of(&nobody).cloned()
            && let Some(member) = self.members.get_mut(&heir)
        {
            member.role = Role::Owner;
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

    /// Until when someone is or was banned: `Some(None)` has no end.
    pub fn ban_of(&self, username: &Username) -> Option<Option<TimestampMs>> {
        self.bans.get(username).copied()
    }

    pub fn is_banned(&self, username: &Username, now: TimestampMs) -> bool {
        self.ban_of(username).is_some_and(|until| is_on(until, now))
    }

    /// As [`RoomState::ban_of`], of who may only read.
    pub fn mute_of(&self, username: &Username) -> Option<Option<TimestampMs>> {
        self.mutes.get(username).copied()
    }

    pub fn is_muted(&self, username: &Username, now: TimestampMs) -> bool {
        self.mute_of(username)
            .is_some_and(|until| is_on(until, now))
    }

    /// Who was muted, be it over or not.
    pub fn muted(&self) -> impl Iterator<Item = &Username> {
        self.mutes.keys()
    }

    /// Who is banned, and until when.
    pub fn bans(&self, now: TimestampMs) -> impl Iterator<Item = (&Username, Option<TimestampMs>)> {
        let bans = self.bans.iter().map(|(name, until)| (name, *until));
        bans.filter(move |(_, until)| is_on(*until, now))
    }

    /// Whether someone may read the room, its past and what is said now.
    pub fn may_read(&self, username: &Username, now: TimestampMs) -> bool {
        self.exists() && self.is_member(username) && !self.is_banned(username, now)
    }

    /// What an actor may do here. The server's admin is a moderator of rooms that everyone can
    /// find, a member of them or not.
    ///
    /// # Errors
    /// Where they may do nothing at all.
    pub(super) fn authority_of(&self, actor: &Actor, now: TimestampMs) -> Result<Role, Refusal> {
        if self.is_banned(&actor.username, now) && !actor.admin {
            return Err(Refusal::Banned);
        }
        let found = actor.admin && self.kind == RoomKind::Public;
        if !found && !self.is_member(&actor.username) {
            return Err(Refusal::NotMember);
        }
        Ok(self.role_of(&actor.username, actor.admin))
    }

    /// Members by event, by name; in the lobby only those with a role.
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

    /// Up to where `username` has read, as far as the log tells: one's own messages are read.
    pub fn read_mark(&self, username: &Username) -> ReadMark {
        self.read_marks.get(username).copied().unwrap_or_default()
    }
}

/// Whether what ends at `until` goes on.
fn is_on(until: Option<TimestampMs>, now: TimestampMs) -> bool {
    until.is_none_or(|until| now < until)
}
