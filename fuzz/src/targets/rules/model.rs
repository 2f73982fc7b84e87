//! The permissions as PROTOCOL.md has them, in a form of its own: who a person is in the room
//! first, then what that person may do.

use std::collections::{BTreeMap, BTreeSet};

use chat_server_rules::RoomCommand;
use chat_shared::limits::{REACTIONS_MAX, TEXT_CHARS_MAX, TOPIC_CHARS_MAX};
use chat_shared::protocol::{ErrorCode, Role, RoomKind};
use chat_shared::{Emoji, RoomName, Seq};

use super::input::{ADMIN, person};
use super::{FORBIDDEN, NOT_FOUND};

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Done,
    /// It succeeds, and there was nothing to change.
    Nothing,
    Refused(ErrorCode),
}

/// Who a person is in the room. The first that applies counts.
enum Standing {
    /// For them the room does not exist.
    Stranger,
    Banned,
    /// They see the room and are not in it.
    Outsider,
    Muted,
    /// The admin who is not in this public room: a moderator of others, who can't write.
    Visitor,
    /// A member with this role.
    Active(Role),
}

#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) sender: u8,
    pub(super) text: String,
    pub(super) deleted: bool,
    pub(super) reactions: BTreeSet<(Emoji, u8)>,
}

/// A ban or a mute: until when, if it ends.
type Sanctions = BTreeMap<u8, Option<u64>>;

#[derive(Debug)]
pub(super) struct Model {
    /// `None` while the room was not created.
    pub(super) kind: Option<RoomKind>,
    pub(super) is_lobby: bool,
    pub(super) is_direct: bool,
    pub(super) seq: Seq,
    /// The role of each member, and since when. Those of the lobby who have no role are left out.
    pub(super) roles: BTreeMap<u8, (Role, Seq)>,
    pub(super) bans: Sanctions,
    pub(super) mutes: Sanctions,
    pub(super) topic: String,
    pub(super) messages: BTreeMap<Seq, Message>,
}

impl Model {
    pub(super) fn new(room: &RoomName) -> Self {
        Self {
            kind: room.is_lobby().then_some(RoomKind::Public),
            is_lobby: room.is_lobby(),
            is_direct: room.is_direct(),
            seq: 0,
            roles: BTreeMap::new(),
            bans: BTreeMap::new(),
            mutes: BTreeMap::new(),
            topic: String::new(),
            messages: BTreeMap::new(),
        }
    }

    pub(super) fn is_member(&self, who: u8) -> bool {
        self.is_lobby || self.roles.contains_key(&who)
    }

    pub(super) fn is_banned(&self, who: u8, now: u64) -> bool {
        in_force(&self.bans, who, now)
    }

    pub(super) fn is_muted(&self, who: u8, now: u64) -> bool {
        in_force(&self.mutes, who, now)
    }

    /// The role that others have to reckon with.
    pub(super) fn role_of(&self, who: u8) -> Role {
        let own = self.own_role(who);
        if who != ADMIN || self.is_direct {
            own
        } else if self.is_lobby {
            Role::Owner
        } else {
            own.max(Role::Moderator)
        }
    }

    fn own_role(&self, who: u8) -> Role {
        self.roles.get(&who).map_or(Role::Member, |(role, _)| *role)
    }

    pub(super) fn owners(&self) -> usize {
        let owners = self.roles.values().filter(|(role, _)| *role == Role::Owner);
        owners.count() + usize::from(self.is_lobby)
    }

    fn standing(&self, who: u8, now: u64) -> Standing {
        let is_member = self.is_member(who);
        match self.kind {
            None => return Standing::Stranger,
            Some(RoomKind::Private | RoomKind::Direct) if !is_member => return Standing::Stranger,
            Some(_) => {}
        }
        if self.is_banned(who, now) && who != ADMIN {
            Standing::Banned
        } else if !is_member && who != ADMIN {
            Standing::Outsider
        } else if self.is_muted(who, now) {
            // To write, a muted admin would have to join first.
            Standing::Muted
        } else if !is_member {
            Standing::Visitor
        } else {
            Standing::Active(self.role_of(who))
        }
    }

