//! What comes from the server.

use chat_shared::client::{CloseReason, CommandError, Event as SdkEvent};
use chat_shared::protocol::{
    Ack, ChatEvent, HistoryPage, ServerFrame, SystemEvent, SystemKind, Welcome,
};
use chat_shared::{Nonce, RoomName, TimestampMs};

use super::{Effect, Effects, Event, PageAsk, scroll, to_log_in};
use crate::state::{App, Chat, LINES_SCROLLED_MAX, Link, Older, Room, Screen, Scroll};

pub(super) fn on_net(app: &mut App, event: Event, effects: &mut Effects) {
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match event {
        Event::Sdk(SdkEvent::Connected(welcome)) => connected(chat, welcome),
        Event::Sdk(SdkEvent::Frame(frame)) => on_frame(chat, frame, now),
        Event::Sdk(SdkEvent::Disconnected { reason, retry_in }) => {
            chat.link = match retry_in {
                Some(wait) => {
                    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    Link::Waiting {
                        until: now.saturating_add(wait_ms),
                        why: reason,
                    }
                }
                None => Link::Ended { why: reason },
            };
        }
        Event::Sdk(SdkEvent::Closed(CloseReason::NotSignedIn)) => {
            let me = chat.me.clone();
            to_log_in(app, &me, "You were signed out; log in again.".to_owned());
            effects.push(Effect::ForgetSession { username: me });
        }
        Event::Sdk(SdkEvent::Closed(reason)) => {
            chat.link = Link::Ended {
                why: reason.to_string(),
            }
        }
        Event::Sent {
            room,
            nonce,
            result,
        } => sent(chat, &room, &nonce, result),
        Event::History { page, result } => history(chat, &page, result, now),
        Event::Members { room, result } => {
            if let (Some(room), Ok(page)) = (chat.room_mut(&room), result) {
                room.members.set(&page.members, page.more);
            }
        }
        Event::Joined { room, result } => match result {
            Ok(()) => chat.go_to(&room),
            Err(error) => tell(chat, format!("{room} can't be joined: {error}"), now),
        },
        Event::Left { room, result } => match result {
            Ok(()) => chat.retain_rooms(|name| *name != room),
            Err(error) => tell(chat, format!("{room} can't be left: {error}"), now),
        },
        _ => {}
    }
}

/// Asks for what the room that is shown lacks.
pub(crate) fn settle(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    if chat.link != Link::Live {
        return;
    }
    let room = chat.current_mut();
    if !room.members.asked {
        room.members.asked = true;
        effects.push(Effect::FetchMembers(room.name.clone()));
    }
    if room.timeline.older == Older::More && scroll::wants_older(app) {
        fetch_older(app, effects);
    }
}

pub(super) fn fetch_older(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    if chat.link != Link::Live {
        return;
    }
    let room = chat.current_mut();
    if !matches!(room.timeline.older, Older::More | Older::Failed) {
        return;
    }
    if room.timeline.lines().len() + PAGE_LINES_MAX > LINES_SCROLLED_MAX {
        let text =
            format!("No more than {LINES_SCROLLED_MAX} lines are kept; End goes to the newest.");
        chat.notice = Some(text);
        return;
    }
    room.timeline.older = Older::Loading;
    effects.push(Effect::FetchHistory(PageAsk {
        room: room.name.clone(),
        before: room.timeline.oldest(),
        generation: room.timeline.generation,
    }));
}

/// Messages asked for at once.
pub(crate) const PAGE_LINES_MAX: usize = 100;

fn connected(chat: &mut Chat, welcome: Welcome) {
    chat.link = Link::Live;
    chat.me = welcome.username;
    if chat.log.as_ref().is_some_and(|log| *log != welcome.log) {
        chat.rooms_mut().iter_mut().for_each(forget);
    }
    chat.log = Some(welcome.log);
    for room in chat.rooms_mut() {
        // What was asked on the last connection is not answered any more.
        room.members.asked = false;
        if room.timeline.older != Older::None {
            room.timeline.older = Older::More;
        }
    }
    welcome
        .rooms
        .into_iter()
        .for_each(|info| chat.put_room(info));
}

fn forget(room: &mut Room) {
    room.timeline.clear();
    room.scroll = Scroll::Newest;
}

