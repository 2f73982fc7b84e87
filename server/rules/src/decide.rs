//! Decides which event a command proposes. Start at [`decide`]; commands about people are decided
//! in `people`.

use chat_shared::limits::MENTIONS_MAX;
use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{Emoji, MessageText, Seq, Username};

use super::command::checked_topic;
use super::people::decide_about_people;
use super::{
    Command, EventBody, EventNonce, LogEvent, Proposal, Refusal, RoomState, Target, Targets,
};

/// The event that a command proposes, or `None` where it changes nothing. `targets` knows the
/// message that the command is about.
///
/// # Errors
/// [`Refusal`], and nothing changes.
pub fn decide(
    state: &RoomState,
    targets: &Targets,
    proposal: &Proposal<'_>,
) -> Result<Option<LogEvent>, Refusal> {
    let body = match proposal.command {
        Command::Create { kind, topic } => Some(create(state, *kind, topic)?),
        Command::Direct { with } => direct(state, &proposal.actor.username, with)?,
        _ if !state.is_visible_to(&proposal.actor.username) => return Err(Refusal::NoSuchRoom),
        Command::Join => join(state, proposal)?,
        Command::Leave => leave(state, &proposal.actor.username)?,
        Command::Send { .. }
        | Command::Edit { .. }
        | Command::Delete { .. }
        | Command::React { .. } => talk(state, targets, proposal)?,
        _ => decide_about_people(state, proposal)?,
    };
    Ok(body.map(|body| event(state, proposal, body)))
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
    if state.is_banned(username, proposal.at(state)) {
        return Err(Refusal::Banned);
    }
    Ok((!state.is_member(username)).then_some(EventBody::Joined))
}

fn leave(state: &RoomState, username: &Username) -> Result<Option<EventBody>, Refusal> {
    if state.room().is_lobby() {
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

fn talk(
    state: &RoomState,
    targets: &Targets,
    proposal: &Proposal<'_>,
) -> Result<Option<EventBody>, Refusal> {
    let username = &proposal.actor.username;
    let role = state.authority_of(proposal.actor, proposal.at(state))?;
    let moderates = role >= Role::Moderator;
    // An admin who is no member may take messages out, and no more.
    let takes_out = matches!(proposal.command, Command::Delete { .. }) && moderates;
    if !takes_out && !state.is_member(username) {
        return Err(Refusal::NotMember);
    }
    if state.is_muted(username, proposal.at(state)) {
        return Err(Refusal::Muted);
    }
    let target = |seq: Seq| {
        let target = targets.get(seq).filter(|target| !target.deleted);
        target.ok_or(Refusal::NoSuchMessage)
    };
    match proposal.command {
        Command::Send {
            text,
            reply_to,
            mentioned,
        } => {
            let text = MessageText::parse(text).map_err(Refusal::Text)?;
            // One that was deleted meanwhile is answered all the same: the answer is not lost.
            if reply_to.is_some_and(|seq| targets.get(seq).is_none()) {
                return Err(Refusal::NoSuchMessage);
            }
            Ok(Some(EventBody::Message {
                text: text.into_string(),
                reply_to: *reply_to,
                bot: proposal.actor.bot,
                mentions: members_of(state, mentioned),
            }))
        }
        Command::Edit {
            target: seq,
            text,
            mentioned,
        } => {
            let target = target(*seq)?;
            if target.said.sender != *username {
                return Err(Refusal::NotYours);
            }
            let text = MessageText::parse(text).map_err(Refusal::Text)?;
            edit(target, text, members_of(state, mentioned))
        }
        Command::Delete { target: seq } => {
            // What is deleted already is as one wants it.
            let target = targets.get(*seq).ok_or(Refusal::NoSuchMessage)?;
            if target.said.sender != *username && !moderates {
                return Err(Refusal::ModeratorsOnly);
            }
            let deleted = EventBody::Deleted { target: *seq };
            Ok((!target.deleted).then_some(deleted))
        }
        Command::React {
            target: seq,
            emoji,
            on,
        } => react(target(*seq)?, username, emoji, *on),
        _ => Ok(None),
    }
}

fn edit(
    target: &Target,
    text: MessageText,
    mentions: Vec<Username>,
) -> Result<Option<EventBody>, Refusal> {
    if target.text == text.as_str() {
        return Ok(None);
    }
    if !target.takes_changes() {
        return Err(Refusal::TooManyChanges);
    }
    Ok(Some(EventBody::Edited {
        target: target.said.seq,
        text: text.into_string(),
        mentions,
    }))
}

fn react(
    target: &Target,
    username: &Username,
    emoji: &Emoji,
    on: bool,
) -> Result<Option<EventBody>, Refusal> {
    if target.has_reaction(emoji, username) == on {
        return Ok(None);
    }
    if on && !target.takes_reaction(emoji) {
        return Err(Refusal::TooManyReactions);
    }
    if !target.takes_changes() {
        return Err(Refusal::TooManyChanges);
    }
    Ok(Some(EventBody::Reacted {
        target: target.said.seq,
        emoji: emoji.clone(),
        on,
    }))
}

/// Those who are in the room, each once.
fn members_of(state: &RoomState, mentioned: &[Username]) -> Vec<Username> {
    let mut members: Vec<Username> = Vec::new();
    for name in mentioned {
        if state.is_member(name) && !members.contains(name) {
            members.push(name.clone());
        }
    }
    members.truncate(MENTIONS_MAX);
    members
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
