//! Upkeep that needs no key: read markers and typing notices are sent, missing pages requested,
//! drafts saved.

use chat_shared::TimestampMs;
use chat_shared::limits::TYPING_MEMBERS_MAX;
use chat_shared::view::RoomView;

use super::{Effect, Effects, pages, scroll, sending};
use crate::state::{
    App, Chat, ConnectionState, More, Pending, PendingState, Room, SaveDue, Saved, Screen,
};

/// The shortest time between two read markers.
const READ_INTERVAL_MS: u64 = 1_000;

/// The shortest time between two requests for the members of a room.
const MEMBERS_INTERVAL_MS: u64 = 5_000;

/// How often a typing notice is repeated while the user types; others see it for six seconds.
const TYPING_INTERVAL_MS: u64 = 4_000;

/// When the state next changes by itself.
pub(crate) fn next_change(app: &App, now: TimestampMs) -> Option<TimestampMs> {
    let armed = app.quit_armed_until.filter(|until| now < *until);
    let Screen::Chat(chat) = &app.screen else {
        return armed;
    };
    // The countdown shows begun seconds; it changes when a whole one has passed.
    let countdown = chat
        .connection
        .wait_ms(now)
        .map(|left| now + (left - 1) % 1_000 + 1);
    let room = chat.current();
    let typing = (!room.typing.names.is_empty()).then_some(room.typing.until);
    let unsent = chat.rooms().iter().filter(|room| is_unsent(chat, room));
    let read = unsent
        .map(|room| room.read.sent_at + READ_INTERVAL_MS)
        .min();
    let save = match chat.save_due {
        SaveDue::ScrollStep(at) => Some(at),
        SaveDue::Nothing | SaveDue::Now => None,
    };
    let held_back = chat.rooms().iter().filter(|room| {
        let waits = |line: &Pending| line.state == PendingState::Waiting;
        room.send_after > now && room.pending.iter().any(waits)
    });
    let send = held_back.map(|room| room.send_after).min();
    let wants = |view: &RoomView| room.is_open() && view.wants_members();
    let members = room.view.as_ref().is_some_and(wants) && chat.connection == ConnectionState::Live;
    let members = members.then_some(room.members_asked_at + MEMBERS_INTERVAL_MS);
    [armed, countdown, typing, read, save, send, members]
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
    let is_watched = chat.is_watched;
    let room = chat.current_mut();
    if is_watched && !room.is_scrolled() && room.is_live() {
        room.mark_read();
    }
    fetch_members(room, now, effects);
    send_read_markers(chat, now, effects);
    let room = chat.current_mut();
    if room.is_open() && room.older() == More::There && scroll::wants_older(app) {
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
        let members = room.info().map(|info| info.members);
        !members.is_some_and(|members| (2..=TYPING_MEMBERS_MAX).contains(&members))
    };
    let is_message = !room.input.is_command() && room.is_open();
    if is_live && is_message && now >= room.typing.sent_at + TYPING_INTERVAL_MS && !crowd(room) {
        room.typing.sent_at = now;
        effects.push(Effect::Typing(room.name.clone()));
    }
}

/// Asks for the members of the current room, and again when somebody comes whom the client does not
/// know, but not too often.
fn fetch_members(room: &mut Room, now: TimestampMs, effects: &mut Effects) {
    let is_open = room.is_open();
    let is_due = room.members_asked_at == 0 || now >= room.members_asked_at + MEMBERS_INTERVAL_MS;
    if let Some(view) = room
        .view
        .as_mut()
        .filter(|view| is_open && view.wants_members())
        && is_due
    {
        view.ask_members();
        room.members_asked_at = now;
        effects.push(Effect::FetchMembers {
            room: room.name.clone(),
            after: None,
        });
    }
}

/// Tells the server how far the user has read in each room.
fn send_read_markers(chat: &mut Chat, now: TimestampMs, effects: &mut Effects) {
    for index in 0..chat.rooms().len() {
        let room = &chat.rooms()[index];
        if !is_unsent(chat, room) || now < room.read.sent_at + READ_INTERVAL_MS {
            continue;
        }
        let (name, seq) = (room.name.clone(), room.read_seq());
        let read = &mut chat.rooms_mut()[index].read;
        (read.sent_seq, read.sent_at) = (seq, now);
        effects.push(Effect::Read { room: name, seq });
    }
}

/// Returns true if the user has read more than the server knows.
fn is_unsent(chat: &Chat, room: &Room) -> bool {
    chat.connection == ConnectionState::Live
        && room.is_open()
        && room.read_seq() > room.read.sent_seq
}
