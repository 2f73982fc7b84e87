//! Carries out slash commands; [`crate::keys::COMMANDS`] describes them.
//!
//! [`run`] is the list of all commands. An error is a sentence; the line then stays in the input.

use super::arguments::{duration_s, first_word, role, room_name, username};
use super::{AdminAction, Effect, Effects, RoomAction, overlays, select, sending};
use crate::messages::{admin, chat as messages};
use crate::state::{App, Chat, ConnectionState, Membership, Screen, full_name, listed, mark};

/// Connects again after the server ended the connection.
fn reconnect(chat: &mut Chat, effects: &mut Effects) -> Result<(), String> {
    if !matches!(chat.connection, ConnectionState::Ended { .. }) {
        return Err(messages::CONNECTS_BY_ITSELF.to_owned());
    }
    chat.connection = ConnectionState::Connecting;
    let username = chat.me.clone();
    effects.push(Effect::Reconnect { username });
    Ok(())
}

/// An action is sent as emphasised text, which every client shows.
fn emphasised(text: &str) -> String {
    let mark = if text.contains('*') { '_' } else { '*' };
    format!("{mark}{text}{mark}")
}

/// Carries out a command line without its slash.
pub(super) fn run(app: &mut App, line: &str, effects: &mut Effects) -> Result<(), String> {
    let (name, argument) = first_word(line);
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return Ok(());
    };
    match name {
        "quit" => effects.push(Effect::Quit),
        "help" => app.help = Some(0),
        "me" if argument.is_empty() => return Err(messages::ACTION_NEEDS_TEXT.to_owned()),
        "me" => return sending::send_text(app, &emphasised(argument), None, effects),
        "names" => {
            let names = names(chat);
            chat.current_mut().note(now, names, false);
        }
        "join" => effects.push(Effect::Join(room_name(argument, "/join")?)),
        "leave" => leave(chat, argument, effects)?,
        "create" | "create-private" => effects.push(create(argument, name == "create-private")?),
        "rooms" | "list" => effects.push(Effect::FindRooms(prefix(argument))),
        "msg" => effects.push(open_direct(argument)?),
        "topic" if argument.is_empty() => {
            let topic = topic(chat);
            chat.current_mut().note(now, topic, false);
        }
        "invite-link" => effects.push(Effect::Administer(invite_link(argument)?)),
        "invite-links" => effects.push(Effect::Administer(AdminAction::InviteLinks)),
        "reset-link" => {
            let who = username(argument, "/reset-link")?;
            effects.push(Effect::Administer(AdminAction::ResetLink(who)));
        }
        "make-admin" | "unmake-admin" => {
            let who = username(argument, &format!("/{name}"))?;
            let action = AdminAction::SetAdmin(who, name == "make-admin");
            effects.push(Effect::Administer(action));
        }
        "revoke-invite" if argument.is_empty() => {
            return Err(admin::REVOKE_INVITE_USAGE.to_owned());
        }
        "revoke-invite" => {
            let invite = argument.to_owned();
            effects.push(Effect::Administer(AdminAction::RevokeInvite(invite)));
        }
        "search" => return overlays::search(chat, argument, effects),
        "reply" if argument.is_empty() => return select::reply(chat),
        "reply" => {
            let reply_to = select::to_reply_to(chat)?;
            return sending::send_text(app, argument, Some(reply_to), effects);
        }
        "edit" if argument.is_empty() => return select::edit(chat),
        "react" => effects.push(select::react(chat, argument)?),
        "retry" => sending::retry(app, effects),
        "reconnect" => reconnect(chat, effects)?,
        "discard" => chat
            .current_mut()
            .pending
            .retain(|line| line.failed().is_none()),
        _ => match action(chat, name, argument)? {
            Some(action) => {
                let room = chat.current().name.clone();
                effects.push(Effect::RoomAction { room, action });
            }
            None => {
                let text = messages::unknown_command(name);
                chat.current_mut().note(now, text, true);
            }
        },
    }
    Ok(())
}

