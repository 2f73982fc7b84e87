//! Decides commands about people: invitations, removals, bans, mutes and roles.

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{TimestampMs, Username};

use super::command::checked_topic;
use super::{Command, EventBody, Proposal, Refusal, RoomState, Subject};

/// Commands about people, and the topic, in a room that the actor may know of.
pub(super) fn decide_about_people(
    state: &RoomState,
    proposal: &Proposal<'_>,
) -> Result<Option<EventBody>, Refusal> {
    let now = proposal.at(state);
    let check = PermissionCheck {
        state,
        now,
        actor: &proposal.actor.username,
        role: state.authority_of(proposal.actor, now)?,
    };
    if state.is_muted(check.actor, now) {
        return Err(Refusal::Muted);
    }
    if state.kind() == RoomKind::Direct {
        return Err(Refusal::OfTwo);
    }
    match proposal.command {
        Command::Invite(whom) => check.invite(whom),
        Command::Kick(whom) => check.kick(whom),
        Command::Ban { whom, for_ms } => check.ban(whom, *for_ms),
        Command::Unban(whom) => {
            check.moderators_only()?;
            let username = whom.username.clone();
            let banned = state.ban_of(&username).is_some();
            Ok(banned.then_some(EventBody::Unbanned { username }))
        }
        Command::Mute { whom, for_ms } => check.mute(whom, *for_ms),
        Command::Unmute(whom) => {
            check.moderators_only()?;
            let username = whom.username.clone();
            let muted = state.mute_of(&username).is_some();
            Ok(muted.then_some(EventBody::Unmuted { username }))
        }
        Command::Role { whom, role } => check.role(whom, *role),
        Command::Topic(topic) => {
            check.moderators_only()?;
            let topic = checked_topic(topic)?;
            Ok((topic != state.topic()).then_some(EventBody::Topic { topic }))
        }
        _ => Ok(None),
    }
}

struct PermissionCheck<'a> {
    state: &'a RoomState,
    now: TimestampMs,
    actor: &'a Username,
    /// What the actor may do here.
    role: Role,
}

impl PermissionCheck<'_> {
    fn moderators_only(&self) -> Result<(), Refusal> {
        if self.role < Role::Moderator {
            return Err(Refusal::ModeratorsOnly);
        }
        Ok(())
    }

    /// Nobody is put out or silenced by someone whose role is not higher.
    fn outranks(&self, whom: &Subject) -> Result<(), Refusal> {
        self.moderators_only()?;
        if whom.username == *self.actor {
            return Err(Refusal::Yourself);
        }
        if self.state.role_of(&whom.username, whom.admin) >= self.role {
            return Err(Refusal::Outranked);
        }
        Ok(())
    }

    fn until(&self, for_ms: Option<u64>) -> Option<TimestampMs> {
        for_ms.map(|ms| self.now.saturating_add(ms))
    }

    fn invite(&self, whom: &Subject) -> Result<Option<EventBody>, Refusal> {
        if self.state.kind() == RoomKind::Private {
            self.moderators_only()?;
        }
        if self.state.is_banned(&whom.username, self.now) {
            return Err(Refusal::TheyAreBanned);
        }
        let username = whom.username.clone();
        let new = !self.state.is_member(&username);
        Ok(new.then_some(EventBody::Invited { username }))
    }

    fn kick(&self, whom: &Subject) -> Result<Option<EventBody>, Refusal> {
        self.outranks(whom)?;
        if self.state.room().is_lobby() {
            return Err(Refusal::LobbyStays);
        }
        let username = whom.username.clone();
        let there = self.state.is_member(&username);
        Ok(there.then_some(EventBody::Kicked { username }))
    }

    fn ban(&self, whom: &Subject, for_ms: Option<u64>) -> Result<Option<EventBody>, Refusal> {
        self.outranks(whom)?;
        let (username, until) = (whom.username.clone(), self.until(for_ms));
        let same = self.state.ban_of(&username) == Some(until);
        Ok((!same).then_some(EventBody::Banned { username, until }))
    }

    fn mute(&self, whom: &Subject, for_ms: Option<u64>) -> Result<Option<EventBody>, Refusal> {
        self.outranks(whom)?;
        if !self.state.is_member(&whom.username) {
            return Err(Refusal::NotInRoom);
        }
        let (username, until) = (whom.username.clone(), self.until(for_ms));
        let same = self.state.mute_of(&username) == Some(until);
        Ok((!same).then_some(EventBody::Muted { username, until }))
    }

    fn role(&self, whom: &Subject, role: Role) -> Result<Option<EventBody>, Refusal> {
        if self.role < Role::Owner {
            return Err(Refusal::OwnersOnly);
        }
        let username = &whom.username;
        if !self.state.is_member(username) {
            return Err(Refusal::NotInRoom);
        }
        // What they are here, without what an admin is everywhere.
        let own = self.state.role_of(username, false);
        if own == role {
            return Ok(None);
        }
        if username != self.actor && self.state.role_of(username, whom.admin) >= self.role {
            return Err(Refusal::Outranked);
        }
        if own == Role::Owner && self.state.owners() <= 1 {
            return Err(Refusal::LastOwner);
        }
        let username = username.clone();
        Ok(Some(EventBody::Role { username, role }))
    }
}
