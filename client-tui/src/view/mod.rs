//! Draws the state, and never changes it.
//!
//! [`draw`] chooses the screen; `chat` draws the chat, [`Rows`] turns timeline lines into rows,
//! [`areas`] is the layout that drawing, scrolling and clicks share.

mod areas;
mod chat;
mod help;
#[cfg(test)]
mod hostile;
mod links;
mod rows;
mod search;
mod sidebars;
mod sign_in;
mod switcher;
#[cfg(test)]
mod tests;
mod theme;
#[cfg(test)]
mod vectors;

use ratatui::Frame;

pub(crate) use areas::areas;
pub(crate) use help::help_rows;
pub(crate) use links::{Links, number_of};
pub(crate) use rows::Rows;
pub(crate) use sidebars::rooms_skipped;
use theme::Theme;

use crate::state::{App, Screen};

/// Draws the screen and returns the visible links.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) -> Links {
    let theme = Theme::of(app);
    let links = match &app.screen {
        Screen::SignIn(form) => {
            sign_in::draw(frame, app, form, theme);
            Links::default()
        }
        Screen::Chat(chat) => chat::draw(frame, app, chat, theme),
    };
    if let Some(from) = app.help {
        help::draw(frame, app, from, theme);
    }
    links
}
