//! What the commands do; [`crate::keys::COMMANDS`] tells of them.

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{RoomName, Username};

use super::{Effect, Effects, RoomAction, enter, overlays, select};
use crate::state::{App, Chat, Screen};

pub(super) fn run(app: &mut App, line: &str, effects: &mut Effects) -> Result<(), String> {
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return Ok(());
    };
    let room = chat.current().name.clone();
    match name {
        "quit" => effects.push(Effect::Quit),
        "help" => app.help = Some(0),
        "me" if argument.is_empty() => return Err("/me needs a text: /me waves".to_owned()),
        "me" => return enter::send_text(app, &format!("/me {argument}"), None, effects),
        "names" => {
            let names = names(chat);
            chat.current_mut().timeline.add_local(now, names, false);
        }
        "join" => effects.push(Effect::Join(room_name(argument, "/join")?)),
        "leave" => {
            let room = match argument {
                "" => room,
                name => room_name(name, "/leave")?,
            };
            if room.is_lobby() {
                return Err(
                    "The lobby is everyone's and can't be left; /quit leaves the chat.".to_owned(),
                );
            }
            effects.push(Effect::Leave(room));
        }
        "create" | "create-private" => {
            let (new, topic) = split(argument);
            let topic = (!topic.is_empty()).then(|| topic.to_owned());
            effects.push(Effect::Create {
                room: room_name(new, "/create")?,
                topic,
                private: name == "create-private",
            });
        }
        "rooms" | "list" => {
            let prefix = argument.trim_start_matches('#');
            effects.push(Effect::FindRooms(
                (!prefix.is_empty()).then(|| prefix.to_owned()),
            ));
        }
        "msg" => {
            let (who, text) = split(argument);
            let username = user_name(who, "/msg")?;
            let text = (!text.is_empty()).then(|| text.to_owned());
            effects.push(Effect::OpenDirect { username, text });
        }
        "topic" if argument.is_empty() => {
            let topic = chat
                .current()
                .info
                .as_ref()
                .map_or("", |info| info.topic.as_str());
            let text = match topic {
                "" => "This room has no topic.".to_owned(),
                topic => format!("The topic is: {topic}"),
            };
            chat.current_mut().timeline.add_local(now, text, false);
        }
        "topic" => {
            let topic = if argument == "-" { "" } else { argument };
            let action = RoomAction::Topic(topic.to_owned());
            effects.push(Effect::RoomAction { room, action });
        }
        "search" => return overlays::search(chat, argument, effects),
        "reply" if argument.is_empty() => return select::reply(chat),
        "reply" => {
            let reply_to = select::to_answer(chat)?;
            return enter::send_text(app, argument, Some(reply_to), effects);
        }
        "edit" if argument.is_empty() => return select::edit(chat),
        "edit" => {
            let (seq, text) = (select::own(chat)?, argument.to_owned());
            let action = RoomAction::Edit { seq, text };
            effects.push(Effect::RoomAction { room, action });
        }
        "delete" => {
            let action = RoomAction::Delete(select::own_or_chosen(chat)?);
            chat.current_mut().selected = None;
            effects.push(Effect::RoomAction { room, action });
        }
        "react" => effects.push(select::react(chat, argument)?),
        "retry" => enter::retry(app, effects),
        "discard" => chat
            .current_mut()
            .pending
            .retain(|line| line.failed.is_none()),
        "nick" => {
            chat_shared::check_display_name(argument).map_err(|error| format!("{error}."))?;
            let action = RoomAction::Profile(argument.to_owned());
            effects.push(Effect::RoomAction { room, action });
        }
        "invite" | "kick" | "ban" | "unban" | "mute" | "unmute" | "role" => {
            let action = about(name, argument)?;
            effects.push(Effect::RoomAction { room, action });
        }
        _ => {
            let text = format!("There is no command /{name}. /help lists them; //{name} says it.");
            chat.current_mut().timeline.add_local(now, text, true);
        }
    }
    Ok(())
}

fn about(command: &str, argument: &str) -> Result<RoomAction, String> {
    let (who, rest) = split(argument);
    let who = user_name(who, &format!("/{command}"))?;
    Ok(match command {
        "invite" => RoomAction::Invite(who),
        "kick" => RoomAction::Kick(who),
        "ban" => RoomAction::Ban(who, duration_s(rest)?),
        "unban" => RoomAction::Unban(who),
        "mute" => RoomAction::Mute(who, duration_s(rest)?),
        "unmute" => RoomAction::Unmute(who),
        _ => {
            let role = match rest {
                "owner" => Role::Owner,
                "moderator" | "mod" => Role::Moderator,
                "member" => Role::Member,
                _ => return Err(format!("/role needs a role: /role {who} moderator")),
            };
            RoomAction::Role(who, role)
        }
    })
}

/// `10m`, `2h`, `7d` in seconds; nothing is for good.
fn duration_s(text: &str) -> Result<Option<u64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("{text:?} is no time; write it like 10m, 2h or 7d.");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    match number.checked_mul(factor) {
        Some(seconds @ 1..=chat_shared::limits::FOR_S_MAX) => Ok(Some(seconds)),
        _ => Err(wrong()),
    }
}

fn split(argument: &str) -> (&str, &str) {
    let (first, rest) = argument
        .split_once(char::is_whitespace)
        .unwrap_or((argument, ""));
    (first, rest.trim())
}

pub(super) fn room_name(argument: &str, command: &str) -> Result<RoomName, String> {
    let name = argument.strip_prefix('#').unwrap_or(argument);
    if name.is_empty() {
        return Err(format!("{command} needs a room's name: {command} rust"));
    }
    RoomName::parse(name).map_err(|error| format!("{error}."))
}

fn user_name(argument: &str, command: &str) -> Result<Username, String> {
    let name = argument.strip_prefix('@').unwrap_or(argument);
    if name.is_empty() {
        return Err(format!("{command} needs a name: {command} ann"));
    }
    Ok(Username::existing(name))
}

fn names(chat: &Chat) -> String {
    let room = chat.current();
    let members = &room.members;
    let marked = |online| {
        let list = members.list(online).into_iter();
        let names = list.map(|(name, member)| format!("{}{name}", member.mark()));
        names.collect::<Vec<_>>().join(", ")
    };
    let (here, away) = (marked(true), marked(false));
    let mut text = format!("{} online", members.online);
    if !here.is_empty() {
        text += &format!(": {here}");
    }
    if !away.is_empty()
        && room
            .info
            .as_ref()
            .is_none_or(|info| info.kind != RoomKind::Direct)
    {
        text += &format!("; offline: {away}");
    }
    text
}
