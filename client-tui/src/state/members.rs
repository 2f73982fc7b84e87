//! The members of a room and who of them is online.

use std::collections::BTreeMap;

use chat_shared::Username;
use chat_shared::protocol::{MemberInfo, PresenceEvent, Role, SystemEvent, SystemKind};

/// The members of a room, as far as the client knows them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    people: BTreeMap<Username, Member>,
    /// They were asked for on this connection.
    pub(crate) asked: bool,
    /// How many members are online.
    pub(crate) online: u64,
    /// True if `people` is complete. In a crowd the server sends only a count.
    pub(crate) named: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) online: bool,
    pub(crate) role: Role,
    pub(crate) bot: bool,
    pub(crate) muted: bool,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            online: false,
            role: Role::Member,
            bot: false,
            muted: false,
        }
    }
}

impl Member {
    /// The mark before a name: `@` an owner, `%` a moderator, as in IRC; `-` a muted member.
    pub(crate) fn mark(self) -> &'static str {
        match self.role {
            Role::Owner => "@",
            Role::Moderator => "%",
            Role::Member if self.muted => "-",
            Role::Member => "",
        }
    }
}

impl Members {
    /// Takes in the list of members; `more` says that it is only its beginning.
    pub(crate) fn set(&mut self, members: &[MemberInfo], more: bool) {
        self.named = !more;
        let people = members.iter().map(|m| {
            let member = Member {
                online: m.online,
                role: m.role,
                bot: m.bot,
                muted: m.muted,
            };
            (m.username.clone(), member)
        });
        self.people = people.collect();
        self.count();
    }

    pub(crate) fn presence(&mut self, event: &PresenceEvent) {
        self.named &= event.count == 0 || !(event.online.is_empty() && event.offline.is_empty());
        self.online = event.count;
        for (names, online) in [(&event.online, true), (&event.offline, false)] {
            for name in names {
                self.people.entry(name.clone()).or_default().online = online;
            }
        }
    }

    /// Applies a durable event about a member.
    pub(crate) fn happened(&mut self, event: &SystemEvent) {
        let Some(name) = &event.username else {
            return;
        };
        match event.event {
            SystemKind::Joined | SystemKind::Invited => {
                self.people.entry(name.clone()).or_default();
            }
            SystemKind::Left | SystemKind::Kicked | SystemKind::Banned => {
                self.people.remove(name);
                self.count();
            }
            kind => {
                if let Some(member) = self.people.get_mut(name) {
                    match kind {
                        SystemKind::Muted => member.muted = true,
                        SystemKind::Unmuted => member.muted = false,
                        SystemKind::Role => member.role = event.role.unwrap_or(member.role),
                        _ => {}
                    }
                }
            }
        }
        if let Some(heir) = event
            .heir
            .as_ref()
            .and_then(|heir| self.people.get_mut(heir))
        {
            heir.role = Role::Owner;
        }
    }

    /// The members who are online, or those who are not: the highest role first, then by name.
    pub(crate) fn list(&self, online: bool) -> Vec<(&Username, Member)> {
        let people = self
            .people
            .iter()
            .filter(|(_, member)| member.online == online);
        let mut list: Vec<_> = people.map(|(name, member)| (name, *member)).collect();
        if !self.named {
            list.clear();
        }
        list.sort_by_key(|(_, member)| std::cmp::Reverse(member.role));
        list
    }

    /// Every member whose name is known.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Username> {
        self.people.keys()
    }

    fn count(&mut self) {
        if self.named {
            self.online = self.people.values().filter(|member| member.online).count() as u64;
        }
    }
}
