//! What Enter does: a message is sent or changed, a command is carried out.

use chat_shared::{MessageText, Nonce, RoomName, Seq, TimestampMs};

use super::{Effect, Effects, RoomAction, commands};
use crate::state::{App, Chat, Compose, Pending, SaveDue, Screen, Scroll};

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
    let room = chat.current().name.clone();
    // A command may leave something in the input for its user, which then stays.
    let typed = std::mem::take(&mut chat.current_mut().input);
    let taken = match line.strip_prefix('/') {
        Some(text) if text.starts_with('/') => send_or_edit(app, text, effects),
        Some(command) => commands::run(app, command, effects),
        None => send_or_edit(app, &line, effects),
    };
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    chat.save_due = SaveDue::Now;
    match taken {
        Ok(()) => chat.history.add(&line),
        // What was typed stays, to be changed.
        Err(notice) => {
            chat.notice = Some(notice);
            if let Some(room) = chat.room_mut(&room) {
                room.input = typed;
            }
        }
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
        effects.push(send_effect(&room.name, line));
    }
    chat.save_due = SaveDue::Now;
}

/// Sends what waited when the program ended the last time.
pub(crate) fn resend_all(chat: &Chat, effects: &mut Effects) {
    for room in chat.rooms() {
        let waiting = room.pending.iter().filter(|line| line.failed.is_none());
        effects.extend(waiting.map(|line| send_effect(&room.name, line)));
    }
}

fn send_effect(room: &RoomName, line: &Pending) -> Effect {
    Effect::Send {
        room: room.clone(),
        nonce: line.nonce.clone(),
        text: line.text.clone(),
        reply_to: line.reply_to,
    }
}

fn send_or_edit(app: &mut App, text: &str, effects: &mut Effects) -> Result<(), String> {
    let Screen::Chat(chat) = &mut app.screen else {
        return Ok(());
    };
    let compose = chat.current().compose;
    let reply_to = match compose {
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

/// Says `text` in the room that is shown.
pub(super) fn send_text(
    app: &mut App,
    text: &str,
    reply_to: Option<Seq>,
    effects: &mut Effects,
) -> Result<(), String> {
    let (now, nonce) = (app.now, app.nonces.next());
    match &mut app.screen {
        Screen::Chat(chat) => send_in(chat, text, reply_to, nonce, now, effects),
        Screen::SignIn(_) => Ok(()),
    }
}

fn send_in(
    chat: &mut Chat,
    text: &str,
    reply_to: Option<Seq>,
    nonce: Nonce,
    ts: TimestampMs,
    effects: &mut Effects,
) -> Result<(), String> {
    let text = checked_text(text)?;
    let room = chat.current_mut();
    if room.pending.len() >= PENDING_MAX {
        return Err(format!(
            "{PENDING_MAX} messages wait to be sent; wait until they are."
        ));
    }
    let pending = Pending {
        nonce,
        ts,
        text,
        reply_to,
        failed: None,
    };
    effects.push(send_effect(&room.name, &pending));
    room.pending.push(pending);
    // Who says something wants to see it, and has seen what was new.
    room.scroll = Scroll::Newest;
    (room.read.divider, room.selected) = (None, None);
    if !room.timeline.is_live() {
        room.timeline.clear();
    }
    room.timeline.trim(false);
    room.typing.sent_at = 0;
    chat.save_due = SaveDue::Now;
    Ok(())
}

fn checked_text(text: &str) -> Result<String, String> {
    let text = MessageText::parse(text).map_err(|error| format!("{error}."))?;
    Ok(text.into_string())
}
