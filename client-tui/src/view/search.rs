//! Draws the results of a search.

use chat_shared::protocol::ChatEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use super::rows::{cut, local, on_one_line};
use super::theme::Theme;
use crate::messages::chat as messages;
use crate::state::{App, Screen, SearchView};
use crate::text::width;

/// Draws the results in place of the timeline.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, view: &SearchView, theme: Theme) {
    let columns = usize::from(area.width);
    let heading = messages::search_title(&view.search.query);
    let mut lines = vec![Line::styled(cut(&heading, columns), theme.bold())];
    let list = usize::from(area.height).saturating_sub(2).max(1);
    let skip = (view.selected + 1).saturating_sub(list);
    let found = view.found.iter().enumerate().skip(skip).take(list);
    lines.extend(
        found.map(|(place, message)| row(app, message, place == view.selected, columns, theme)),
    );
    let foot = match (&view.error, view.busy) {
        (Some(error), _) => Some(Line::styled(cut(error, columns), theme.error())),
        (None, true) => Some(Line::styled(messages::SEARCHING, theme.dim())),
        (None, false) if view.found.is_empty() => {
            Some(Line::styled(messages::NOTHING_FOUND, theme.dim()))
        }
        (None, false) if view.cursor.is_some() => {
            Some(Line::styled(messages::MORE_RESULTS, theme.dim()))
        }
        (None, false) => None,
    };
    lines.extend(foot);
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
}

fn row(
    app: &App,
    message: &ChatEvent,
    selected: bool,
    columns: usize,
    theme: Theme,
) -> Line<'static> {
    let time = local(&app.zone, message.ts);
    let room = match &app.screen {
        Screen::Chat(chat) => chat.room(&message.room).map(|room| room.title().to_owned()),
        Screen::SignIn(_) => None,
    };
    let room = room.unwrap_or_else(|| message.room.to_string());
    let mark = if selected { "> " } else { "  " };
    let head = format!("{} {room} ", time.strftime("%Y-%m-%d %H:%M"));
    let head = cut(&head, columns / 2);
    let name = cut(message.username.as_str(), columns / 4);
    let used = width(mark) + width(&head) + width(&name) + 2;
    let text = cut(&on_one_line(&message.message), columns.saturating_sub(used));
    let style = if selected {
        theme.bold()
    } else {
        theme.plain()
    };
    Line::from(vec![
        Span::styled(mark, theme.accent()),
        Span::styled(head, theme.dim()),
        Span::styled(name, theme.username(&message.username)),
        Span::styled(": ", theme.dim()),
        Span::styled(text, style),
    ])
}
