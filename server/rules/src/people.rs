//! Decides commands about people: invitations, removals, bans, mutes and roles.

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{TimestampMs, Username};

use super::decide::{check_visible, checked_topic};
use super::{EventBody, Proposal, Refusal, RoomState, Subject};

/// A person who acts on others, or on the topic, in a room that they may know of.
pub(super) struct Moderation<'a> {
    state: &'a RoomState,
    now: TimestampMs,
    actor: &'a Username,
    /// The role of the actor in this room.
    role: Role,
}

impl<'a> Moderation<'a> {
    pub(super) fn new(state: &'a RoomState, proposal: &Proposal<'a>) -> Result<Self, Refusal> {
        let (now, actor) = (proposal.at(state), &proposal.actor.username);
        check_visible(state, actor)?;
        let role = state.authority_of(proposal.actor, now)?;
        if state.is_muted(actor, now) {
            return Err(Refusal::Muted);
        }
        if state.kind() == RoomKind::Direct {
            return Err(Refusal::OfTwo);
        }
        Ok(Self {
            state,
            now,
            actor,
            role,
        })
    }

    fn moderators_only(&self) -> Result<(), Refusal> {
        if self.role < Role::Moderator {
            return Err(Refusal::ModeratorsOnly);
        }
        Ok(())
    }

    /// Removing, banning and muting take a higher role than the other person's.
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

    pub(super) fn invite(&self, whom: &Subject) -> Result<Option<EventBody>, Refusal> {
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

    pub(super) fn kick(&self, whom: &Subject) -> Result<Option<EventBody>, Refusal> {
        self.outranks(whom)?;
        if !self.state.scope().can_be_left() {
            return Err(Refusal::LobbyStays);
        }
        let username = whom.username.clone();
        let there = self.state.is_member(&username);
        Ok(there.then_some(EventBody::Kicked { username }))
    }

    pub(super) fn ban(
        &self,
        whom: &Subject,
        for_ms: Option<u64>,
    ) -> Result<Option<EventBody>, Refusal> {
        self.outranks(whom)?;
        let (username, until) = (whom.username.clone(), self.until(for_ms));
        let same = self.state.ban_of(&username) == Some(until);
        Ok((!same).then_some(EventBody::Banned { username, until }))
    }

    pub(super) fn unban(&self, whom: &Subject) -> Result<Option<EventBody>, Refusal> {
        self.moderators_only()?;
        let username = whom.username.clone();
        let banned = self.state.ban_of(&username).is_some();
        Ok(banned.then_some(EventBody::Unbanned { username }))
    }

    pub(super) fn mute(
        &self,
        whom: &Subject,
        for_ms: Option<u64>,
    ) -> Result<Option<EventBody>, Refusal> {
        self.outranks(whom)?;
        if !self.state.is_member(&whom.username) {
            return Err(Refusal::NotInRoom);
        }
        let (username, until) = (whom.username.clone(), self.until(for_ms));
        let same = self.state.mute_of(&username) == Some(until);
        Ok((!same).then_some(EventBody::Muted { username, until }))
    }

    pub(super) fn unmute(&self, whom: &Subject) -> Result<Option<EventBody>, Refusal> {
        self.moderators_only()?;
        let username = whom.username.clone();
        let muted = self.state.mute_of(&username).is_some();
        Ok(muted.then_some(EventBody::Unmuted { username }))
    }

    pub(super) fn topic(&self, topic: &str) -> Result<Option<EventBody>, Refusal> {
        self.moderators_only()?;
        let topic = checked_topic(topic)?;
        Ok((topic != self.state.topic()).then_some(EventBody::Topic { topic }))
    }

    pub(super) fn role(&self, whom: &Subject, role: Role) -> Result<Option<EventBody>, Refusal> {
        if self.role < Role::Owner {
            return Err(Refusal::OwnersOnly);
        }
        let username = &whom.username;
        if !self.state.is_member(username) {
            return Err(Refusal::NotInRoom);
        }
        // Their role in this room, without the admin's authority.
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
