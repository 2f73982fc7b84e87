//! Enter: the input line becomes a message, an edit or a command.

use super::sending::{checked_text, send_text};
use super::{Effect, Effects, RoomAction, commands};
use crate::messages::chat as messages;
use crate::state::{App, Compose, SaveDue, Screen};

/// Carries out the input line of the current room.
pub(super) fn enter(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let room = chat.current_mut();
    let line = room.input.text().trim_end().to_owned();
    if line.is_empty() {
        return;
    }
    let (name, compose, typed) = (room.name.clone(), room.compose, room.input.typed());
    // The text of a message that is edited is never a command, and nothing is taken off it.
    let is_command = room.input.is_command() && !matches!(compose, Compose::Edit(_));
    // A command may put something else into the input line, which then stays.
    let covered = std::mem::take(&mut room.input);
    if is_command {
        room.end_recall();
    } else {
        room.give_back();
    }
    let outcome = match line.strip_prefix('/') {
        Some(text) if is_command && text.starts_with('/') => {
            send_or_edit(app, text, compose, effects)
        }
        Some(command) if is_command => commands::run(app, command, effects),
        _ => send_or_edit(app, &line, compose, effects),
    };
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    chat.save_due = SaveDue::Now;
    match outcome {
        Ok(()) => chat.history.add(&line, typed),
        // The line stays, to be corrected.
        Err(notice) => {
            chat.notice = Some(notice);
            if let Some(room) = chat.room_mut(&name) {
                room.load(covered, compose);
            }
        }
    }
}

fn send_or_edit(
    app: &mut App,
    text: &str,
    compose: Compose,
    effects: &mut Effects,
) -> Result<(), String> {
    let Screen::Chat(chat) = &mut app.screen else {
        return Ok(());
    };
    let reply_to = match compose {
        Compose::New => None,
        Compose::Reply(seq) => Some(seq),
        Compose::Edit(seq) => {
            let text = checked_text(text)?;
            let room = chat.current_mut();
            if let Some(why) = room.closed() {
                return Err(messages::cant_send_here(why, &room.name));
            }
            room.selected = None;
            let (room, action) = (room.name.clone(), RoomAction::Edit { seq, text });
            effects.push(Effect::RoomAction { room, action });
            return Ok(());
        }
    };
    send_text(app, text, reply_to, effects)
}
