//! Applies what the server sends on its own: the welcome and every other frame.

use chat_shared::limits::TYPING_MS;
use chat_shared::protocol::{ChatEvent, ServerFrame, SystemEvent, Welcome};
use chat_shared::{RoomName, Seq, TimestampMs};
use jiff::tz::TimeZone;

use crate::messages::chat as messages;
use crate::state::{Chat, ConnectionState, Membership, PendingState, Room, SaveDue, Scroll};

pub(super) fn connected(chat: &mut Chat, welcome: Welcome) {
    chat.connection = ConnectionState::Live;
    chat.me = welcome.username;
    if chat.log.as_ref().is_some_and(|log| *log != welcome.log) {
        for room in chat.rooms_mut() {
            room.forget();
            room.read = Default::default();
        }
    }
    chat.log = Some(welcome.log);
    for room in chat.rooms_mut() {
        // Requests of the last connection will not be answered.
        room.members_asked_at = 0;
        room.typing.names.clear();
        room.paging.restart();
        room.jump = None;
    }
    welcome
        .rooms
        .into_iter()
        .for_each(|info| chat.put_room(info));
    if !welcome.more {
        close_unknown_rooms(chat);
    }
}

/// Closes the rooms that are known only from a draft and that the user is no longer in.
fn close_unknown_rooms(chat: &mut Chat) {
    chat.retain_rooms(|room| room.view.is_some() || room.holds_text());
    for room in chat
        .rooms_mut()
        .iter_mut()
        .filter(|room| room.view.is_none())
    {
        close(room, messages::not_in_room(&room.name));
    }
}

/// Closes a room: its lines and drafts stay, and its waiting messages wait for the user.
fn close(room: &mut Room, why: String) {
    for line in &mut room.pending {
        if line.failed().is_none() {
            line.state = PendingState::Failed(why.clone());
        }
    }
    room.typing.names.clear();
    room.membership = Membership::Closed(why);
}

/// The user is no longer in a room. It goes if this client left it and nothing unsent is in it.
fn on_room_gone(chat: &mut Chat, name: &RoomName, now: TimestampMs) {
    let shown = chat.is_current(name);
    let Some(room) = chat.room_mut(name).filter(|room| !room.name.is_lobby()) else {
        return;
    };
    let is_plain = matches!(room.membership, Membership::Member | Membership::Leaving);
    let left_here = room.membership == Membership::Leaving;
    if room.holds_text() || (shown && !left_here) || !is_plain {
        let why = match room.closed() {
            Some(why) => why.to_owned(),
            None => messages::not_in_room(name),
        };
        if !left_here {
            room.note(now, why.clone(), true);
        }
        close(room, why);
        chat.save_due = SaveDue::Now;
    } else {
        chat.retain_rooms(|room| room.name != *name);
    }
}

pub(super) fn on_frame(chat: &mut Chat, frame: ServerFrame, now: TimestampMs, zone: &TimeZone) {
    let (mut tip, mut is_new) = (0, false);
    if let Some((room, seq)) = frame.place()
        && let Some(room) = chat.room_mut(&room.clone())
    {
        tip = room.tip();
        is_new = seq > tip;
    }
    for room in chat.rooms_mut() {
        if let Some(view) = &mut room.view {
            view.apply(&frame);
        }
    }
    match frame {
        ServerFrame::Chat(event) => on_chat(chat, &event, tip, is_new),
        ServerFrame::System(event) if event.seq.is_none() || is_new => {
            on_system(chat, event, zone);
        }
        ServerFrame::Typing(mut event) => {
            event.usernames.retain(|name| *name != chat.me);
            if let Some(room) = chat.room_mut(&event.room) {
                (room.typing.names, room.typing.until) = (event.usernames, now + TYPING_MS);
            }
        }
        ServerFrame::Read(event) => {
            if let Some(room) = chat.room_mut(&event.room) {
                room.read.sent_seq = room.read.sent_seq.max(event.seq);
            }
        }
        ServerFrame::RoomsState(state) => {
            state.rooms.into_iter().for_each(|info| chat.put_room(info));
            if !state.more {
                close_unknown_rooms(chat);
            }
        }
        ServerFrame::Room { room, .. } => chat.put_room(room),
        ServerFrame::RoomGone(gone) => {
            on_room_gone(chat, &gone.room, now);
        }
        ServerFrame::Limited(limited) => {
            if let Some(room) = chat.room_mut(&limited.room) {
                room.restart();
            }
        }
        ServerFrame::Error(error) => {
            let known = error.room.filter(|name| chat.room(name).is_some());
            let room = known.unwrap_or_else(|| chat.current().name.clone());
            if let Some(room) = chat.room_mut(&room) {
                room.note(now, error.message, true);
            }
        }
        _ => {}
    }
}

/// Adds a message; `tip` is the seq of the last event before it.
fn on_chat(chat: &mut Chat, event: &ChatEvent, tip: Seq, is_new: bool) {
    let me = chat.me.clone();
    let own = event.username == me;
    let is_current = chat.is_current(&event.room);
    let shown = is_current && chat.is_watched;
    let Some(room) = chat.room_mut(&event.room) else {
        return;
    };
    let waiting = room.pending.len();
    if own {
        room.pending.retain(|line| line.nonce != event.nonce);
    }
    room.typing.names.retain(|name| *name != event.username);
    let is_away = room.is_scrolled() || !room.is_live();
    let stored = room.pending.len() < waiting;
    if is_new {
        if !own && is_current && !shown && !is_away {
            // It arrives while the user looks elsewhere.
            room.read.divider.get_or_insert(tip);
        }
        if !own && let Scroll::At { new, .. } = &mut room.scroll {
            *new += 1;
        }
    }
    if is_current {
        room.trim();
    } else if !room.is_scrolled() {
        room.trim_hidden();
    }
    if stored {
        chat.save_due = SaveDue::Now;
    }
}

fn on_system(chat: &mut Chat, event: SystemEvent, zone: &TimeZone) {
    let me = chat.me.clone();
    let Some(room) = chat.room_mut(&event.room) else {
        return;
    };
    if event.username.as_ref() == Some(&me)
        && let Some(why) = messages::removed(&event, zone)
    {
        // `room_gone` follows.
        room.membership = Membership::Closed(why);
    }
    room.note_event(event);
    room.trim();
}
