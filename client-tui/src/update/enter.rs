//! Enter: the input line becomes a message, an edit or a command.

use chat_shared::text::{TextError, split};
use chat_shared::{MessageText, Seq};

use super::sending::{checked_text, send_in_parts, send_text};
use super::{Effect, Effects, RoomAction, commands};
use crate::messages::chat as messages;
use crate::state::{App, Compose, Overlay, SaveDue, Screen};

/// Carries out the input line of the current room. Asks first if a message is too long for one.
pub(super) fn enter(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let room = chat.current();
    let is_message = !room.input.is_command() && !matches!(room.compose, Compose::Edit(_));
    let is_too_long = MessageText::parse(room.input.text()) == Err(TextError::TooLong);
    if is_message && is_too_long && room.closed().is_none() {
        let parts = split(room.input.text()).len();
        chat.overlay = Some(Overlay::Split { parts });
        return;
    }
    carry_out(app, send_text, effects);
}

/// Sends the input line of the current room as several messages.
pub(super) fn enter_in_parts(app: &mut App, effects: &mut Effects) {
    carry_out(app, send_in_parts, effects);
}

/// Sends a text as a message, maybe as a reply.
type SendText = fn(&mut App, &str, Option<Seq>, &mut Effects) -> Result<(), String>;

fn carry_out(app: &mut App, send: SendText, effects: &mut Effects) {
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
            send_or_edit(app, text, compose, send, effects)
        }
        Some(command) if is_command => commands::run(app, command, effects),
        _ => send_or_edit(app, &line, compose, send, effects),
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
    send: SendText,
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
    send(app, text, reply_to, effects)
}
