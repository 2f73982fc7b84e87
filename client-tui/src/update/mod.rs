//! The transition function of the client: [`update`] turns an event into the next state and a list
//! of effects.
//!
//! Nothing here does input or output; [`crate::run`] carries the effects out. `chat_keys` is where
//! a key of the chat screen goes, `server` where the server's frames and answers go, `upkeep` what
//! happens without a key.

mod arguments;
mod chat_keys;
mod commands;
mod complete;
mod editing;
mod effect;
mod enter;
mod frames;
mod mouse;
mod overlays;
mod pages;
mod scroll;
mod select;
mod sending;
mod server;
mod sign_in;
#[cfg(test)]
mod tests;
mod upkeep;

use chat_shared::TimestampMs;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use crate::keys::Action;
use crate::messages::chat as messages;
use crate::state::{App, Chat, Compose, Field, Overlay, SaveDue, Saved, Screen, SignIn};

pub(crate) use effect::{
    AdminAction, Effect, Effects, Event, MouseAction, PageRequest, Password, RoomAction,
};
pub(crate) use pages::PAGE_LINES_MAX;
pub(crate) use sending::send_waiting;
pub(crate) use sign_in::submit as submit_sign_in;
pub(crate) use upkeep::{next_change, settle};

/// Pastes of at least this many lines ask for confirmation.
const PASTE_LINES_ASKED: usize = 200;

/// After this time without a key, paste or click the user counts as away.
const AWAY_AFTER_MS: u64 = 5 * 60 * 1_000;

/// How long another press of Ctrl-C quits.
const QUIT_ARMED_MS: u64 = 3_000;

/// How long a changed draft may wait until it is saved.
const DRAFT_SAVED_AFTER_MS: u64 = 1_000;

pub(crate) fn update(app: &mut App, event: Event, now: TimestampMs) -> Effects {
    app.now = now;
    if matches!(event, Event::Key(_) | Event::Paste(_) | Event::Mouse(_)) {
        app.last_input = now;
    }
    watch(app);
    let mut effects = Effects::new();
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => {}
        Event::Key(key) => on_key(app, key, &mut effects),
        Event::Paste(text) => on_paste(app, text),
        Event::Mouse(mouse) => mouse::on_mouse(app, mouse, &mut effects),
        Event::Resize(size) => app.size = size,
        Event::Focus(focused) => app.focused = focused,
        Event::Clock => {}
        Event::SignedIn {
            username,
            saved,
            warnings,
        } => {
            let mut chat = Chat::new(username);
            saved.restore(&mut chat);
            for warning in warnings {
                chat.current_mut().note(now, warning, true);
            }
            send_waiting(&mut chat, now, &mut effects);
            app.screen = Screen::Chat(Box::new(chat));
        }
        Event::SignInFailed(error) => {
            if let Screen::SignIn(form) = &mut app.screen {
                (form.busy, form.error) = (false, Some(error));
            }
        }
        event => server::on_event(app, event, &mut effects),
    }
    effects
}

fn on_key(app: &mut App, key: KeyEvent, effects: &mut Effects) {
    let action = app.keys.action(key).map(|(action, _)| action);
    if action == Some(Action::Leave) {
        return on_leave(app, effects);
    }
    app.quit_armed_until = None;
    if let Screen::Chat(chat) = &mut app.screen {
        chat.notice = None;
    }
    match action {
        Some(Action::Redraw) => effects.push(Effect::Redraw),
        Some(Action::Suspend) => effects.push(Effect::Suspend),
        Some(Action::Help) => app.help = if app.help.is_some() { None } else { Some(0) },
        _ if app.help.is_some() => on_help_key(app, key),
        _ => match &app.screen {
            Screen::SignIn(_) => sign_in::on_key(app, key, effects),
            Screen::Chat(chat) if chat.overlay.is_some() => overlays::on_key(app, key, effects),
            Screen::Chat(_) => chat_keys::on_key(app, key, effects),
        },
    }
}

/// Closes what covers the chat or clears the input line; with nothing of that left to do, two
/// presses in short succession quit.
fn on_leave(app: &mut App, effects: &mut Effects) {
    if app.is_quit_armed() {
        effects.push(Effect::Quit);
    } else if !clear(app) {
        app.quit_armed_until = Some(app.now.saturating_add(QUIT_ARMED_MS));
    }
}

