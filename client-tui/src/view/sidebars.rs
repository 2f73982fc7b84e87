//! Draws the room list on the left and the member list on the right.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::rows::cut;
use super::theme::Theme;
use crate::messages::chat as messages;
use crate::state::{Chat, Room, full_name, listed, mark};
use crate::text::width;

pub(super) fn rooms(frame: &mut Frame<'_>, area: Rect, chat: &Chat, theme: Theme) {
    let columns = usize::from(area.width).saturating_sub(2);
    let height = usize::from(area.height);
    let skip = rooms_skipped(area, chat);
    let rooms = chat.rooms().iter().enumerate();
    let lines = rooms.skip(skip).take(height).map(|(index, room)| {
        let current = index == chat.current_index();
        let number = if index < 9 {
            format!("{} ", index + 1)
        } else {
            "  ".to_owned()
        };
        let unread = unread(room);
        let sigil = if room.is_direct() { "@" } else { "" };
        let title = format!("{sigil}{}", room.title());
        let used = 1 + number.len() + unread.len();
        let name = cut(&title, columns.saturating_sub(used));
        let style = match (current, room.unread()) {
            (true, _) => theme.accent().patch(theme.bold()),
            (false, 0) => theme.plain(),
            (false, _) => theme.bold(),
        };
        let mark = if current { ">" } else { " " };
        let gap = columns.saturating_sub(used + width(&name));
        let unread_style = if room.mentions() > 0 {
            theme.error()
        } else {
            theme.warning()
        };
        Line::from(vec![
            Span::styled(mark, theme.accent()),
            Span::styled(number, theme.dim()),
            Span::styled(name, style),
            Span::raw(" ".repeat(gap)),
            Span::styled(unread, unread_style.patch(theme.bold())),
        ])
    });
    let mut lines: Vec<Line<'_>> = lines.collect();
    let (above, rest) = chat.rooms().split_at(skip.min(chat.rooms().len()));
    let below = rest.get(height..).unwrap_or_default();
    let mut tell = |mark, hidden: &[Room], row: Option<usize>| {
        if let Some(text) = hidden_news(mark, hidden)
            && let Some(line) = row.and_then(|row| lines.get_mut(row))
        {
            *line = Line::styled(cut(&text, columns), theme.warning());
        }
    };
    tell("▲", above, Some(0));
    tell("▼", below, height.checked_sub(1));
    let width = area.width - 2;
    frame.render_widget(Paragraph::new(lines), Rect { width, ..area });
    rule(frame, area.right() - 2, area, theme);
}

/// The number of rooms above the visible part of the list, which always includes the current room
/// and leaves a row below it for the line about the rooms further down.
pub(crate) fn rooms_skipped(area: Rect, chat: &Chat) -> usize {
    let shown_up_to = (chat.current_index() + 2).min(chat.rooms().len());
    shown_up_to.saturating_sub(usize::from(area.height))
}

/// Says that there is news in rooms beyond an edge of the list.
fn hidden_news(mark: &str, hidden: &[Room]) -> Option<String> {
    let unread = hidden.iter().filter(|room| room.unread() > 0);
    let (all, mine) = unread.fold((0, 0), |(all, mine), room| {
        let is_mine = room.mentions() > 0 || room.is_direct();
        (all + 1, mine + usize::from(is_mine))
    });
    (all > 0).then(|| messages::hidden_news(mark, all, mine))
}

/// The unread count: ` 3`, or ` 1@3` if one of them mentions the user; `!` if a message of the user
/// was refused.
fn unread(room: &Room) -> String {
    let failed = room.pending.iter().any(|line| line.failed().is_some());
    let failed = if failed { "!" } else { "" };
    match (room.unread(), room.mentions()) {
        (0, _) if failed.is_empty() => String::new(),
        (0, _) => format!(" {failed}"),
        (unread, 0) => format!(" {unread}{failed}"),
        (unread, mentions) => format!(" {mentions}@{unread}{failed}"),
    }
}

pub(super) fn members(frame: &mut Frame<'_>, area: Rect, room: &Room, theme: Theme) {
    rule(frame, area.x + 1, area, theme);
    let area = Rect {
        x: area.x + 3,
        width: area.width - 3,
        ..area
    };
    let columns = usize::from(area.width);
    let heading = |text: String| Line::styled(text, theme.dim());
    let mut lines = vec![heading(messages::online(room.online()))];
    let list = |online| {
        let people = room.people();
        people.map_or_else(Vec::new, |people| listed(people, online))
    };
    lines.extend(list(true).into_iter().map(|member| {
        let bot = if member.bot { " [bot]" } else { "" };
        let text = format!("{}{}{bot}", mark(member), full_name(member));
        Line::styled(cut(&text, columns), theme.username(&member.username))
    }));
    let offline = list(false);
    if !offline.is_empty() {
        lines.push(Line::raw(""));
        lines.push(heading(messages::offline(offline.len())));
        lines.extend(offline.into_iter().map(|member| {
            let text = format!("{}{}", mark(member), full_name(member));
            heading(cut(&text, columns))
        }));
    }
    let height = usize::from(area.height);
    if lines.len() > height && height > 0 {
        let left = lines.len() - (height - 1);
        lines.truncate(height - 1);
        lines.push(heading(messages::more_members(left)));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn rule(frame: &mut Frame<'_>, x: u16, area: Rect, theme: Theme) {
    let lines = vec![Line::styled("│", theme.dim()); usize::from(area.height)];
    let width = 1;
    frame.render_widget(Paragraph::new(lines), Rect { x, width, ..area });
}