    pub(super) fn decide(&self, actor: u8, command: &RoomCommand, now: u64) -> Decision {
        match command {
            RoomCommand::Create { topic, .. } => self.create(topic),
            RoomCommand::Direct { .. } => match self.kind {
                None => Decision::Done,
                Some(_) if self.is_member(actor) => Decision::Nothing,
                Some(_) => NOT_FOUND,
            },
            RoomCommand::Join | RoomCommand::Leave => self.come_or_go(actor, command, now),
            RoomCommand::TakeOver => self.take_over(actor, now),
            RoomCommand::Send { .. } | RoomCommand::Edit { .. } | RoomCommand::React { .. } => {
                self.write(actor, command, now)
            }
            RoomCommand::Delete { target } => self.delete(actor, *target, now),
            RoomCommand::EraseMessage { target } => self.erase(actor, *target),
            _ => self.moderate(actor, command, now),
        }
    }

    fn create(&self, topic: &str) -> Decision {
        if self.is_direct {
            Decision::Refused(ErrorCode::BadField)
        } else if self.kind.is_some() {
            Decision::Refused(ErrorCode::Taken)
        } else {
            topic_refusal(topic).unwrap_or(Decision::Done)
        }
    }

    fn come_or_go(&self, actor: u8, command: &RoomCommand, now: u64) -> Decision {
        if matches!(self.standing(actor, now), Standing::Stranger) {
            return NOT_FOUND;
        }
        let is_join = matches!(command, RoomCommand::Join);
        match is_join {
            true if self.is_banned(actor, now) => Decision::Refused(ErrorCode::Banned),
            false if self.is_lobby || self.is_direct => FORBIDDEN,
            _ if self.is_member(actor) == is_join => Decision::Nothing,
            _ => Decision::Done,
        }
    }

    fn write(&self, actor: u8, command: &RoomCommand, now: u64) -> Decision {
        match self.standing(actor, now) {
            Standing::Stranger => return NOT_FOUND,
            Standing::Banned => return Decision::Refused(ErrorCode::Banned),
            Standing::Muted if !self.is_member(actor) => return FORBIDDEN,
            Standing::Outsider | Standing::Visitor => return FORBIDDEN,
            Standing::Muted => return Decision::Refused(ErrorCode::Muted),
            Standing::Active(_) => {}
        }
        let live = |seq: &Seq| self.messages.get(seq).filter(|message| !message.deleted);
        match command {
            RoomCommand::Send { text, reply_to, .. } => {
                let is_unknown = |seq: &Seq| !self.messages.contains_key(seq);
                match text_refusal(text) {
                    Some(refused) => refused,
                    None if reply_to.as_ref().is_some_and(is_unknown) => NOT_FOUND,
                    None => Decision::Done,
                }
            }
            RoomCommand::Edit { target, text, .. } => match live(target) {
                None => NOT_FOUND,
                Some(message) if message.sender != actor => FORBIDDEN,
                Some(message) => text_refusal(text).unwrap_or(if message.text == text.trim_end() {
                    Decision::Nothing
                } else {
                    Decision::Done
                }),
            },
            RoomCommand::React { target, emoji, on } => match live(target) {
                None => NOT_FOUND,
                Some(message) => react(message, actor, emoji, *on),
            },
            other => panic!("{other:?} is no writing"),
        }
    }

    fn delete(&self, actor: u8, target: Seq, now: u64) -> Decision {
        let moderates = match self.standing(actor, now) {
            Standing::Stranger => return NOT_FOUND,
            Standing::Banned => return Decision::Refused(ErrorCode::Banned),
            Standing::Outsider => return FORBIDDEN,
            Standing::Muted => return Decision::Refused(ErrorCode::Muted),
            Standing::Visitor => true,
            Standing::Active(role) => role >= Role::Moderator,
        };
        match self.messages.get(&target) {
            None => NOT_FOUND,
            Some(message) if message.sender != actor && !moderates => FORBIDDEN,
            Some(message) if message.deleted => Decision::Nothing,
            Some(_) => Decision::Done,
        }
    }

    fn take_over(&self, actor: u8, now: u64) -> Decision {
        match self.kind {
            None | Some(RoomKind::Direct) => NOT_FOUND,
            Some(_) if self.is_lobby => NOT_FOUND,
            Some(_) if self.is_banned(actor, now) => Decision::Refused(ErrorCode::Banned),
            Some(_) if self.own_role(actor) == Role::Owner => Decision::Nothing,
            Some(_) => Decision::Done,
        }
    }

    fn erase(&self, actor: u8, target: Seq) -> Decision {
        match self.messages.get(&target) {
            None => NOT_FOUND,
            Some(message) if message.sender != actor => FORBIDDEN,
            Some(message) if message.deleted => Decision::Nothing,
            Some(_) => Decision::Done,
        }
    }

