//! Enter: the input line becomes a message, an edit or a command.

use super::sending::{checked_text, send_text};
use super::{Effect, Effects, RoomAction, commands};
use crate::state::{App, Compose, SaveDue, Screen};

/// Carries out the input line of the current room.
pub(super) fn enter(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let line = chat.current().input.text().trim_end().to_owned();
    if line.is_empty() {
        return;
    }
    let room = chat.current().name.clone();
    // A command may put something else into the input line, which then stays.
    let typed = std::mem::take(&mut chat.current_mut().input);
    let outcome = match line.strip_prefix('/') {
        Some(text) if text.starts_with('/') => send_or_edit(app, text, effects),
        Some(command) => commands::run(app, command, effects),
        None => send_or_edit(app, &line, effects),
    };
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    chat.save_due = SaveDue::Now;
    match outcome {
        Ok(()) => chat.history.add(&line),
        // The line stays, to be corrected.
        Err(notice) => {
            chat.notice = Some(notice);
            if let Some(room) = chat.room_mut(&room) {
                room.input = typed;
            }
        }
    }
}

fn send_or_edit(app: &mut App, text: &str, effects: &mut Effects) -> Result<(), String> {
    let Screen::Chat(chat) = &mut app.screen else {
        return Ok(());
    };
    let reply_to = match chat.current().compose {
        Compose::New => None,
        Compose::Reply(seq) => Some(seq),
        Compose::Edit(seq) => {
            let text = checked_text(text)?;
            let room = chat.current_mut();
            room.compose = Compose::New;
            room.selected = None;
            let (room, action) = (room.name.clone(), RoomAction::Edit { seq, text });
            effects.push(Effect::RoomAction { room, action });
            return Ok(());
        }
    };
    send_text(app, text, reply_to, effects)?;
    if let Screen::Chat(chat) = &mut app.screen {
        chat.current_mut().compose = Compose::New;
    }
    Ok(())
}
