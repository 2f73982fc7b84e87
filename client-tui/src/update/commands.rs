//! What Enter does: a message is sent, a command is carried out.

use chat_shared::{MessageText, RoomName};

use super::{Effect, Effects};
use crate::state::{App, Chat, Pending, Screen};

/// Own messages that may wait in a room; more are not taken.
const PENDING_MAX: usize = 200;

pub(super) fn enter(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let line = chat.current().input.text().trim_end().to_owned();
    if line.is_empty() {
        return;
    }
    let taken = match line.strip_prefix('/') {
        Some(text) if text.starts_with('/') => say(app, text, effects),
        Some(command) => run(app, command, effects),
        None => say(app, &line, effects),
    };
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match taken {
        Ok(()) => {
            chat.history.add(&line);
            chat.current_mut().input = Default::default();
        }
        // What was typed stays, to be changed.
        Err(notice) => chat.notice = Some(notice),
    }
}

/// Sends again what was refused.
pub(super) fn retry(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let room = chat.current_mut();
    for line in room.pending.iter_mut().filter(|line| line.failed.is_some()) {
        line.failed = None;
        let (nonce, text) = (line.nonce.clone(), line.text.clone());
        effects.push(Effect::Send {
            room: room.name.clone(),
            nonce,
            text,
        });
    }
}

fn say(app: &mut App, text: &str, effects: &mut Effects) -> Result<(), String> {
    let Screen::Chat(chat) = &mut app.screen else {
        return Ok(());
    };
    let text = MessageText::parse(text)
        .map_err(|error| format!("{error}."))?
        .into_string();
    let room = chat.current_mut();
    if room.pending.len() >= PENDING_MAX {
        return Err(format!(
            "{PENDING_MAX} messages wait to be sent; wait until they are."
        ));
    }
    let nonce = app.nonces.next();
    let pending = Pending {
        nonce: nonce.clone(),
        ts: app.now,
        text: text.clone(),
        failed: None,
    };
    room.pending.push(pending);
    // Who says something wants to see it.
    room.scroll = Default::default();
    room.timeline.trim(false);
    effects.push(Effect::Send {
        room: room.name.clone(),
        nonce,
        text,
    });
    Ok(())
}

fn run(app: &mut App, line: &str, effects: &mut Effects) -> Result<(), String> {
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    let Screen::Chat(chat) = &mut app.screen else {
        return Ok(());
    };
    match name {
        "quit" => effects.push(Effect::Quit),
        "help" => app.help = Some(0),
        "me" if argument.is_empty() => return Err("/me needs a text: /me waves".to_owned()),
        "me" => return say(app, &format!("/me {argument}"), effects),
        "names" => {
            let names = names(chat);
            chat.current_mut().timeline.local(app.now, names, false);
        }
        "join" => effects.push(Effect::Join(room_name(argument, "/join")?)),
        "leave" => {
            let room = match argument {
                "" => chat.current().name.clone(),
                name => room_name(name, "/leave")?,
            };
            if room.is_lobby() {
                return Err(
                    "The lobby is everyone's and can't be left; /quit leaves the chat.".to_owned(),
                );
            }
            effects.push(Effect::Leave(room));
        }
        "retry" => retry(app, effects),
        "discard" => chat
            .current_mut()
            .pending
            .retain(|line| line.failed.is_none()),
        _ => {
            let text = format!("There is no command /{name}. /help lists them; //{name} says it.");
            chat.current_mut().timeline.local(app.now, text, true);
        }
    }
    Ok(())
}

fn room_name(argument: &str, command: &str) -> Result<RoomName, String> {
    let name = argument.strip_prefix('#').unwrap_or(argument);
    if name.is_empty() {
        return Err(format!("{command} needs a room's name: {command} rust"));
    }
    RoomName::parse(name).map_err(|error| format!("{error}."))
}

fn names(chat: &Chat) -> String {
    let members = &chat.current().members;
    let names: Vec<_> = members.names(true).map(|name| name.as_str()).collect();
    if names.is_empty() {
        format!("{} online", members.online)
    } else {
        format!("{} online: {}", members.online, names.join(", "))
    }
}
