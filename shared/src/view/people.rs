//! The members of a room, folded from pages and events in any order.

use std::collections::BTreeMap;

use crate::protocol::{
    MemberInfo, MembersPage, PresenceEvent, ProfileEvent, Role, RoomKind, ServerFrame, SystemEvent,
    SystemKind,
};
use crate::{TimestampMs, Username};

/// Events that are kept while the pages of members are on their way.
const EVENTS_MAX: usize = 1_000;

/// The members of a room that are known.
///
/// A page describes the server's admin with the role that they have as admin; an event tells what
/// the room itself gave them.
#[derive(Debug, Clone, Default)]
pub struct People {
    members: BTreeMap<Username, MemberInfo>,
    /// Muted users, in the room or not, and until when as far as that is known.
    muted: BTreeMap<Username, Option<TimestampMs>>,
    /// Whether all members are known.
    all: bool,
    /// How many are online, as the last `presence` said.
    online: Option<u64>,
    /// The list was asked for and nobody unknown came since.
    is_fresh: bool,
    /// The pages that are on their way.
    asked: Option<Asked>,
}

/// Members and events that came since the first page of members was asked for.
#[derive(Debug, Clone, Default)]
struct Asked {
    members: BTreeMap<Username, MemberInfo>,
    events: Vec<ServerFrame>,
}

impl People {
    /// The members that are known, by username.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &MemberInfo> {
        self.members.values()
    }

    /// A member that is known.
    pub fn get(&self, username: &Username) -> Option<&MemberInfo> {
        self.members.get(username)
    }

    /// The name to show for a user: the display name where the user is a member that is known, else
    /// the username.
    pub fn display_name<'a>(&'a self, username: &'a Username) -> &'a str {
        let member = self.members.get(username);
        let shown = member.map(|member| member.display_name.as_str());
        shown
            .filter(|name| !name.is_empty())
            .unwrap_or(username.as_str())
    }

    /// Whether all members are known.
    pub fn is_complete(&self) -> bool {
        self.all
    }

    /// How many members are online: what `presence` counts in a large room, else the members that
    /// are known to be online.
    pub fn online_count(&self) -> u64 {
        let known = self.members.values().filter(|member| member.online).count() as u64;
        match self.online {
            Some(count) if !self.all => count,
            _ => known,
        }
    }

    /// Ends the mutes whose time is over at `now`.
    pub(super) fn expire(&mut self, now: TimestampMs) {
        let over = |until: &Option<TimestampMs>| until.is_some_and(|until| until <= now);
        let over: Vec<_> = self.muted.iter().filter(|(_, until)| over(until)).collect();
        let over: Vec<Username> = over.into_iter().map(|(name, _)| name.clone()).collect();
        for name in over {
            self.mute(&name, None);
        }
    }

    /// How many members there are, where all are known.
    pub(super) fn count(&self) -> Option<u64> {
        self.all.then_some(self.members.len() as u64)
    }

    pub(super) fn are_wanted(&self) -> bool {
        !self.is_fresh
    }

    pub(super) fn ask(&mut self) {
        self.asked = Some(Asked::default());
        self.is_fresh = true;
    }

    /// Answers of the last connection don't come any more, and its presence is out of date.
    pub(super) fn reconnected(&mut self) {
        self.asked = None;
        self.is_fresh = false;
    }

    pub(super) fn take_page(&mut self, page: &MembersPage, kind: RoomKind) {
        let Some(mut asked) = self.asked.take() else {
            return;
        };
        for member in &page.members {
            let name = member.username.clone();
            match (member.muted, self.muted.contains_key(&name)) {
                (true, false) => drop(self.muted.insert(name.clone(), None)),
                (false, true) => drop(self.muted.remove(&name)),
                _ => {}
            }
            asked.members.insert(name, member.clone());
        }
        if page.more {
            self.members.extend(asked.members.clone());
        } else {
            self.members = std::mem::take(&mut asked.members);
            self.all = true;
        }
        for event in &asked.events {
            match event {
                ServerFrame::System(event) => self.follow(event, kind),
                ServerFrame::Presence(presence) => self.set_online(presence),
                ServerFrame::Profile(profile) => self.set_profile(profile),
                _ => {}
            }
        }
        self.asked = page.more.then_some(asked);
    }

    fn keep(&mut self, event: impl FnOnce() -> ServerFrame) {
        if let Some(asked) = &mut self.asked {
            asked.events.push(event());
            if asked.events.len() > EVENTS_MAX {
                // The pages can't be brought up to date any more.
                self.asked = None;
                self.is_fresh = false;
            }
        }
    }

    pub(super) fn presence(&mut self, presence: &PresenceEvent) {
        self.keep(|| ServerFrame::Presence(presence.clone()));
        self.set_online(presence);
    }

    /// New accounts come to the lobby without an event of its log; their presence tells of them.
    fn set_online(&mut self, presence: &PresenceEvent) {
        self.online = Some(presence.count);
        for name in &presence.online {
            if presence.room.is_lobby() || !self.all {
                self.add(name, Role::Member);
            }
            if let Some(member) = self.members.get_mut(name) {
                member.online = true;
            }
        }
        for name in &presence.offline {
            if let Some(member) = self.members.get_mut(name) {
                member.online = false;
            }
        }
    }

    pub(super) fn profile(&mut self, profile: &ProfileEvent) {
        self.keep(|| ServerFrame::Profile(profile.clone()));
        self.set_profile(profile);
    }

    fn set_profile(&mut self, profile: &ProfileEvent) {
        if let Some(member) = self.members.get_mut(&profile.username) {
            member.display_name.clone_from(&profile.display_name);
            member.avatar.clone_from(&profile.avatar);
        }
    }

    /// Takes a durable event.
    pub(super) fn happened(&mut self, event: &SystemEvent, kind: RoomKind) {
        self.keep(|| ServerFrame::System(event.clone()));
        self.follow(event, kind);
    }

    fn follow(&mut self, event: &SystemEvent, kind: RoomKind) {
        let Some(username) = &event.username else {
            return;
        };
        match event.event {
            SystemKind::Created => {
                self.all |= event.seq == Some(1) && !event.room.is_lobby();
                let is_direct = kind == RoomKind::Direct;
                self.add(username, if is_direct { Role::Member } else { Role::Owner });
            }
            SystemKind::Joined | SystemKind::Invited => {
                // The next member of a room that nobody owns becomes its owner.
                let is_owned = self.members.values().any(|it| it.role == Role::Owner);
                let free = self.all && !is_owned;
                self.add(username, if free { Role::Owner } else { Role::Member });
            }
            SystemKind::Kicked | SystemKind::Banned => {
                self.members.remove(username);
            }
            SystemKind::Left => {
                self.members.remove(username);
                if let Some(heir) = &event.heir
                    && let Some(member) = self.members.get_mut(heir)
                {
                    member.role = Role::Owner;
                }
            }
            SystemKind::Muted => self.mute(username, Some(event.until)),
            SystemKind::Unmuted => self.mute(username, None),
            SystemKind::Role => {
                if let (Some(member), Some(role)) = (self.members.get_mut(username), event.role) {
                    member.role = role;
                }
            }
            _ => {}
        }
    }

    /// Adds a member of whom only the username is known.
    pub(super) fn add(&mut self, username: &Username, role: Role) {
        if self.asked.is_none() && !self.members.contains_key(username) {
            self.is_fresh = false;
        }
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
