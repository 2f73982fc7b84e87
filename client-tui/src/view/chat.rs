use chat_shared::TimestampMs;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::areas::{Areas, PROMPT, areas, cursor_at, input_rows};
use super::rows::{Rows, cut};
use super::theme::Theme;
use crate::state::{App, Chat, Key, Link, Older, Room, Scroll};
use crate::text::{harmless, width};

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, chat: &Chat, theme: Theme) {
    let areas = areas(app.size, chat);
    title(frame, &areas, chat, theme);
    timeline(frame, areas.timeline, app, chat, theme);
    if let Some(area) = areas.rooms {
        rooms(frame, area, chat, theme);
    }
    if let Some(area) = areas.members {
        members(frame, area, chat.current(), theme);
    }
    status(frame, areas.status, app, chat, theme);
    input(frame, &areas, chat, theme);
}

fn title(frame: &mut Frame<'_>, areas: &Areas, chat: &Chat, theme: Theme) {
    let (area, room) = (areas.title, chat.current());
    let columns = usize::from(area.width);
    // Beside the names of those who are online their number need not stand here too.
    let online = match room.members.online {
        online if online > 0 && areas.members.is_none() => format!(" {online} online"),
        _ => String::new(),
    };
    let left = columns.saturating_sub(online.len());
    let name = cut(room.title(), left);
    let topic = room.info.as_ref().map_or("", |info| info.topic.as_str());
    let topic = if topic.is_empty() {
        String::new()
    } else {
        format!("  {topic}")
    };
    let topic = cut(&topic, left.saturating_sub(width(&name)));
    let gap = left.saturating_sub(width(&name) + width(&topic));
    let line = Line::from(vec![
        Span::styled(name, theme.bold()),
        Span::styled(topic, theme.dim()),
        Span::raw(" ".repeat(gap)),
        Span::styled(online, theme.dim()),
    ]);
    frame.render_widget(line, area);
}

fn timeline(frame: &mut Frame<'_>, area: Rect, app: &App, chat: &Chat, theme: Theme) {
    let rows = Rows::new(app, &chat.me, area.width);
    let room = chat.current();
    let height = usize::from(area.height);
    let mut shown = visible(room, &rows, height);
    let hint = match room.timeline.older {
        Older::Loading => "loading older messages …",
        Older::Failed => "older messages could not be loaded; PgUp tries again",
        Older::More | Older::None => "",
    };
    // The hint stands where there is room for it: above the first line.
    if shown.len() < height && !hint.is_empty() {
        shown.insert(0, Line::styled(hint, theme.dim()));
    }
    let top = area
        .height
        .saturating_sub(u16::try_from(shown.len()).unwrap_or(u16::MAX));
    let area = Rect {
        y: area.y + top,
        height: area.height - top,
        ..area
    };
    frame.render_widget(Paragraph::new(shown), area);
}