/// The commands that are one [`RoomAction`] in the current room; `None` if `name` is not one.
fn action(chat: &mut Chat, name: &str, argument: &str) -> Result<Option<RoomAction>, String> {
    let (user, rest) = first_word(argument);
    let user = || username(user, &format!("/{name}"));
    Ok(Some(match name {
        "topic" if argument == "-" => RoomAction::Topic(String::new()),
        "topic" => RoomAction::Topic(argument.to_owned()),
        "edit" => RoomAction::Edit {
            seq: select::own(chat)?,
            text: argument.to_owned(),
        },
        "delete" => {
            let seq = select::own_or_chosen(chat)?;
            chat.current_mut().selected = None;
            RoomAction::Delete(seq)
        }
        "nick" => {
            chat_shared::check_display_name(argument).map_err(|error| format!("{error}."))?;
            RoomAction::Profile(argument.to_owned())
        }
        "block" => RoomAction::Block(user()?),
        "unblock" => RoomAction::Unblock(user()?),
        "invite" => RoomAction::Invite(user()?),
        "kick" => RoomAction::Kick(user()?),
        "ban" => RoomAction::Ban(user()?, duration_s(rest)?),
        "unban" => RoomAction::Unban(user()?),
        "mute" => RoomAction::Mute(user()?, duration_s(rest)?),
        "unmute" => RoomAction::Unmute(user()?),
        "role" => {
            let user = user()?;
            let role = role(rest, &user)?;
            RoomAction::Role(user, role)
        }
        _ => return Ok(None),
    }))
}

/// Leaves a room; one that is closed already goes with what is in it.
fn leave(chat: &mut Chat, argument: &str, effects: &mut Effects) -> Result<(), String> {
    let name = match argument {
        "" => chat.current().name.clone(),
        name => room_name(name, "/leave")?,
    };
    if name.is_lobby() {
        return Err(messages::LOBBY_CANT_BE_LEFT.to_owned());
    }
    match chat.room_mut(&name) {
        Some(room) if room.closed().is_some() => chat.retain_rooms(|room| room.name != name),
        room => {
            if let Some(room) = room {
                room.membership = Membership::Leaving;
            }
            effects.push(Effect::Leave(name));
        }
    }
    Ok(())
}

/// How many people, and for how long.
fn invite_link(argument: &str) -> Result<AdminAction, String> {
    let (uses, time) = first_word(argument);
    let uses = match uses {
        "" => None,
        uses => Some(
            uses.parse()
                .map_err(|_| admin::INVITE_LINK_USAGE.to_owned())?,
        ),
    };
    let for_s = duration_s(time)?;
    Ok(AdminAction::InviteLink { uses, for_s })
}

fn create(argument: &str, private: bool) -> Result<Effect, String> {
    let (room, topic) = first_word(argument);
    Ok(Effect::Create {
        room: room_name(room, "/create")?,
        topic: (!topic.is_empty()).then(|| topic.to_owned()),
        private,
    })
}

fn prefix(argument: &str) -> Option<String> {
    let prefix = argument.trim_start_matches('#');
    (!prefix.is_empty()).then(|| prefix.to_owned())
}

fn open_direct(argument: &str) -> Result<Effect, String> {
    let (user, text) = first_word(argument);
    Ok(Effect::OpenDirect {
        username: username(user, "/msg")?,
        text: (!text.is_empty()).then(|| text.to_owned()),
    })
}

fn topic(chat: &Chat) -> String {
    let info = chat.current().info();
    match info.map_or("", |info| info.topic.as_str()) {
        "" => messages::NO_TOPIC.to_owned(),
        topic => messages::topic(topic),
    }
}

fn names(chat: &Chat) -> String {
    let room = chat.current();
    let people = room.people();
    let marked = |online| {
        let list = people.map_or_else(Vec::new, |people| listed(people, online));
        let names = list
            .into_iter()
            .map(|member| format!("{}{}", mark(member), full_name(member)));
        names.collect::<Vec<_>>().join(", ")
    };
    let away = if room.is_direct() {
        String::new()
    } else {
        marked(false)
    };
    messages::names(room.online(), &marked(true), &away)
}
