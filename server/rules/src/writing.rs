//! Decides commands about messages: sending, editing, deleting and reacting.

use chat_shared::limits::MENTIONS_MAX;
use chat_shared::protocol::Role;
use chat_shared::{Emoji, MessageText, Seq, Username};

use super::decide::check_visible;
use super::{Actor, EventBody, MessageState, MessageStates, Proposal, Refusal, RoomState};

/// A person who may write in the room.
pub(super) struct Author<'a> {
    state: &'a RoomState,
    messages: &'a MessageStates,
    actor: &'a Actor,
    /// Whether they may delete the messages of others.
    moderates: bool,
}

/// Decides that a message of an erased person is deleted, wherever they stand in the room now. `None`
/// if it is deleted already.
pub(super) fn erase(
    messages: &MessageStates,
    actor: &Username,
    target: Seq,
) -> Result<Option<EventBody>, Refusal> {
    let message = messages.get(target).ok_or(Refusal::NoSuchMessage)?;
    if message.sent.sender != *actor {
        return Err(Refusal::ModeratorsOnly);
    }
    Ok((!message.deleted).then_some(EventBody::Deleted { target }))
}

impl<'a> Author<'a> {
    /// A member who is not muted.
    pub(super) fn member(
        state: &'a RoomState,
        messages: &'a MessageStates,
        proposal: &Proposal<'a>,
    ) -> Result<Self, Refusal> {
        Self::new(state, messages, proposal, false)
    }

    /// A member, or the admin, who moderates every public room without being in it. Neither is
    /// muted.
    pub(super) fn member_or_moderator(
        state: &'a RoomState,
        messages: &'a MessageStates,
        proposal: &Proposal<'a>,
    ) -> Result<Self, Refusal> {
        Self::new(state, messages, proposal, true)
    }

    fn new(
        state: &'a RoomState,
        messages: &'a MessageStates,
        proposal: &Proposal<'a>,
        moderators_too: bool,
    ) -> Result<Self, Refusal> {
        let (actor, now) = (proposal.actor, proposal.at(state));
        check_visible(state, &actor.username)?;
        let moderates = state.authority_of(actor, now)? >= Role::Moderator;
        let may_act = state.is_member(&actor.username) || (moderators_too && moderates);
        if !may_act {
            return Err(Refusal::NotMember);
        }
        if state.is_muted(&actor.username, now) {
            return Err(Refusal::Muted);
        }
        Ok(Self {
            state,
            messages,
            actor,
            moderates,
        })
    }

    /// Decides a new message.
    pub(super) fn send(
        &self,
        text: &str,
        reply_to: Option<Seq>,
        mentioned: &[Username],
    ) -> Result<EventBody, Refusal> {
        let text = MessageText::parse(text).map_err(Refusal::Text)?;
        // A reply to a message that was deleted meanwhile is still sent, so that it is not lost.
        if reply_to.is_some_and(|seq| self.messages.get(seq).is_none()) {
            return Err(Refusal::NoSuchMessage);
        }
        Ok(EventBody::Message {
            text: text.into_string(),
            reply_to,
            bot: self.actor.bot,
            mentions: self.members_among(mentioned),
        })
    }

    /// Decides an edit of the author's own message. `None` if the text stays the same.
    pub(super) fn edit(
        &self,
        target: Seq,
        text: &str,
        mentioned: &[Username],
    ) -> Result<Option<EventBody>, Refusal> {
        let message = self.undeleted(target)?;
        if message.sent.sender != self.actor.username {
            return Err(Refusal::NotYours);
        }
        let text = MessageText::parse(text).map_err(Refusal::Text)?;
        if message.text == text.as_str() {
            return Ok(None);
        }
        if !message.takes_changes() {
            return Err(Refusal::TooManyChanges);
        }
        Ok(Some(EventBody::Edited {
            target,
            text: text.into_string(),
            mentions: self.members_among(mentioned),
        }))
    }

    /// Decides a deletion. `None` if the message is deleted already.
    pub(super) fn delete(&self, target: Seq) -> Result<Option<EventBody>, Refusal> {
        let message = self.messages.get(target).ok_or(Refusal::NoSuchMessage)?;
        if message.sent.sender != self.actor.username && !self.moderates {
            return Err(Refusal::ModeratorsOnly);
        }
        // Deleting a deleted message succeeds and changes nothing.
        Ok((!message.deleted).then_some(EventBody::Deleted { target }))
    }

    /// Decides whether the author's reaction is added (`on`) or removed. `None` if it is so already.
    pub(super) fn react(
        &self,
        target: Seq,
        emoji: &Emoji,
        on: bool,
    ) -> Result<Option<EventBody>, Refusal> {
        let message = self.undeleted(target)?;
        if message.has_reaction(emoji, &self.actor.username) == on {
            return Ok(None);
        }
        if on && !message.takes_reaction(emoji) {
            return Err(Refusal::TooManyReactions);
        }
        if !message.takes_changes() {
            return Err(Refusal::TooManyChanges);
        }
        Ok(Some(EventBody::Reacted {
            target,
            emoji: emoji.clone(),
            on,
        }))
    }

    /// A message that is not deleted.
    fn undeleted(&self, seq: Seq) -> Result<&'a MessageState, Refusal> {
        let message = self.messages.get(seq);
        let message = message.filter(|message| !message.deleted);
        message.ok_or(Refusal::NoSuchMessage)
    }

    /// The members among the named people, each once, [`MENTIONS_MAX`] at most.
    fn members_among(&self, mentioned: &[Username]) -> Vec<Username> {
        let mut members: Vec<Username> = Vec::new();
        for name in mentioned {
            if self.state.is_member(name) && !members.contains(name) {
                members.push(name.clone());
            }
        }
        members.truncate(MENTIONS_MAX);
        members
    }
}
