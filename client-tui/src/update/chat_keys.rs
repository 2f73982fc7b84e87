//! The keys of the chat screen, if no overlay covers it.

use chat_shared::TimestampMs;
use crossterm::event::KeyEvent;

use super::editing::{edit, type_or_edit};
use super::scroll::{ScrollStep, scroll};
use super::{Effect, Effects, complete, enter, pages, select, sending, upkeep};
use crate::keys::{Action, Press};
use crate::messages::chat as messages;
use crate::state::{App, Chat, Compose, Overlay, Screen, Switcher};

pub(super) fn on_key(app: &mut App, key: KeyEvent, effects: &mut Effects) {
    let (action, number) = match app.keys.action(key) {
        Some((action, number)) => (Some(action), number),
        None => (None, 0),
    };
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    if !matches!(action, Some(Action::Complete | Action::CompleteBack)) {
        chat.completion = None;
    }
    match action {
        Some(Action::PageUp) => move_by(app, ScrollStep::PageUp, effects),
        Some(Action::PageDown) => move_by(app, ScrollStep::PageDown, effects),
        Some(Action::Newest) if is_away(chat) => move_by(app, ScrollStep::Newest, effects),
        Some(Action::NextRoom) => chat.go(next(chat, 1)),
        Some(Action::PreviousRoom) => chat.go(next(chat, chat.rooms().len() - 1)),
        Some(Action::RoomByNumber) => chat.go(number),
        Some(Action::NextUnread) => next_unread(chat),
        Some(Action::FirstUnread) => select::first_unread(app, effects),
        Some(Action::SwitchRoom) => chat.overlay = Some(Overlay::Switcher(Switcher::default())),
        Some(Action::SelectUp) => select::select(app, true, effects),
        Some(Action::SelectDown) => select::select(app, false, effects),
        Some(Action::Reply) => report(app, select::reply),
        Some(Action::EditMessage) => report(app, select::edit),
        Some(Action::CopyMessage) => select::copy(app, effects),
        Some(Action::Retry) => sending::retry(app, effects),
        Some(Action::Cancel) => cancel(chat, now),
        Some(Action::OpenEditor) => {
            let room = chat.current();
            let (room, text) = (room.name.clone(), room.input.text().to_owned());
            effects.push(Effect::OpenEditor { room, text });
        }
        Some(Action::NewLine) => {
            chat.current_mut().input.insert("\n");
        }
        Some(Action::Send) => enter::enter(app, effects),
        Some(Action::HistoryBack) => up(chat),
        Some(Action::HistoryForward) => down(chat),
        Some(Action::Complete) => complete::complete(chat, false),
        Some(Action::CompleteBack) => complete::complete(chat, true),
        Some(Action::Newest) => {
            edit(&mut chat.current_mut().input, Action::LineEnd);
        }
        action => {
            let press = Press::of(key);
            type_or_edit(&mut chat.current_mut().input, press, action);
            chat.save_due = chat.save_due.max_by(now);
            if press.typed().is_some() {
                upkeep::typing(app, effects);
            }
        }
    }
}

fn is_away(chat: &Chat) -> bool {
    chat.current().is_scrolled() || !chat.current().is_live()
}

pub(super) fn move_by(app: &mut App, by: ScrollStep, effects: &mut Effects) {
    let wants = scroll(app, by);
    if wants.older {
        pages::fetch_older(app, effects);
    }
    if wants.newer {
        pages::fetch_newer(app, effects);
    }
    if let Screen::Chat(chat) = &mut app.screen {
        chat.current_mut().trim();
    }
}

fn report(app: &mut App, act: impl FnOnce(&mut Chat) -> Result<(), String>) {
    if let Screen::Chat(chat) = &mut app.screen
        && let Err(notice) = act(chat)
    {
        chat.notice = Some(notice);
    }
}

fn cancel(chat: &mut Chat, now: TimestampMs) {
    let room = chat.current_mut();
    room.selected = None;
    match room.compose {
        Compose::Edit(_) => room.give_back(),
        Compose::New | Compose::Reply(_) => room.compose = Compose::New,
    }
    chat.save_due = chat.save_due.max_by(now);
}

fn next(chat: &Chat, step: usize) -> usize {
    (chat.current_index() + step) % chat.rooms().len()
}

/// Goes to the next room with a mention or a direct message, otherwise to the next unread one.
fn next_unread(chat: &mut Chat) {
    let count = chat.rooms().len();
    let others = (1..count).map(|step| (chat.current_index() + step) % count);
    let is_urgent = |index: &usize| {
        let room = &chat.rooms()[*index];
        room.mentions() > 0 || (room.is_direct() && room.unread() > 0)
    };
    let is_new = |index: &usize| chat.rooms()[*index].unread() > 0;
    match others
        .clone()
        .find(is_urgent)
        .or_else(|| others.clone().find(is_new))
    {
        Some(index) => chat.go(index),
        None => chat.notice = Some(messages::NOTHING_UNREAD_ELSEWHERE.to_owned()),
    }
}

/// Handles the Up key: goes to the line above, then into the history. The typed text comes back with
/// Down, or once the recalled line is sent.
fn up(chat: &mut Chat) {
    let room = chat.current_mut();
    if room.input.up() || matches!(room.compose, Compose::Edit(_)) {
        return;
    }
    let at = room.recalled.as_ref().map(|recalled| recalled.at);
    if let Some((at, line)) = chat.history.older(at) {
        let line = line.clone();
        chat.current_mut().recall(at, &line);
    }
}

fn down(chat: &mut Chat) {
    let room = chat.current_mut();
    if room.input.down() {
        return;
    }
    let Some(at) = room.recalled.as_ref().map(|recalled| recalled.at) else {
        return;
    };
    match chat.history.newer(at) {
        Some((at, line)) => {
            let line = line.clone();
            chat.current_mut().recall(at, &line);
        }
        None => chat.current_mut().end_recall(),
    }
}
