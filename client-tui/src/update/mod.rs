//! What an event does to the state, and what is to be done about it outside. No input or output
//! happens here: effects are carried out by [`crate::run`].

mod chat_keys;
mod commands;
mod editing;
mod log_in;
mod net;
mod scroll;
#[cfg(test)]
mod tests;

use chat_shared::client::{CommandError, Event as SdkEvent};
use chat_shared::protocol::{Ack, HistoryPage, MembersPage};
use chat_shared::{Nonce, RoomName, Seq, TimestampMs, Username};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::state::{App, Chat, LogIn, Screen, Size};

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    Key(KeyEvent),
    Paste(String),
    Resize(Size),
    /// Time went by that the screen shows.
    Clock,
    /// A session began; `warning` says what went wrong beside that.
    LoggedIn {
        username: Username,
        warning: Option<String>,
    },
    /// It did not begin, and why.
    LogInFailed(String),
    Sdk(SdkEvent),
    Sent {
        room: RoomName,
        nonce: Nonce,
        result: Result<Ack, CommandError>,
    },
    History {
        page: PageAsk,
        result: Result<HistoryPage, CommandError>,
    },
    Members {
        room: RoomName,
        result: Result<MembersPage, CommandError>,
    },
    Joined {
        room: RoomName,
        result: Result<(), CommandError>,
    },
    Left {
        room: RoomName,
        result: Result<(), CommandError>,
    },
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    /// Draw everything anew.
    Redraw,
    Suspend,
    LogIn {
        name: String,
        password: Password,
        sign_up: bool,
    },
    /// The session is over: forget its token.
    ForgetSession {
        username: Username,
    },
    Send {
        room: RoomName,
        nonce: Nonce,
        text: String,
    },
    FetchHistory(PageAsk),
    FetchMembers(RoomName),
    Join(RoomName),
    Leave(RoomName),
}

/// A page of history that is asked for: the newest, or those before a seq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageAsk {
    pub(crate) room: RoomName,
    pub(crate) before: Option<Seq>,
    pub(crate) generation: u64,
}

/// Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(pub(crate) String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

pub(crate) use log_in::submit as submit_log_in;
pub(crate) use net::{PAGE_LINES_MAX, settle};

pub(crate) type Effects = Vec<Effect>;

pub(crate) fn update(app: &mut App, event: Event, now: TimestampMs) -> Effects {
    app.now = now;
    let mut effects = Effects::new();
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => {}
        Event::Key(key) => on_key(app, key, &mut effects),
        Event::Paste(text) => on_paste(app, &text),
        Event::Resize(size) => app.size = size,
        Event::Clock => {}
        Event::LoggedIn { username, warning } => {
            let mut chat = Chat::new(username);
            if let Some(warning) = warning {
                chat.current_mut().timeline.local(now, warning, true);
            }
            app.screen = Screen::Chat(Box::new(chat));
        }
        Event::LogInFailed(error) => {
            if let Screen::LogIn(form) = &mut app.screen {
                (form.busy, form.error) = (false, Some(error));
            }
        }
        event => net::on_net(app, event, &mut effects),
    }
    effects
}

/// When the screen changes by itself next: each second while it counts down to a reconnect.
pub(crate) fn next_change(app: &App, now: TimestampMs) -> Option<TimestampMs> {
    let Screen::Chat(chat) = &app.screen else {
        return None;
    };
    let left = chat.link.wait_ms(now)?;
    // The count shown is of begun seconds; it changes when a whole one is left.
    Some(now + (left - 1) % 1_000 + 1)
}

fn on_key(app: &mut App, key: KeyEvent, effects: &mut Effects) {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && key.code == KeyCode::Char('c') {
        return on_ctrl_c(app, effects);
    }
    app.leaving = false;
    if let Screen::Chat(chat) = &mut app.screen {
        chat.notice = None;
    }
    match key.code {
        KeyCode::Char('l') if control => effects.push(Effect::Redraw),
        KeyCode::Char('z') if control => effects.push(Effect::Suspend),
        KeyCode::F(1) => app.help = if app.help.is_some() { None } else { Some(0) },
        _ if app.help.is_some() => on_help_key(app, key),
        _ => match app.screen {
            Screen::LogIn(_) => log_in::on_key(app, key, effects),
            Screen::Chat(_) => chat_keys::on_key(app, key, effects),
        },
    }
}

/// The first clears what is being typed; with nothing to clear, two leave.
fn on_ctrl_c(app: &mut App, effects: &mut Effects) {
    if app.leaving {
        effects.push(Effect::Quit);
        return;
    }
    app.leaving = true;
    app.help = None;
    match &mut app.screen {
        Screen::LogIn(form) => log_in::clear_field(form),
        Screen::Chat(chat) => {
            let input = &mut chat.current_mut().input;
            if !input.is_empty() {
                input.set("");
            }
            chat.notice = None;
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

fn on_paste(app: &mut App, text: &str) {
    app.leaving = false;
    match &mut app.screen {
        Screen::LogIn(form) => log_in::on_paste(form, text),
        Screen::Chat(chat) => {
            if !chat.current_mut().input.insert(text) {
                chat.notice = Some("That is too much to paste into a message.".to_owned());
            }
        }
    }
}

/// The first screen, where a session has ended or none is.
fn to_log_in(app: &mut App, user: &Username, error: String) {
    app.screen = Screen::LogIn(LogIn::new(Some(user.as_str()), Some(error)));
}
