//! Decides which event a command proposes. Start at [`decide`]: its match names the rule of every
//! command. Rules about messages are in [`writing`], those about people in
//! [`people`](super::people).

use chat_shared::Username;
use chat_shared::limits::TOPIC_CHARS_MAX;
use chat_shared::protocol::{Role, RoomKind};

use super::people::Moderation;
use super::writing::{self, Author};
use super::{
    EventBody, EventNonce, LogEvent, MessageStates, Proposal, Refusal, RoomCommand, RoomState,
};

/// Decides a command: returns the event that it proposes, or `None` if it changes nothing.
///
/// `messages` must know the message that the command is about ([`RoomCommand::target`]).
///
/// # Errors
/// [`Refusal`], and nothing changes.
pub fn decide(
    state: &RoomState,
    messages: &MessageStates,
    proposal: &Proposal<'_>,
) -> Result<Option<LogEvent>, Refusal> {
    let actor = &proposal.actor.username;
    let member = || Author::member(state, messages, proposal);
    let moderation = || Moderation::new(state, proposal);
    // Without a catch-all, so that the compiler finds a command without a rule.
    let body = match proposal.command {
        RoomCommand::Create { kind, topic } => Some(create(state, *kind, topic)?),
        RoomCommand::Direct { with } => direct(state, actor, with)?,
        RoomCommand::Join => join(state, proposal)?,
        RoomCommand::Leave => leave(state, actor)?,
        RoomCommand::TakeOver => take_over(state, proposal)?,
        RoomCommand::Send {
            text,
            reply_to,
            mentioned,
        } => Some(member()?.send(text, *reply_to, mentioned)?),
        RoomCommand::Edit {
            target,
            text,
            mentioned,
        } => member()?.edit(*target, text, mentioned)?,
        RoomCommand::Delete { target } => {
            Author::member_or_moderator(state, messages, proposal)?.delete(*target)?
        }
        RoomCommand::EraseMessage { target } => writing::erase(messages, actor, *target)?,
        RoomCommand::React { target, emoji, on } => member()?.react(*target, emoji, *on)?,
        RoomCommand::Invite(whom) => moderation()?.invite(whom)?,
        RoomCommand::Kick(whom) => moderation()?.kick(whom)?,
        RoomCommand::Ban { whom, for_ms } => moderation()?.ban(whom, *for_ms)?,
        RoomCommand::Unban(whom) => moderation()?.unban(whom)?,
        RoomCommand::Mute { whom, for_ms } => moderation()?.mute(whom, *for_ms)?,
        RoomCommand::Unmute(whom) => moderation()?.unmute(whom)?,
        RoomCommand::Role { whom, role } => moderation()?.role(whom, *role)?,
        RoomCommand::Topic(topic) => moderation()?.topic(topic)?,
    };
    Ok(body.map(|body| event(state, proposal, body)))
}

/// Refuses a command about a room that the person may not know of.
pub(super) fn check_visible(state: &RoomState, username: &Username) -> Result<(), Refusal> {
    match state.is_visible_to(username) {
        true => Ok(()),
        false => Err(Refusal::NoSuchRoom),
    }
}

fn create(state: &RoomState, kind: RoomKind, topic: &str) -> Result<EventBody, Refusal> {
    if state.room().is_direct() {
        return Err(Refusal::DirectName);
    }
    if state.exists() {
        return Err(Refusal::NameTaken);
    }
    Ok(EventBody::Created {
        room_kind: kind,
        topic: checked_topic(topic)?,
        with: None,
    })
}

fn direct(
    state: &RoomState,
    actor: &Username,
    with: &Username,
) -> Result<Option<EventBody>, Refusal> {
    match (state.exists(), state.is_member(actor)) {
        (true, true) => Ok(None),
        (true, false) => Err(Refusal::NoSuchRoom),
        (false, _) => Ok(Some(EventBody::Created {
            room_kind: RoomKind::Direct,
            topic: String::new(),
            with: Some(with.clone()),
        })),
    }
}

fn join(state: &RoomState, proposal: &Proposal<'_>) -> Result<Option<EventBody>, Refusal> {
    let username = &proposal.actor.username;
    check_visible(state, username)?;
    if state.is_banned(username, proposal.at(state)) {
        return Err(Refusal::Banned);
    }
    Ok((!state.is_member(username)).then_some(EventBody::Joined))
}

fn take_over(state: &RoomState, proposal: &Proposal<'_>) -> Result<Option<EventBody>, Refusal> {
    let username = &proposal.actor.username;
    let has_owner = state.scope().can_be_left() && state.kind() != RoomKind::Direct;
    if !state.exists() || !has_owner {
        return Err(Refusal::NoSuchRoom);
    }
    if state.is_banned(username, proposal.at(state)) {
        return Err(Refusal::Banned);
    }
    if !state.is_member(username) {
        return Ok(Some(EventBody::Joined));
    }
    let is_owner = state.role_of(username, false) == Role::Owner;
    Ok((!is_owner).then(|| EventBody::Role {
        username: username.clone(),
        role: Role::Owner,
    }))
}

fn leave(state: &RoomState, username: &Username) -> Result<Option<EventBody>, Refusal> {
    check_visible(state, username)?;
    if !state.scope().can_be_left() {
        return Err(Refusal::LobbyStays);
    }
    if state.kind() == RoomKind::Direct {
        return Err(Refusal::OfTwo);
    }
    let heir = state.heir_of(username).cloned();
    Ok(state
        .is_member(username)
        .then_some(EventBody::Left { heir }))
}

/// The topic without surrounding blanks, unless it is too long.
pub(super) fn checked_topic(topic: &str) -> Result<String, Refusal> {
    let topic = topic.trim();
    if topic.chars().nth(TOPIC_CHARS_MAX).is_some() {
        return Err(Refusal::TopicTooLong);
    }
    Ok(topic.to_owned())
}

fn event(state: &RoomState, proposal: &Proposal<'_>, body: EventBody) -> LogEvent {
    let seq = state.seq() + 1;
    LogEvent {
        seq,
        ts: proposal.at(state),
        id: proposal.event_id.clone(),
        sender: proposal.actor.username.clone(),
        nonce: proposal
            .nonce
            .map_or_else(|| EventNonce::from_seq(seq), |n| n.clone().into()),
        messages: state.messages() + u64::from(body.is_message()),
        body,
    }
}