/// Returns false if there was nothing to close or to clear.
fn clear(app: &mut App) -> bool {
    if app.help.take().is_some() {
        return true;
    }
    match &mut app.screen {
        Screen::SignIn(form) => sign_in::clear_field(form),
        Screen::Chat(chat) => {
            chat.notice = None;
            if chat.overlay.take().is_some() {
                return true;
            }
            let room = chat.current_mut();
            let holds =
                room.selected.is_some() || room.compose != Compose::New || !room.input.is_empty();
            room.selected = None;
            if matches!(room.compose, Compose::Edit(_)) {
                room.give_back();
            } else {
                room.end_recall();
                room.compose = Compose::New;
                if !room.input.is_empty() {
                    room.input.set("");
                }
            }
            chat.save_due = chat.save_due.max_by(app.now);
            holds
        }
    }
}

fn on_help_key(app: &mut App, key: KeyEvent) {
    let at = app.help.unwrap_or_default();
    let page = app.size.rows.saturating_sub(3).max(1);
    app.help = match key.code {
        KeyCode::Up => Some(at.saturating_sub(1)),
        KeyCode::Down => Some(at + 1),
        KeyCode::PageUp => Some(at.saturating_sub(page)),
        KeyCode::PageDown => Some(at + page),
        _ => None,
    };
    let last = crate::view::help_rows(app).saturating_sub(page);
    app.help = app.help.map(|at| at.min(last));
}

fn on_paste(app: &mut App, text: String) {
    app.quit_armed_until = None;
    match &mut app.screen {
        Screen::SignIn(form) => sign_in::on_paste(form, &text),
        Screen::Chat(chat) => {
            let lines = text.lines().count().max(text.split('\r').count());
            if let Some(Overlay::Switcher(switcher)) = &mut chat.overlay {
                switcher.query.insert(&text.replace(['\r', '\n'], " "));
            } else if lines >= PASTE_LINES_ASKED {
                chat.overlay = Some(Overlay::Paste { text, lines });
            } else {
                paste(chat, &text);
                chat.save_due = chat.save_due.max_by(app.now);
            }
        }
    }
}

fn paste(chat: &mut Chat, text: &str) {
    chat.completion = None;
    if !chat.current_mut().input.insert(text) {
        chat.notice = Some(messages::TOO_LONG_TO_PASTE.to_owned());
    }
}

impl SaveDue {
    /// A draft changed at `now`.
    fn max_by(self, now: TimestampMs) -> Self {
        match self {
            Self::Nothing => Self::ScrollStep(now.saturating_add(DRAFT_SAVED_AFTER_MS)),
            other => other,
        }
    }
}

/// Notes whether the user can see what arrives in the current room.
fn watch(app: &mut App) {
    let is_watched = is_watching(app);
    if let Screen::Chat(chat) = &mut app.screen {
        chat.is_watched = is_watched;
    }
}

/// Returns true if the user can see the current room's timeline: the window has the focus, a key
/// was pressed in the last minutes, and nothing covers the timeline.
pub(crate) fn is_watching(app: &App) -> bool {
    let Screen::Chat(chat) = &app.screen else {
        return false;
    };
    let is_covered = app.help.is_some() || matches!(chat.overlay, Some(Overlay::Search(_)));
    let is_drawn = crate::view::areas(app.size, chat).timeline.height > 0;
    let is_here = app.focused && app.now < app.last_input.saturating_add(AWAY_AFTER_MS);
    is_here && is_drawn && !is_covered
}

/// Saves what was typed and shows the sign-in form, because the session has ended. No field has
/// the focus, so that a user who is typing does not type into the password.
fn to_sign_in(app: &mut App, error: String, effects: &mut Effects) {
    let Screen::Chat(chat) = &app.screen else {
        return;
    };
    let username = chat.me.clone();
    effects.push(Effect::Save {
        username: username.clone(),
        saved: Saved::of(chat),
    });
    let mut form = SignIn::new(Some(username.as_str()), Some(error));
    form.field = Field::Tabs;
    app.screen = Screen::SignIn(Box::new(form));
    effects.push(Effect::ForgetSession { username });
}
