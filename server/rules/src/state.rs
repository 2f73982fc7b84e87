//! A room's state, folded from its log by [`RoomState::apply`].

use std::collections::BTreeMap;

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{RoomName, Seq, TimestampMs, Username};
use serde::{Deserialize, Serialize};

use super::{Actor, EventBody, LogEvent, Refusal, RoomScope};

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
    /// In the lobby, only people with a role above member ([`RoomScope::lists_only_roles`]).
    members: BTreeMap<Username, Member>,
    read_marks: BTreeMap<Username, ReadMark>,
    /// The banned people and until when; `None` has no end. A ban that is over stays until it is
    /// lifted.
    bans: BTreeMap<Username, Option<TimestampMs>>,
    mutes: BTreeMap<Username, Option<TimestampMs>>,
}

/// A member of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The member's role, without the admin's authority.
    pub role: Role,
    /// The seq of the event that made them a member.
    pub since: Seq,
}

/// Up to where a person has read a room. Unread messages are counted by subtraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadMark {
    /// The last event that was read.
    pub seq: Seq,
    /// How many messages the room had up to `seq`.
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

    /// Folds the next event into the state. A change of what an event does here needs a higher
    /// [`RULES_VERSION`].
    ///
    /// # Panics
    /// In debug builds, if the event is not the next one.
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
            EventBody::Joined => self.admit(&event.sender),
            EventBody::Invited { username } => self.admit(username),
            EventBody::Left { .. } => {
                self.remove(&event.sender);
                self.hand_over();
            }
            EventBody::Kicked { username } => self.remove(username),
            EventBody::Banned { username, until } => {
                self.remove(username);
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

    /// Adds a member, who becomes the owner of a room that has none.
    fn admit(&mut self, username: &Username) {
        let role = if self.owners() > 0 {
            Role::Member
        } else {
            Role::Owner
        };
        self.bans.remove(username);
        self.add_member(username, role);
    }

    fn remove(&mut self, username: &Username) {
        self.members.remove(username);
        self.read_marks.remove(username);
    }

    fn give_role(&mut self, username: &Username, role: Role) {
        let (since, lists_only_roles) = (self.seq, self.scope().lists_only_roles());
        match self.members.get_mut(username) {
            Some(_) if lists_only_roles && role == Role::Member => {
                self.members.remove(username);
            }
            Some(member) => member.role = role,
            None if lists_only_roles => {
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

    /// How many people own the room, the admin included where the room is the admin's.
    pub fn owners(&self) -> usize {
        let members = self.members.values();
        let owners = members.filter(|member| member.role == Role::Owner).count();
        owners + usize::from(self.scope().is_owned_by_admin())
    }

    /// The person who owns the room once its last owner `leaving` has left: the moderator who has
    /// been in the room the longest, else such a member. `None` if another owner remains.
    pub fn heir_of(&self, leaving: &Username) -> Option<&Username> {
        let others = || self.members.iter().filter(|(name, _)| *name != leaving);
        if self.kind == RoomKind::Direct || others().any(|(_, member)| member.role == Role::Owner) {
            return None;
        }
        others()
            .min_by_key(|(_, member)| (member.role != Role::Moderator, member.since))
            .map(|(name, _)| name)
    }

    /// Gives a room without owner to the heir of the owner who left.
    fn hand_over(&mut self) {
        let nobody = Username::existing("");
        if let Some(heir) = self.heir_of(&nobody).cloned()
            && let Some(member) = self.members.get_mut(&heir)
        {
            member.role = Role::Owner;
        }
    }

    /// The room's name.
    pub fn room(&self) -> &RoomName {
        &self.room
    }

    /// The rules that are special to the lobby.
    pub fn scope(&self) -> RoomScope {
        RoomScope::of(&self.room)
    }

    /// The seq of the last event; 0 for a room without events.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The time of the last event.
    pub fn ts(&self) -> TimestampMs {
        self.ts
    }

    /// How many messages the log has, deleted ones included.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Public, private or direct.
    pub fn kind(&self) -> RoomKind {
        self.kind
    }

    /// The topic; empty if there is none.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Whether the room was created.
    pub fn exists(&self) -> bool {
        self.seq > 0 || self.scope().exists_when_empty()
    }

    /// Whether a person is a member. In the lobby everybody is.
    pub fn is_member(&self, username: &Username) -> bool {
        self.scope().has_everyone() || self.members.contains_key(username)
    }

    /// Whether a person may know that the room exists.
    pub fn is_visible_to(&self, username: &Username) -> bool {
        self.exists() && (self.kind == RoomKind::Public || self.is_member(username))
    }

    /// The end of a person's ban, which may be past. `Some(None)` has no end, `None` is no ban.
    pub fn ban_of(&self, username: &Username) -> Option<Option<TimestampMs>> {
        self.bans.get(username).copied()
    }

    /// Whether a person is banned at `now`.
    pub fn is_banned(&self, username: &Username, now: TimestampMs) -> bool {
        self.ban_of(username).is_some_and(|until| is_on(until, now))
    }

    /// The end of a person's mute, as [`RoomState::ban_of`].
    pub fn mute_of(&self, username: &Username) -> Option<Option<TimestampMs>> {
        self.mutes.get(username).copied()
    }

    /// Whether a person is muted at `now`.
    pub fn is_muted(&self, username: &Username, now: TimestampMs) -> bool {
        self.mute_of(username)
            .is_some_and(|until| is_on(until, now))
    }

    /// People with a mute, also with one that has ended.
    pub fn muted(&self) -> impl Iterator<Item = &Username> {
        self.mutes.keys()
    }

    /// People who are banned at `now`, and until when.
    pub fn bans(&self, now: TimestampMs) -> impl Iterator<Item = (&Username, Option<TimestampMs>)> {
        let bans = self.bans.iter().map(|(name, until)| (name, *until));
        bans.filter(move |(_, until)| is_on(*until, now))
    }

    /// Whether a person may read the room, its history included.
    pub fn may_read(&self, username: &Username, now: TimestampMs) -> bool {
        self.exists() && self.is_member(username) && !self.is_banned(username, now)
    }

    /// The role with which an actor acts here. The server's admin moderates public rooms without
    /// being a member.
    ///
    /// # Errors
    /// [`Refusal::Banned`] or [`Refusal::NotMember`], if the actor may do nothing here.
    pub(super) fn authority_of(&self, actor: &Actor, now: TimestampMs) -> Result<Role, Refusal> {
        if self.is_banned(&actor.username, now) && !actor.admin {
            return Err(Refusal::Banned);
        }
        let moderates = actor.admin && self.kind == RoomKind::Public;
        if !moderates && !self.is_member(&actor.username) {
            return Err(Refusal::NotMember);
        }
        Ok(self.role_of(&actor.username, actor.admin))
    }

    /// Members by username. In the lobby, only people with a role above member.
    pub fn members(&self) -> &BTreeMap<Username, Member> {
        &self.members
    }

    /// A person's role. The admin moderates every room but direct ones, and owns the lobby.
    pub fn role_of(&self, username: &Username, admin: bool) -> Role {
        let own = self
            .members
            .get(username)
            .map_or(Role::Member, |member| member.role);
        match (admin, self.kind) {
            (true, _) if self.scope().is_owned_by_admin() => Role::Owner,
            (true, RoomKind::Public | RoomKind::Private) => own.max(Role::Moderator),
            _ => own,
        }
    }

    /// Up to where a person has read, as far as the log shows: at least their own last message.
    pub fn read_mark(&self, username: &Username) -> ReadMark {
        self.read_marks.get(username).copied().unwrap_or_default()
    }
}

/// Whether a ban or mute that ends at `until` is still in force.
fn is_on(until: Option<TimestampMs>, now: TimestampMs) -> bool {
    until.is_none_or(|until| now < until)
}
