//! What happens without a key: read markers and typing notices are sent, missing pages requested,
//! drafts saved.

use chat_shared::TimestampMs;
use chat_shared::limits::TYPING_MEMBERS_MAX;

use super::{Effect, Effects, pages, scroll, sending};
use crate::state::{
    App, Chat, ConnectionState, More, Pending, PendingState, Room, SaveDue, Saved, Screen,
};

/// The shortest time between two read markers.
const READ_INTERVAL_MS: u64 = 1_000;

/// How often the server is told that the user is still typing; others see it for six seconds.
const TYPING_INTERVAL_MS: u64 = 4_000;

/// When the state next changes by itself.
pub(crate) fn next_change(app: &App, now: TimestampMs) -> Option<TimestampMs> {
    let Screen::Chat(chat) = &app.screen else {
        return None;
    };
    // The countdown shows begun seconds; it changes when a whole one has passed.
    let countdown = chat
        .connection
        .wait_ms(now)
        .map(|left| now + (left - 1) % 1_000 + 1);
    let room = chat.current();
    let typing = (!room.typing.names.is_empty()).then_some(room.typing.until);
    let read = has_read(chat).then(|| room.read.sent_at + READ_INTERVAL_MS);
    let save = match chat.save_due {
        SaveDue::ScrollStep(at) => Some(at),
        SaveDue::Nothing | SaveDue::Now => None,
    };
    let held_back = chat.rooms().iter().filter(|room| {
        let waits = |line: &Pending| line.state == PendingState::Waiting;
        room.send_after > now && room.pending.iter().any(waits)
    });
    let send = held_back.map(|room| room.send_after).min();
    [countdown, typing, read, save, send]
        .into_iter()
        .flatten()
        .min()
}

/// Requests what the current room lacks, and sends and saves what is due.
pub(crate) fn settle(app: &mut App, effects: &mut Effects) {
    let now = app.now;
    super::watch(app);
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let is_due = match chat.save_due {
        SaveDue::Nothing => false,
        SaveDue::ScrollStep(at) => at <= now,
        SaveDue::Now => true,
    };
    if is_due {
        chat.save_due = SaveDue::Nothing;
        effects.push(Effect::Save {
            username: chat.me.clone(),
            saved: Saved::of(chat),
        });
    }
    sending::send_waiting(chat, now, effects);
    let room = chat.current_mut();
    if room.typing.until <= now {
        room.typing.names.clear();
    }
    if chat.connection != ConnectionState::Live {
        return;
    }
    let reads = has_read(chat);
    let is_watched = chat.is_watched;
    let room = chat.current_mut();
    if is_watched && !room.is_scrolled() && room.timeline.is_live() {
        (room.unread, room.mentions) = (0, 0);
    }
    if !room.members.asked && room.is_open() {
        room.members.asked = true;
        effects.push(Effect::FetchMembers(room.name.clone()));
    }
    if reads && now >= room.read.sent_at + READ_INTERVAL_MS {
        (room.read.sent_seq, room.read.sent_at) = (room.read.tip, now);
        effects.push(Effect::Read {
            room: room.name.clone(),
            seq: room.read.tip,
        });
    }
    if room.is_open() && room.timeline.older == More::There && scroll::wants_older(app) {
        pages::fetch_older(app, effects);
    }
}

/// Tells the server that the user types a message.
pub(super) fn typing(app: &mut App, effects: &mut Effects) {
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let is_live = chat.connection == ConnectionState::Live;
    let room = chat.current_mut();
    let crowd = |room: &Room| {
        let members = room.info.as_ref().map(|info| info.members);
        !members.is_some_and(|members| (2..=TYPING_MEMBERS_MAX).contains(&members))
    };
    let is_message = !room.input.is_command() && room.is_open();
    if is_live && is_message && now >= room.typing.sent_at + TYPING_INTERVAL_MS && !crowd(room) {
        room.typing.sent_at = now;
        effects.push(Effect::Typing(room.name.clone()));
    }
}

/// Returns true if the user has seen more than the server knows.
fn has_read(chat: &Chat) -> bool {
    let room = chat.current();
    chat.connection == ConnectionState::Live
        && chat.is_watched
        && room.is_open()
        && !room.is_scrolled()
        && room.timeline.is_live()
        && room.read.tip > room.read.sent_seq
}
