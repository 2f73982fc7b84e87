//! Requests pages of history that the screen needs, and adds them without a gap.

use chat_shared::client::CommandError;
use chat_shared::protocol::{HistoryPage, PageKind};
use chat_shared::{Seq, TimestampMs};

use super::{Effect, Effects, PageRequest, scroll};
use crate::messages::chat as messages;
use crate::state::{App, Chat, ConnectionState, More, Room, SaveDue, Screen, Side};

/// Messages requested at once.
pub(crate) const PAGE_LINES_MAX: usize = 100;

pub(super) fn fetch_older(app: &mut App, effects: &mut Effects) {
    fetch(app, Side::Older, effects);
}

pub(super) fn fetch_newer(app: &mut App, effects: &mut Effects) {
    fetch(app, Side::Newer, effects);
}

fn fetch(app: &mut App, side: Side, effects: &mut Effects) {
    let Some(room) = room_to_fetch(app) else {
        return;
    };
    if let Some(kind) = room.next_page(side) {
        room.paging.set(side, More::Loading);
        effects.push(request(room, kind));
    }
}

/// Requests the messages around `seq`, to be shown as soon as they arrive.
pub(super) fn fetch_around(app: &mut App, seq: Seq, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    if chat.connection != ConnectionState::Live {
        chat.notice = Some(messages::NOT_LOADED_OFFLINE.to_owned());
        return;
    }
    let room = chat.current_mut();
    room.paging.restart();
    room.paging.set(Side::Both, More::Loading);
    room.jump = Some(seq);
    effects.push(request(room, PageKind::Around(seq)));
}

fn room_to_fetch(app: &mut App) -> Option<&mut Room> {
    let Screen::Chat(chat) = &mut app.screen else {
        return None;
    };
    if chat.connection != ConnectionState::Live || chat.current().closed().is_some() {
        return None;
    }
    Some(chat.current_mut())
}

fn request(room: &Room, kind: PageKind) -> Effect {
    Effect::FetchHistory(PageRequest {
        room: room.name.clone(),
        kind,
        generation: room.paging.generation,
    })
}

pub(super) fn on_page(
    app: &mut App,
    page: &PageRequest,
    result: Result<HistoryPage, CommandError>,
) {
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    add_page(chat, page, result, now);
    if chat.is_current(&page.room)
        && let Some(seq) = chat
            .current_mut()
            .jump
            .take_if(|_| matches!(page.kind, PageKind::Around(_)))
    {
        scroll::show(app, seq);
    }
}

fn add_page(
    chat: &mut Chat,
    page: &PageRequest,
    result: Result<HistoryPage, CommandError>,
    now: TimestampMs,
) {
    let me = chat.me.clone();
    let Some(room) = chat.room_mut(&page.room) else {
        return;
    };
    if page.generation != room.paging.generation {
        return;
    }
    let side = side(page.kind);
    match result {
        Ok(answer) => {
            if let Some(view) = &mut room.view {
                // A page that can't be taken in is requested again.
                let _ = view.take_page(page.kind, &answer);
            }
            let waiting = room.pending.len();
            for message in answer.messages.iter().filter(|it| it.username == me) {
                room.pending.retain(|line| line.nonce != message.nonce);
            }
            let stored = room.pending.len() < waiting;
            room.paging.set(side, More::There);
            room.trim();
            if stored {
                chat.save_due = SaveDue::Now;
            }
        }
        Err(CommandError::Disconnected) => mark(room, side, More::There),
        Err(error) => {
            mark(room, side, More::Failed);
            let what = match side {
                Side::Older => messages::OLDER_NOT_LOADED,
                Side::Newer => messages::NEWER_NOT_LOADED,
                Side::Both => messages::THESE_NOT_LOADED,
            };
            let text = messages::failed(what, error);
            room.note(now, text, true);
        }
    }
}

fn mark(room: &mut Room, side: Side, more: More) {
    room.paging.set(side, more);
    if side == Side::Both {
        room.jump = None;
    }
}

fn side(kind: PageKind) -> Side {
    match kind {
        PageKind::Newest | PageKind::Before(_) => Side::Older,
        PageKind::After(_) => Side::Newer,
        PageKind::Around(_) => Side::Both,
    }
}
