//! The keys of what covers the chat: the room switcher, a search, a question.

use chat_shared::Username;
use chat_shared::limits::QUERY_CHARS_MAX;
use chat_shared::protocol::Search;
use crossterm::event::{KeyCode, KeyEvent};

use super::arguments::room_name;
use super::editing::type_or_edit;
use super::{Effect, Effects, enter, paste, select};
use crate::keys::{Action, Press};
use crate::messages::chat as messages;
use crate::state::{App, Chat, Overlay, Screen, SearchView, Switcher};

/// Messages per page of a search.
const FOUND_PAGE: u32 = 50;

/// Results of a search that are kept; a narrower search finds the rest.
const FOUND_MAX: usize = 1_000;

pub(super) fn on_key(app: &mut App, key: KeyEvent, effects: &mut Effects) {
    let action = app.keys.action(key).map(|(action, _)| action);
    let now = app.now;
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let closes = matches!(action, Some(Action::Cancel | Action::SwitchRoom));
    match chat.overlay.take() {
        _ if closes => {}
        Some(Overlay::Paste { text, lines }) => match key.code {
            KeyCode::Enter | KeyCode::Char('y') => {
                paste(chat, &text);
                chat.save_due = chat.save_due.max_by(now);
            }
            KeyCode::Char('n') => {}
            _ => chat.overlay = Some(Overlay::Paste { text, lines }),
        },
        Some(Overlay::Split { parts }) => match key.code {
            KeyCode::Enter | KeyCode::Char('y') => enter::enter_in_parts(app, effects),
            KeyCode::Char('n') => {}
            _ => chat.overlay = Some(Overlay::Split { parts }),
        },
        Some(Overlay::Switcher(switcher)) => on_switcher_key(chat, switcher, key, action),
        Some(Overlay::Search(view)) => on_search_key(app, view, key, effects),
        None => {}
    }
}

fn on_switcher_key(chat: &mut Chat, mut switcher: Switcher, key: KeyEvent, action: Option<Action>) {
    let found = switcher.rooms(chat);
    let last = found.len().saturating_sub(1);
    match key.code {
        KeyCode::Enter => {
            if let Some(index) = found.get(switcher.selected) {
                chat.go(*index);
            }
            return;
        }
        KeyCode::Up => switcher.selected = switcher.selected.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => switcher.selected = (switcher.selected + 1).min(last),
        _ => {
            if type_or_edit(&mut switcher.query, Press::of(key), action) {
                switcher.selected = 0;
            }
        }
    }
    chat.overlay = Some(Overlay::Switcher(switcher));
}

/// Starts a search: words, `in:ROOM`, `from:USER`.
pub(super) fn search(chat: &mut Chat, argument: &str, effects: &mut Effects) -> Result<(), String> {
    let mut search = Search {
        limit: Some(FOUND_PAGE),
        ..Search::default()
    };
    let mut words = Vec::new();
    for word in argument.split_whitespace() {
        if let Some(name) = word.strip_prefix("in:") {
            search.room = Some(match name {
                "." => chat.current().name.clone(),
                name => room_name(name, "in:")?,
            });
        } else if let Some(name) = word.strip_prefix("from:") {
            search.from = Some(Username::existing(name.trim_start_matches('@')));
        } else {
            words.push(word);
        }
    }
    search.query = words.join(" ");
    if search.query.is_empty() {
        return Err(messages::SEARCH_NEEDS_WORDS.to_owned());
    }
    if search.query.chars().count() > QUERY_CHARS_MAX {
        return Err(messages::query_too_long());
    }
    chat.searches += 1;
    let number = chat.searches;
    effects.push(Effect::Search {
        search: search.clone(),
        number,
    });
    chat.overlay = Some(Overlay::Search(SearchView {
        search,
        found: Vec::new(),
        selected: 0,
        busy: true,
        cursor: None,
        error: None,
        number,
    }));
    Ok(())
}

fn on_search_key(app: &mut App, mut view: SearchView, key: KeyEvent, effects: &mut Effects) {
    let page = usize::from(app.size.rows.saturating_sub(4).max(1));
    let last = view.found.len().saturating_sub(1);
    match key.code {
        KeyCode::Enter => return go_to_found(app, &view, effects),
        KeyCode::Up => view.selected = view.selected.saturating_sub(1),
        KeyCode::Down => view.selected = (view.selected + 1).min(last),
        KeyCode::PageUp => view.selected = view.selected.saturating_sub(page),
        KeyCode::PageDown => view.selected = (view.selected + page).min(last),
        KeyCode::Home => view.selected = 0,
        KeyCode::End => view.selected = last,
        _ => {}
    }
    let wants_more = view.selected == last && view.found.len() < FOUND_MAX;
    if wants_more && !view.busy && view.cursor.is_some() {
        (view.busy, view.error) = (true, None);
        let search = Search {
            cursor: view.cursor.clone(),
            ..view.search.clone()
        };
        effects.push(Effect::Search {
            search,
            number: view.number,
        });
    }
    if let Screen::Chat(chat) = &mut app.screen {
        chat.overlay = Some(Overlay::Search(view));
    }
}

fn go_to_found(app: &mut App, view: &SearchView, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let Some(message) = view.found.get(view.selected) else {
        return;
    };
    if chat.room(&message.room).is_none() {
        chat.notice = Some(messages::not_in_room(&message.room));
        return;
    }
    chat.go_to(&message.room);
    chat.current_mut().selected = Some(message.seq);
    select::jump(app, message.seq, effects);
}