/// The rows on the screen, from the top.
fn visible(room: &Room, rows: &Rows<'_>, height: usize) -> Vec<Line<'static>> {
    let (from, mut hidden) = match room.scroll {
        Scroll::Newest => (Key::MAX, 0),
        Scroll::At { key, hidden, .. } => (key, hidden),
    };
    let mut upwards: Vec<Line<'static>> = Vec::new();
    let mut lines = room.up_from(from).peekable();
    while let Some((key, shown)) = lines.next() {
        if upwards.len() >= height {
            break;
        }
        let above: Option<TimestampMs> = lines.peek().map(|(_, above)| above.ts());
        let mut of = rows.of(shown, above);
        if key == from {
            // Resized, the line may have fewer rows than were hidden; one of them stays.
            of.truncate(of.len().saturating_sub(hidden).max(1));
        }
        hidden = 0;
        upwards.extend(of.into_iter().rev());
    }
    upwards.truncate(height);
    upwards.reverse();
    upwards
}

fn rooms(frame: &mut Frame<'_>, area: Rect, chat: &Chat, theme: Theme) {
    let columns = usize::from(area.width).saturating_sub(2);
    let height = usize::from(area.height);
    let skip = (chat.current_index() + 1).saturating_sub(height);
    let lines = chat
        .rooms()
        .iter()
        .enumerate()
        .skip(skip)
        .take(height)
        .map(|(index, room)| {
            let current = index == chat.current_index();
            let number = if index < 9 {
                format!("{} ", index + 1)
            } else {
                "  ".to_owned()
            };
            let unread = if room.unread > 0 {
                format!(" {}", room.unread)
            } else {
                String::new()
            };
            let name = cut(
                room.title(),
                columns.saturating_sub(number.len() + unread.len() + 1),
            );
            let style = match (current, room.unread) {
                (true, _) => theme.accent().patch(theme.bold()),
                (false, 0) => theme.plain(),
                (false, _) => theme.bold(),
            };
            let mark = if current { ">" } else { " " };
            let used = 1 + number.len() + width(&name) + unread.len();
            Line::from(vec![
                Span::styled(mark, theme.accent()),
                Span::styled(number, theme.dim()),
                Span::styled(name, style),
                Span::raw(" ".repeat(columns.saturating_sub(used))),
                Span::styled(unread, theme.warning().patch(theme.bold())),
            ])
        });
    let lines: Vec<Line<'_>> = lines.collect();
    frame.render_widget(
        Paragraph::new(lines),
        Rect {
            width: area.width - 2,
            ..area
        },
    );
    rule(frame, area.right() - 2, area, theme);
}

fn members(frame: &mut Frame<'_>, area: Rect, room: &Room, theme: Theme) {
    rule(frame, area.x + 1, area, theme);
    let area = Rect {
        x: area.x + 3,
        width: area.width - 3,
        ..area
    };
    let columns = usize::from(area.width);
    let heading = |text: String| Line::styled(text, theme.dim());
    let mut lines = vec![heading(format!("{} online", room.members.online))];
    let online = room.members.names(true);
    lines.extend(online.map(|name| Line::styled(cut(name.as_str(), columns), theme.nick(name))));
    let offline: Vec<_> = room.members.names(false).collect();
    if !offline.is_empty() {
        lines.push(Line::raw(""));
        lines.push(heading(format!("{} offline", offline.len())));
        lines.extend(
            offline
                .iter()
                .map(|name| heading(cut(name.as_str(), columns))),
        );
    }
    let height = usize::from(area.height);
    if lines.len() > height && height > 0 {
        let left = lines.len() - (height - 1);
        lines.truncate(height - 1);
        lines.push(heading(format!("… {left} more")));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn rule(frame: &mut Frame<'_>, x: u16, area: Rect, theme: Theme) {
    let lines = vec![Line::styled("│", theme.dim()); usize::from(area.height)];
    frame.render_widget(
        Paragraph::new(lines),
        Rect {
            x,
            width: 1,
            ..area
        },
    );
}

/// One row: who and where, how the connection is, and what there is to say just now.
fn status(frame: &mut Frame<'_>, area: Rect, app: &App, chat: &Chat, theme: Theme) {
    let columns = usize::from(area.width);
    let (link, link_style) = link(app, chat, theme);
    let who = format!("{} @ {}", harmless(chat.me.as_str()), harmless(&app.server));
    let (word, word_style) = word(app, chat, theme);
    // What matters most keeps its place where there is little.
    let mut left = columns.saturating_sub(4);
    let mut take = |text: String| {
        let text = cut(&text, left);
        left = left.saturating_sub(width(&text) + 4);
        text
    };
    let (link, word, who) = (take(link), take(word), take(who));
    let mut spans = vec![Span::styled("── ", theme.dim())];
    spans.push(Span::styled(link, link_style));
    if who.chars().count() > 3 {
        spans.extend([
            Span::styled(" ── ", theme.dim()),
            Span::styled(who, theme.plain()),
        ]);
    }
    spans.push(Span::raw(" "));
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    let end = if word.is_empty() { 0 } else { width(&word) + 4 };
    spans.push(Span::styled(
        "─".repeat(columns.saturating_sub(used + end)),
        theme.dim(),
    ));
    if !word.is_empty() {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(word, word_style));
        spans.push(Span::styled(" ──", theme.dim()));
    }
    frame.render_widget(Line::from(spans), area);
}

fn link(app: &App, chat: &Chat, theme: Theme) -> (String, Style) {
    match &chat.link {
        Link::Connecting => ("connecting …".to_owned(), theme.warning()),
        Link::Live => ("connected".to_owned(), theme.good()),
        Link::Waiting { why, .. } => {
            let when = match chat.link.wait_ms(app.now) {
                Some(left) => format!("reconnecting in {} s", left.div_ceil(1_000)),
                None => "reconnecting …".to_owned(),
            };
            (format!("{when}: {why}"), theme.warning())
        }
        Link::Ended { why } => (format!("disconnected: {why}"), theme.error()),
    }
}

fn word(app: &App, chat: &Chat, theme: Theme) -> (String, Style) {
    if app.leaving {
        return ("Ctrl-C again leaves".to_owned(), theme.warning());
    }
    if let Some(notice) = &chat.notice {
        return (notice.clone(), theme.error());
    }
    match chat.current().scroll {
        Scroll::At { .. } if chat.current().timeline.older == Older::Loading => {
            ("loading older messages …".to_owned(), theme.dim())
        }
        Scroll::At { new: 0, .. } => ("End: newest".to_owned(), theme.dim()),
        Scroll::At { new, .. } => (format!("{new} new below, End"), theme.accent()),
        Scroll::Newest => ("F1 help".to_owned(), theme.dim()),
    }
}

fn input(frame: &mut Frame<'_>, areas: &Areas, chat: &Chat, theme: Theme) {
    let area = areas.input;
    let editor = &chat.current().input;
    let rows = input_rows(editor, area.width);
    let (row, column) = cursor_at(editor, &rows);
    let height = usize::from(area.height).max(1);
    let skip = (row + 1).saturating_sub(height);
    let lines = rows
        .iter()
        .enumerate()
        .skip(skip)
        .take(height)
        .map(|(index, range)| {
            let head = if index == 0 { PROMPT } else { "  " };
            let text = harmless(&editor.text()[range.clone()]);
            Line::from(vec![Span::styled(head, theme.accent()), Span::raw(text)])
        });
    let lines: Vec<Line<'_>> = lines.collect();
    frame.render_widget(Paragraph::new(lines), area);
    let x = u16::try_from(width(PROMPT) + column).unwrap_or(u16::MAX);
    let y = u16::try_from(row - skip).unwrap_or(0);
    if area.width > 0 && area.height > 0 {
        frame.set_cursor_position((area.x + x.min(area.width - 1), area.y + y));
    }
}
