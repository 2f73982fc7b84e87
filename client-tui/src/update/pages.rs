//! Requests pages of history that the screen needs, and adds them without a gap.

use chat_shared::client::CommandError;
use chat_shared::protocol::{HistoryPage, PageKind};
use chat_shared::{Seq, TimestampMs};

use super::{Effect, Effects, PageRequest, scroll};
use crate::messages::chat as messages;
use crate::state::{
    App, Chat, ConnectionState, LINES_SCROLLED_MAX, More, Room, SaveDue, Screen, Scroll, Side,
};

/// Messages requested at once.
pub(crate) const PAGE_LINES_MAX: usize = 100;

pub(super) fn fetch_older(app: &mut App, effects: &mut Effects) {
    let Some(room) = room_to_fetch(app) else {
        return;
    };
    if !matches!(room.timeline.older, More::There | More::Failed) {
        return;
    }
    let kind = room
        .timeline
        .oldest()
        .map_or(PageKind::Newest, PageKind::Before);
    room.timeline.older = More::Loading;
    effects.push(request(room, kind));
}

pub(super) fn fetch_newer(app: &mut App, effects: &mut Effects) {
    let Some(room) = room_to_fetch(app) else {
        return;
    };
    if !matches!(room.timeline.newer, More::There | More::Failed) {
        return;
    }
    if let Some(newest) = room.timeline.newest() {
        room.timeline.newer = More::Loading;
        effects.push(request(room, PageKind::After(newest)));
    }
}

/// Replaces what is loaded by the messages around `seq`.
pub(super) fn fetch_around(app: &mut App, seq: Seq, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    if chat.connection != ConnectionState::Live {
        chat.notice = Some(messages::NOT_LOADED_OFFLINE.to_owned());
        return;
    }
    let room = chat.current_mut();
    room.timeline.clear();
    (room.timeline.older, room.timeline.newer) = (More::Loading, More::Loading);
    (room.scroll, room.jump) = (Scroll::Newest, Some(seq));
    effects.push(request(room, PageKind::Around(seq)));
}

fn room_to_fetch(app: &mut App) -> Option<&mut Room> {
    let Screen::Chat(chat) = &mut app.screen else {
        return None;
    };
    if chat.connection != ConnectionState::Live || chat.current().closed().is_some() {
        return None;
    }
    if chat.current().timeline.lines().len() + PAGE_LINES_MAX > LINES_SCROLLED_MAX {
        let text = messages::lines_max_reached(LINES_SCROLLED_MAX);
        chat.notice = Some(text);
        return None;
    }
    Some(chat.current_mut())
}

fn request(room: &Room, kind: PageKind) -> Effect {
    Effect::FetchHistory(PageRequest {
        room: room.name.clone(),
        kind,
        generation: room.timeline.generation,
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
    if page.generation != room.timeline.generation {
        return;
    }
    // The line that the page was to join was dropped since: adding the page would leave a gap.
    let fits = match page.kind {
        PageKind::Before(before) => room.timeline.oldest() == Some(before),
        PageKind::After(after) => room.timeline.newest() == Some(after),
        PageKind::Newest | PageKind::Around(_) => true,
    };
    let side = side(page.kind);
    match result {
        Ok(answer) => {
            if let Some(view) = &mut room.view {
                // Counts are exact once the view holds what is unread; a page that it can't join
                // changes nothing.
                let _ = view.take_page(page.kind, &answer);
            }
            let waiting = room.pending.len();
            for message in answer.messages.iter().filter(|it| it.username == me) {
                room.pending.retain(|line| line.nonce != message.nonce);
            }
            let stored = room.pending.len() < waiting;
            if !fits || !room.timeline.add_page(answer, &me, side) {
                mark(room, side, More::There);
            }
            room.timeline.trim(room.is_scrolled());
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
            room.timeline.add_local(now, text, true);
        }
    }
}

fn mark(room: &mut Room, side: Side, more: More) {
    match side {
        Side::Older => room.timeline.older = more,
        Side::Newer => room.timeline.newer = more,
        // Nothing is loaded here to stay at.
        Side::Both => {
            room.timeline.clear();
            room.jump = None;
        }
    }
}

fn side(kind: PageKind) -> Side {
    match kind {
        PageKind::Newest | PageKind::Before(_) => Side::Older,
        PageKind::After(_) => Side::Newer,
        PageKind::Around(_) => Side::Both,
    }
}
