//! Who is in a room, of pages and events in any order.

use std::collections::BTreeMap;

use crate::protocol::{
    MemberInfo, MembersPage, PresenceEvent, ProfileEvent, Role, RoomKind, ServerFrame, SystemEvent,
    SystemKind,
};
use crate::{TimestampMs, Username};

/// Events that are kept while members are asked for.
const EVENTS_MAX: usize = 1_000;

/// The members of a room that are known.
///
/// A page tells the server's admin as the moderator that they are; an event tells what the room
/// itself gave them.
#[derive(Debug, Clone, Default)]
pub struct People {
    members: BTreeMap<Username, MemberInfo>,
    /// Who may only read, in the room or not, and until when as far as that is known.
    muted: BTreeMap<Username, Option<TimestampMs>>,
    /// Whether all members are known.
    all: bool,
    /// What happened since the members were asked for, and the pages that came.
    asked: Option<Asked>,
}

#[derive(Debug, Clone, Default)]
struct Asked {
    members: BTreeMap<Username, MemberInfo>,
    events: Vec<ServerFrame>,
}

impl People {
    /// By name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &MemberInfo> {
        self.members.values()
    }

    /// A member that is known.
    pub fn get(&self, username: &Username) -> Option<&MemberInfo> {
        self.members.get(username)
    }

    /// Whether all members are known.
    pub fn is_complete(&self) -> bool {
        self.all
    }

    /// Lets those speak whose time is over.
    pub fn expire(&mut self, now: TimestampMs) {
        let over = |until: &Option<TimestampMs>| until.is_some_and(|until| until <= now);
        let over: Vec<_> = self.muted.iter().filter(|(_, until)| over(until)).collect();
        let over: Vec<Username> = over.into_iter().map(|(name, _)| name.clone()).collect();
        for name in over {
            self.mute(&name, None);
        }
    }

    /// How many there are, where all are known.
    pub(super) fn count(&self) -> Option<u64> {
        self.all.then_some(self.members.len() as u64)
    }

    pub(super) fn asking(&mut self) {
        self.asked = Some(Asked::default());
    }

    pub(super) fn page(&mut self, page: &MembersPage) {
        let Some(asked) = &mut self.asked else { return };
        let members = page.members.iter();
        asked
            .members
            .extend(members.map(|member| (member.username.clone(), member.clone())));
        if page.more {
            return;
        }
        let Asked { members, events } = self.asked.take().unwrap_or_default();
        for (name, member) in &members {
            match (member.muted, self.muted.contains_key(name)) {
                (true, false) => drop(self.muted.insert(name.clone(), None)),
                (false, true) => drop(self.muted.remove(name)),
                _ => {}
            }
        }
        self.members = members;
        self.all = true;
        for event in events {
            match event {
                ServerFrame::System(line) => self.follow(&line, RoomKind::Public),
                ServerFrame::Presence(presence) => self.presence(&presence),
                ServerFrame::Profile(profile) => self.profile(&profile),
                _ => {}
            }
        }
    }

    fn keep(&mut self, event: impl FnOnce() -> ServerFrame) {
        if let Some(asked) = &mut self.asked {
            asked.events.push(event());
            if asked.events.len() > EVENTS_MAX {
                // So much happened that they are asked for anew.
                self.asked = None;
            }
        }
    }

    pub(super) fn presence(&mut self, presence: &PresenceEvent) {
        self.keep(|| ServerFrame::Presence(presence.clone()));
        let online = presence.online.iter().map(|name| (name, true));
        for (name, online) in online.chain(presence.offline.iter().map(|name| (name, false))) {
            if let Some(member) = self.members.get_mut(name) {
                member.online = online;
            }
        }
    }

    pub(super) fn profile(&mut self, profile: &ProfileEvent) {
        self.keep(|| ServerFrame::Profile(profile.clone()));
        if let Some(member) = self.members.get_mut(&profile.username) {
            member.display_name.clone_from(&profile.display_name);
            member.avatar.clone_from(&profile.avatar);
        }
    }

    /// Takes a durable line.
    pub(super) fn happened(&mut self, line: &SystemEvent, kind: RoomKind) {
        self.keep(|| ServerFrame::System(line.clone()));
        self.follow(line, kind);
    }

    fn follow(&mut self, line: &SystemEvent, kind: RoomKind) {
        let Some(username) = &line.username else {
            return;
        };
        match line.event {
            SystemKind::Created => {
                self.all |= line.seq == Some(1) && !line.room.is_lobby();
                let is_direct = kind == RoomKind::Direct;
                self.add(username, if is_direct { Role::Member } else { Role::Owner });
            }
            SystemKind::Joined | SystemKind::Invited => {
                // A room that nobody owns is the next one's who comes in.
                let is_owned = self.members.values().any(|it| it.role == Role::Owner);
                let free = self.all && !is_owned;
                self.add(username, if free { Role::Owner } else { Role::Member });
            }
            SystemKind::Kicked | SystemKind::Banned => {
                self.members.remove(username);
            }
            SystemKind::Left => {
                self.members.remove(username);
                if let Some(heir) = &line.heir
                    && let Some(member) = self.members.get_mut(heir)
                {
                    member.role = Role::Owner;
                }
            }
            SystemKind::Muted => self.mute(username, Some(line.until)),
            SystemKind::Unmuted => self.mute(username, None),
            SystemKind::Role => {
                if let (Some(member), Some(role)) = (self.members.get_mut(username), line.role) {
                    member.role = role;
                }
            }
            _ => {}
        }
    }

    /// Adds a member of whom only the name is known.
    pub(super) fn add(&mut self, username: &Username, role: Role) {
        let muted = self.muted.contains_key(username);
        let member = MemberInfo {
            username: username.clone(),
            display_name: username.to_string(),
            avatar: String::new(),
            role,
            online: false,
            bot: false,
            muted,
        };
        self.members.entry(username.clone()).or_insert(member);
    }

    fn mute(&mut self, username: &Username, until: Option<Option<TimestampMs>>) {
        if let Some(member) = self.members.get_mut(username) {
            member.muted = until.is_some();
        }
        match until {
            Some(until) => self.muted.insert(username.clone(), until),
            None => self.muted.remove(username),
        };
    }
}
