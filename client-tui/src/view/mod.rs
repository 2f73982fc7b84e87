//! Draws the state. Nothing here changes it.

mod areas;
mod chat;
mod help;
mod log_in;
mod rows;
#[cfg(test)]
mod tests;
mod theme;

use ratatui::Frame;

pub(crate) use areas::areas;
pub(crate) use help::help_rows;
pub(crate) use rows::Rows;
use theme::Theme;

use crate::state::{App, Screen};

pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let theme = Theme {
        colours: app.colours,
    };
    match &app.screen {
        Screen::LogIn(form) => log_in::draw(frame, app, form, theme),
        Screen::Chat(chat) => chat::draw(frame, app, chat, theme),
    }
    if let Some(from) = app.help {
        help::draw(frame, app, from, theme);
    }
}
