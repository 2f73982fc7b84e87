//! Draws the help: every key and command with its description.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::theme::Theme;
use crate::keys::{BINDINGS, COMMANDS, Group, Press};
use crate::messages::chat as messages;
use crate::state::App;

/// Columns for an action's keys, two of them at most.
const KEYS_COLUMNS: usize = 20;
const BOX_COLUMNS: u16 = 72;

/// The number of rows of the whole help.
pub(crate) fn help_rows(app: &App) -> u16 {
    u16::try_from(rows(app).len()).unwrap_or(u16::MAX)
}

/// Keys and commands with their descriptions; a heading has no keys.
fn rows(app: &App) -> Vec<(String, &'static str)> {
    let mut rows = Vec::new();
    for group in [Group::Message, Group::Chat, Group::Line, Group::Program] {
        if !rows.is_empty() {
            rows.push((String::new(), ""));
        }
        rows.push((String::new(), group.title()));
        for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
            let keys = app.keys.keys(binding.action);
            rows.push((keys_text(keys), binding.what));
        }
    }
    rows.push((String::new(), ""));
    rows.push((String::new(), messages::HELP_COMMANDS));
    rows.extend(
        COMMANDS
            .iter()
            .map(|command| (command.usage(), command.what)),
    );
    let (usage, what) = messages::HELP_SLASH;
    rows.push((usage.to_owned(), what));
    rows
}

fn keys_text(keys: &[Press]) -> String {
    match keys {
        // Alt-1 and eight more.
        [first, .., last] if keys.len() > 4 => format!("{first} … {last}"),
        [first, second, ..] => {
            let both = format!("{first} {second}");
            if both.len() <= KEYS_COLUMNS {
                both
            } else {
                first.to_string()
            }
        }
        [first] => first.to_string(),
        [] => messages::HELP_NO_KEY.to_owned(),
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, from: u16, theme: Theme) {
    let screen = frame.area();
    let width = BOX_COLUMNS.min(screen.width);
    let height = (help_rows(app) + 2).min(screen.height);
    let area = Rect {
        x: (screen.width - width) / 2,
        y: (screen.height - height) / 2,
        width,
        height,
    };
    let more = help_rows(app) > height.saturating_sub(2) + from;
    let foot = if more {
        messages::HELP_MORE
    } else {
        messages::HELP_CLOSE
    };
    let lines = rows(app).into_iter().map(|(keys, what)| {
        if keys.is_empty() {
            return Line::styled(format!(" {what}"), theme.accent().patch(theme.bold()));
        }
        let keys = format!(" {keys:<KEYS_COLUMNS$} ");
        Line::from(vec![Span::styled(keys, theme.bold()), Span::raw(what)])
    });
    let block = Block::bordered()
        .border_style(theme.dim())
        .title(Line::styled(messages::HELP_TITLE, theme.bold()))
        .title_bottom(Line::styled(foot, theme.dim()));
    frame.render_widget(Clear, area);
    let lines: Vec<Line<'_>> = lines.collect();
    frame.render_widget(Paragraph::new(lines).scroll((from, 0)).block(block), area);
}
