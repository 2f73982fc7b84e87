//! Sends messages: from the input line, from a command, and again after a refusal or a restart.
//!
//! A message is added to its room's `pending` list with a nonce of its own; [`Pending`] draws the
//! states that follow.

use chat_shared::text::split;
use chat_shared::{MessageText, Nonce, RoomName, Seq, TimestampMs};

use super::{Effect, Effects};
use crate::messages::chat as messages;
use crate::state::{App, Chat, Pending, PendingState, Room, SaveDue, Screen};

/// Messages that may wait in one room; further ones are not accepted.
const PENDING_MAX: usize = 200;

/// Sends `text` in the current room.
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
    if let Some(why) = room.closed() {
        return Err(messages::cant_send_here(why, &room.name));
    }
    if room.pending.len() >= PENDING_MAX {
        return Err(messages::too_many_waiting(PENDING_MAX));
    }
    let pending = Pending {
        nonce,
        ts,
        text,
        reply_to,
        state: PendingState::Waiting,
    };
    room.pending.push(pending);
    send_next(room, ts, effects);
    // A user who writes wants to see the message, and has seen what was new.
    room.show_newest();
    (room.read.divider, room.selected) = (None, None);
    room.typing.sent_at = 0;
    chat.save_due = SaveDue::Now;
    Ok(())
}

/// Sends `text` in the current room, as several messages.
pub(super) fn send_in_parts(
    app: &mut App,
    text: &str,
    mut reply_to: Option<Seq>,
    effects: &mut Effects,
) -> Result<(), String> {
    let parts = split(text);
    if let Screen::Chat(chat) = &app.screen
        && chat.current().pending.len() + parts.len() > PENDING_MAX
    {
        return Err(messages::too_many_waiting(PENDING_MAX));
    }
    for part in parts {
        // The first part is the reply.
        send_text(app, part.as_str(), reply_to.take(), effects)?;
    }
    Ok(())
}

/// Sends the current room's refused messages again.
pub(super) fn retry(app: &mut App, effects: &mut Effects) {
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let room = chat.current_mut();
    if let Some(why) = room.closed() {
        chat.notice = Some(messages::cant_send_here(why, &room.name));
        return;
    }
    for line in room
        .pending
        .iter_mut()
        .filter(|line| line.failed().is_some())
    {
        line.state = PendingState::Waiting;
    }
    send_next(room, now, effects);
    chat.save_due = SaveDue::Now;
}

/// Sends the next waiting message of every room.
pub(crate) fn send_waiting(chat: &mut Chat, now: TimestampMs, effects: &mut Effects) {
    for room in chat.rooms_mut() {
        send_next(room, now, effects);
    }
}

/// Sends the oldest waiting message, unless one is in flight or the rate limit forbids it.
fn send_next(room: &mut Room, now: TimestampMs, effects: &mut Effects) {
    let is_in_flight = |line: &Pending| line.state == PendingState::InFlight;
    if now < room.send_after || room.closed().is_some() || room.pending.iter().any(is_in_flight) {
        return;
    }
    let waiting = |line: &&mut Pending| line.state == PendingState::Waiting;
    if let Some(line) = room.pending.iter_mut().find(waiting) {
        line.state = PendingState::InFlight;
        effects.push(send_effect(&room.name, line));
    }
}

/// The text as the server accepts it, or a sentence about what is wrong with it.
pub(super) fn checked_text(text: &str) -> Result<String, String> {
    let text = MessageText::parse(text).map_err(|error| messages::wrong_text(text, error))?;
    Ok(text.into_string())
}

fn send_effect(room: &RoomName, line: &Pending) -> Effect {
    Effect::Send {
        room: room.clone(),
        nonce: line.nonce.clone(),
        text: line.text.clone(),
        reply_to: line.reply_to,
    }
}
