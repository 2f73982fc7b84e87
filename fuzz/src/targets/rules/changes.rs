//! What a command that is done changes in the model's room.

use chat_server_rules::RoomCommand;
use chat_shared::Seq;
use chat_shared::Username;
use chat_shared::limits::MENTIONS_MAX;
use chat_shared::protocol::{Role, RoomKind};

use super::input::{PEOPLE, person, username};
use super::model::{Message, Model};

impl Model {
    /// Does a command that was decided to be done. `mentions` is what its event has.
    pub(super) fn apply(
        &mut self,
        actor: u8,
        command: &RoomCommand,
        now: u64,
        mentions: &[Username],
    ) {
        self.seq += 1;
        let end = |for_ms: &Option<u64>| for_ms.map(|ms| now.saturating_add(ms));
        match command {
            RoomCommand::Send {
                text, mentioned, ..
            } => {
                self.check_mentions(mentioned, mentions);
                let message = Message {
                    sender: actor,
                    text: text.trim_end().to_owned(),
                    ..Message::default()
                };
                self.messages.insert(self.seq, message);
            }
            RoomCommand::Edit {
                target,
                text,
                mentioned,
            } => {
                self.check_mentions(mentioned, mentions);
                self.message(*target).text = text.trim_end().to_owned();
            }
            RoomCommand::Delete { target } | RoomCommand::EraseMessage { target } => {
                *self.message(*target) = Message {
                    sender: self.message(*target).sender,
                    deleted: true,
                    ..Message::default()
                };
            }
            RoomCommand::React { target, emoji, on } => {
                let reaction = (emoji.clone(), actor);
                let reactions = &mut self.message(*target).reactions;
                match on {
                    true => reactions.insert(reaction),
                    false => reactions.remove(&reaction),
                };
            }
            RoomCommand::Create { kind, topic } => {
                self.kind = Some(*kind);
                self.topic = topic.trim().to_owned();
                self.roles.insert(actor, (Role::Owner, self.seq));
            }
            RoomCommand::Direct { with } => {
                self.kind = Some(RoomKind::Direct);
                self.roles.insert(actor, (Role::Member, self.seq));
                self.roles.insert(person(with), (Role::Member, self.seq));
            }
            RoomCommand::Join => self.admit(actor),
            RoomCommand::Invite(whom) => self.admit(person(&whom.username)),
            RoomCommand::TakeOver if !self.is_member(actor) => self.admit(actor),
            RoomCommand::TakeOver => self.set_role(actor, Role::Owner),
            RoomCommand::Leave => self.leave(actor),
            RoomCommand::Kick(whom) => {
                self.roles.remove(&person(&whom.username));
            }
            RoomCommand::Ban { whom, for_ms } => {
                self.roles.remove(&person(&whom.username));
                self.bans.insert(person(&whom.username), end(for_ms));
            }
            RoomCommand::Unban(whom) => {
                self.bans.remove(&person(&whom.username));
            }
            RoomCommand::Mute { whom, for_ms } => {
                self.mutes.insert(person(&whom.username), end(for_ms));
            }
            RoomCommand::Unmute(whom) => {
                self.mutes.remove(&person(&whom.username));
            }
            RoomCommand::Role { whom, role } => self.set_role(person(&whom.username), *role),
            RoomCommand::Topic(topic) => topic.trim().clone_into(&mut self.topic),
        }
    }

    fn message(&mut self, seq: Seq) -> &mut Message {
        self.messages.get_mut(&seq).expect("its change was decided")
    }

    /// A room without an owner belongs to the next person who enters it.
    fn admit(&mut self, who: u8) {
        let role = match self.owners() {
            0 => Role::Owner,
            _ => Role::Member,
        };
        self.bans.remove(&who);
        self.roles.insert(who, (role, self.seq));
    }

    /// After the last owner, the moderator who has been there longest owns the room, else the
    /// member who has.
    fn leave(&mut self, who: u8) {
        self.roles.remove(&who);
        if self.owners() > 0 {
            return;
        }
        for role in [Role::Moderator, Role::Member] {
            let those = self.roles.iter_mut().filter(|(_, (own, _))| *own == role);
            // Two people enter by one event only in a direct room, which nobody leaves.
            if let Some((_, heir)) = those.min_by_key(|(_, (_, since))| *since) {
                heir.0 = Role::Owner;
                return;
            }
        }
    }

    fn set_role(&mut self, who: u8, role: Role) {
        if self.is_lobby && role == Role::Member {
            self.roles.remove(&who);
            return;
        }
        let since = self.roles.get(&who).map_or(self.seq, |(_, since)| *since);
        self.roles.insert(who, (role, since));
    }

    /// An event mentions the members among the people whom its text names.
    fn check_mentions(&self, named: &[Username], mentions: &[Username]) {
        let is_named = |name: &Username| named.contains(name) && self.is_member(person(name));
        let members = (0..PEOPLE).map(username).filter(is_named);
        assert!(
            members.eq(mentions.iter().cloned()),
            "{named:?}: {mentions:?}"
        );
        assert!(mentions.len() <= MENTIONS_MAX);
    }
}