    fn moderate(&self, actor: u8, command: &RoomCommand, now: u64) -> Decision {
        let role = match self.standing(actor, now) {
            Standing::Stranger => return NOT_FOUND,
            Standing::Banned => return Decision::Refused(ErrorCode::Banned),
            Standing::Outsider => return FORBIDDEN,
            Standing::Muted => return Decision::Refused(ErrorCode::Muted),
            Standing::Visitor => Role::Moderator,
            Standing::Active(role) => role,
        };
        let needed = match command {
            RoomCommand::Invite(_) if self.kind == Some(RoomKind::Public) => Role::Member,
            RoomCommand::Role { .. } => Role::Owner,
            _ => Role::Moderator,
        };
        if self.is_direct || role < needed {
            return FORBIDDEN;
        }
        let may_remove = |whom: u8| whom != actor && self.role_of(whom) < role;
        let changes = |done: bool| {
            if done {
                Decision::Done
            } else {
                Decision::Nothing
            }
        };
        let end = |for_ms: &Option<u64>| for_ms.map(|ms| now.saturating_add(ms));
        match command {
            RoomCommand::Invite(whom) => match person(&whom.username) {
                whom if self.is_banned(whom, now) => FORBIDDEN,
                whom => changes(!self.is_member(whom)),
            },
            RoomCommand::Kick(whom) => match person(&whom.username) {
                whom if !may_remove(whom) || self.is_lobby => FORBIDDEN,
                whom => changes(self.is_member(whom)),
            },
            RoomCommand::Ban { whom, for_ms } => match person(&whom.username) {
                whom if !may_remove(whom) => FORBIDDEN,
                whom => changes(self.bans.get(&whom) != Some(&end(for_ms))),
            },
            RoomCommand::Mute { whom, for_ms } => match person(&whom.username) {
                whom if !may_remove(whom) => FORBIDDEN,
                whom if !self.is_member(whom) => NOT_FOUND,
                whom => changes(self.mutes.get(&whom) != Some(&end(for_ms))),
            },
            RoomCommand::Unban(whom) => changes(self.bans.contains_key(&person(&whom.username))),
            RoomCommand::Unmute(whom) => changes(self.mutes.contains_key(&person(&whom.username))),
            RoomCommand::Role { whom, role: new } => {
                self.give_role(actor, person(&whom.username), *new, role)
            }
            RoomCommand::Topic(topic) => {
                topic_refusal(topic).unwrap_or(changes(topic.trim() != self.topic))
            }
            other => panic!("{other:?} is no moderation"),
        }
    }

    fn give_role(&self, actor: u8, whom: u8, new: Role, own: Role) -> Decision {
        let old = self.own_role(whom);
        let outranks = whom == actor || self.role_of(whom) < own;
        let is_last_owner = old == Role::Owner && self.owners() == 1;
        match self.is_member(whom) {
            false => NOT_FOUND,
            true if old == new => Decision::Nothing,
            true if !outranks || is_last_owner => FORBIDDEN,
            true => Decision::Done,
        }
    }
}

fn react(message: &Message, actor: u8, emoji: &Emoji, on: bool) -> Decision {
    let mut emojis: BTreeSet<&Emoji> = message.reactions.iter().map(|(emoji, _)| emoji).collect();
    emojis.insert(emoji);
    if message.reactions.contains(&(emoji.clone(), actor)) == on {
        Decision::Nothing
    } else if on && emojis.len() > REACTIONS_MAX {
        FORBIDDEN
    } else {
        Decision::Done
    }
}

fn in_force(sanctions: &Sanctions, who: u8, now: u64) -> bool {
    match sanctions.get(&who) {
        None => false,
        Some(None) => true,
        Some(Some(end)) => now < *end,
    }
}

fn text_refusal(text: &str) -> Option<Decision> {
    let text = text.trim_end();
    let is_blank = |c: char| c.is_whitespace() || c == '\u{200B}';
    if text.chars().all(is_blank) {
        Some(Decision::Refused(ErrorCode::BadField))
    } else if text.chars().count() > TEXT_CHARS_MAX {
        Some(Decision::Refused(ErrorCode::TooLong))
    } else {
        None
    }
}

fn topic_refusal(topic: &str) -> Option<Decision> {
    let is_long = topic.trim().chars().count() > TOPIC_CHARS_MAX;
    is_long.then_some(Decision::Refused(ErrorCode::TooLong))
}