fn on_frame(chat: &mut Chat, frame: ServerFrame, now: TimestampMs) {
    match frame {
        ServerFrame::Chat(event) => on_chat(chat, event),
        ServerFrame::System(event) => on_system(chat, event),
        ServerFrame::Presence(event) => {
            if let Some(room) = chat.room_mut(&event.room) {
                room.members.presence(&event);
            }
        }
        ServerFrame::RoomsState(state) => {
            state.rooms.into_iter().for_each(|info| chat.put_room(info));
        }
        ServerFrame::Room { room, .. } => chat.put_room(room),
        ServerFrame::RoomGone(gone) => {
            let shown = chat.is_current(&gone.room);
            chat.retain_rooms(|name| *name != gone.room);
            if shown && !gone.room.is_lobby() {
                let text = format!("You are no longer in {}.", gone.room);
                chat.current_mut().timeline.local(now, text, false);
            }
        }
        ServerFrame::Limited(limited) => {
            if let Some(room) = chat.room_mut(&limited.room) {
                forget(room);
            }
        }
        ServerFrame::Error(error) => {
            let room = error
                .room
                .as_ref()
                .filter(|name| chat.room_mut(name).is_some())
                .cloned();
            let room = room.unwrap_or_else(|| chat.current().name.clone());
            if let Some(room) = chat.room_mut(&room) {
                room.timeline.local(now, error.message, true);
            }
        }
        _ => {}
    }
}

fn on_chat(chat: &mut Chat, event: ChatEvent) {
    let own = event.username == chat.me;
    let shown = chat.is_current(&event.room);
    let Some(room) = chat.room_mut(&event.room) else {
        return;
    };
    if own {
        room.pending.retain(|line| line.nonce != event.nonce);
    }
    if room.timeline.message(event) && !own {
        if !shown {
            room.unread += 1;
        }
        if let Scroll::At { new, .. } = &mut room.scroll {
            *new += 1;
        }
    }
    room.timeline.trim(room.is_scrolled());
}

fn on_system(chat: &mut Chat, event: SystemEvent) {
    let Some(room) = chat.room_mut(&event.room) else {
        return;
    };
    if let Some(name) = &event.username {
        match event.event {
            SystemKind::Joined => room.members.joined(name),
            SystemKind::Left => room.members.left(name),
            _ => {}
        }
    }
    room.timeline.system(event);
    room.timeline.trim(room.is_scrolled());
}

fn sent(chat: &mut Chat, room: &RoomName, nonce: &Nonce, result: Result<Ack, CommandError>) {
    let me = chat.me.clone();
    let Some(room) = chat.room_mut(room) else {
        return;
    };
    let Some(index) = room.pending.iter().position(|line| line.nonce == *nonce) else {
        return;
    };
    match result {
        Ok(ack) => {
            let line = room.pending.remove(index);
            room.timeline.message(ChatEvent::new(
                ack.room, ack.seq, ack.ts, me, line.text, line.nonce,
            ));
        }
        Err(error) => room.pending[index].failed = Some(error.to_string()),
    }
}

fn history(
    chat: &mut Chat,
    page: &PageAsk,
    result: Result<HistoryPage, CommandError>,
    now: TimestampMs,
) {
    let me = chat.me.clone();
    let Some(room) = chat.room_mut(&page.room) else {
        return;
    };
    // Everything was forgotten, or the line it was to join was dropped, since it was asked for:
    // taken in now, it would leave a gap.
    let stale = page.generation != room.timeline.generation
        || page
            .before
            .is_some_and(|before| room.timeline.oldest() != Some(before));
    match result {
        _ if page.generation != room.timeline.generation => {}
        Ok(_) if stale => room.timeline.older = Older::More,
        Ok(answer) => {
            for message in answer.messages {
                if message.username == me {
                    room.pending.retain(|line| line.nonce != message.nonce);
                }
                room.timeline.message(message);
            }
            room.timeline.older = if answer.more_before {
                Older::More
            } else {
                Older::None
            };
            room.timeline.trim(room.is_scrolled());
        }
        Err(CommandError::Disconnected) => room.timeline.older = Older::More,
        Err(error) => {
            room.timeline.older = Older::Failed;
            room.timeline
                .local(now, format!("Older messages can't be had: {error}"), true);
        }
    }
}

fn tell(chat: &mut Chat, text: String, now: TimestampMs) {
    chat.current_mut().timeline.local(now, text, true);
}
