//! Draws the chat screen: title, timeline, status row and input line.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::areas::{Areas, areas, cursor_at, input_rows, prompt};
use super::links::Links;
use super::rows::{Rows, cut};
use super::sidebars;
use super::theme::Theme;
use crate::keys::Action;
use crate::messages::chat as messages;
use crate::state::{
    App, Chat, Compose, ConnectionState, Labels, LineKey, More, Overlay, Room, Scroll,
};
use crate::text::{sanitize, width};

/// Rooms with unread messages that the status row lists.
const UNREAD_ROOMS_MAX: usize = 20;

/// Below this width the reason of a lost connection says nothing.
const REASON_COLUMNS_MIN: usize = 16;

/// Completions that the status row lists.
const COMPLETIONS_MAX: usize = 8;

/// Draws the chat screen and returns the visible links.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, chat: &Chat, theme: Theme) -> Links {
    let areas = areas(app.size, chat);
    title(frame, &areas, chat, theme);
    let links = match &chat.overlay {
        Some(Overlay::Search(view)) => {
            super::search::draw(frame, areas.timeline, app, view, theme);
            Links::default()
        }
        _ => timeline(frame, areas.timeline, app, chat, theme),
    };
    if let Some(area) = areas.rooms {
        sidebars::rooms(frame, area, chat, theme);
    }
    if let Some(area) = areas.members {
        sidebars::members(frame, area, chat.current(), theme);
    }
    status(frame, &areas, app, chat, theme);
    input(frame, &areas, chat, theme);
    if let Some(Overlay::Switcher(switcher)) = &chat.overlay {
        super::switcher::draw(frame, chat, switcher, theme);
    }
    links
}

fn title(frame: &mut Frame<'_>, areas: &Areas, chat: &Chat, theme: Theme) {
    let (area, room) = (areas.title, chat.current());
    let columns = usize::from(area.width);
    // The member list already shows the number.
    let online = match room.online() {
        online if online > 0 && areas.members.is_none() => format!(" {}", messages::online(online)),
        _ => String::new(),
    };
    let left = columns.saturating_sub(online.len());
    let name = cut(room.title(), left);
    let topic = room.info().map_or("", |info| info.topic.as_str());
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

fn timeline(frame: &mut Frame<'_>, area: Rect, app: &App, chat: &Chat, theme: Theme) -> Links {
    let rows = Rows::new(app, chat, area.width);
    let room = chat.current();
    let height = usize::from(area.height);
    let mut shown = visible(room, &rows, height);
    let hint = match room.older() {
        More::Loading => messages::LOADING_OLDER,
        More::Failed => messages::OLDER_FAILED,
        More::There | More::None => "",
    };
    // The hint needs a free row above the first line.
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
    rows.links.into_inner()
}

/// The visible rows, from the top.
fn visible(room: &Room, rows: &Rows<'_>, height: usize) -> Vec<Line<'static>> {
    let (from, mut hidden) = match room.scroll {
        Scroll::Newest => (LineKey::MAX, 0),
        Scroll::At { key, hidden, .. } => (key, hidden),
    };
    let mut upwards: Vec<Line<'static>> = Vec::new();
    let mut lines = room.up_from(from).peekable();
    while let Some((key, shown)) = lines.next() {
        if upwards.len() >= height {
            break;
        }
        let above = lines.peek().map(|(key, above)| (*key, above.ts()));
        let mut of = rows.of(key, shown, above);
        if key == from {
            // After a resize the line may have fewer rows than were hidden; keep one.
            of.truncate(of.len().saturating_sub(hidden).max(1));
        }
        hidden = 0;
        upwards.extend(of.into_iter().rev());
    }
    upwards.truncate(height);
    upwards.reverse();
    upwards
}

/// Draws the status row: connection, user and server, and one hint or message.
fn status(frame: &mut Frame<'_>, areas: &Areas, app: &App, chat: &Chat, theme: Theme) {
    let area = areas.status;
    let columns = usize::from(area.width);
    let (link, link_style) = link(app, chat, theme);
    // Without a room list, the unread rooms take the place of the user's name.
    let who = match unread_rooms(chat) {
        Some(unread) if areas.rooms.is_none() => unread,
        _ => format!("{} @ {}", sanitize(chat.me.as_str()), sanitize(&app.server)),
    };
    let (hint, hint_style) = hint(app, chat, theme);
    // On a narrow screen the most important part keeps its place.
    let mut left = columns.saturating_sub(4);
    let mut take = |text: String, columns_min: usize| {
        if left < columns_min {
            return String::new();
        }
        let text = cut(&text, left);
        left = left.saturating_sub(width(&text) + 4);
        text
    };
    let (mut link, hint) = (take(link, 0), take(hint, 0));
    if let Some(why) = messages::connection_lost_because(&chat.connection) {
        // The reason must not hide a question or a notice.
        link += &take(format!(": {why}"), REASON_COLUMNS_MIN);
    }
    let who = take(who, 0);
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
    let end = if hint.is_empty() { 0 } else { width(&hint) + 4 };
    spans.push(Span::styled(
        "─".repeat(columns.saturating_sub(used + end)),
        theme.dim(),
    ));
    if !hint.is_empty() {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(hint, hint_style));
        spans.push(Span::styled(" ──", theme.dim()));
    }
    frame.render_widget(Line::from(spans), area);
}

fn link(app: &App, chat: &Chat, theme: Theme) -> (String, Style) {
    let text = messages::connection(&chat.connection, chat.connection.wait_ms(app.now));
    let style = match &chat.connection {
        ConnectionState::Live => theme.good(),
        ConnectionState::Connecting | ConnectionState::Waiting { .. } => theme.warning(),
        ConnectionState::Ended { .. } => theme.error(),
    };
    (text, style)
}

/// The rooms with unread messages: `new: 2 rust, 3 bob!`; `!` marks a mention.
fn unread_rooms(chat: &Chat) -> Option<String> {
    let rooms = chat.rooms().iter().enumerate();
    let new = rooms.filter(|(index, room)| room.unread() > 0 && *index != chat.current_index());
    let shown = new.map(|(index, room)| {
        let mark = if room.mentions() > 0 { "!" } else { "" };
        format!("{} {}{mark}", index + 1, sanitize(room.title()))
    });
    let shown: Vec<_> = shown.take(UNREAD_ROOMS_MAX).collect();
    (!shown.is_empty()).then(|| messages::unread_rooms(&shown.join(", ")))
}

fn hint(app: &App, chat: &Chat, theme: Theme) -> (String, Style) {
    let key = |action| {
        let keys = app.keys.keys(action);
        keys.first().map_or_else(String::new, ToString::to_string)
    };
    if app.is_quit_armed() {
        return (messages::quit_armed(key(Action::Leave)), theme.warning());
    }
    if let Some(notice) = &chat.notice {
        return (notice.clone(), theme.error());
    }
    match &chat.overlay {
        Some(Overlay::Paste { lines, .. }) => {
            let text = messages::confirm_paste(*lines);
            return (text, theme.warning().patch(theme.bold()));
        }
        Some(Overlay::Split { parts }) => {
            let text = messages::ask_to_split(chat.current().input.text(), *parts);
            return (text, theme.warning().patch(theme.bold()));
        }
        Some(Overlay::Search(_)) => return (messages::SEARCH_KEYS.to_owned(), theme.dim()),
        _ => {}
    }
    if let Some(completion) = &chat.completion {
        let ahead = completion
            .candidates
            .iter()
            .skip(completion.at)
            .take(COMPLETIONS_MAX);
        let ahead: Vec<_> = ahead.map(|text| text.trim_end()).collect();
        return (ahead.join("  "), theme.dim());
    }
    let room = chat.current();
    if let Some(why) = room.closed() {
        return (why.to_owned(), theme.warning());
    }
    if room.input.text().starts_with('/')
        && !room.input.is_command()
        && !matches!(room.compose, Compose::Edit(_))
    {
        return (messages::SLASH_IS_TEXT.to_owned(), theme.warning());
    }
    if let Some(message) = room.selected.and_then(|seq| room.message(seq))
        && room.compose == Compose::New
        && let Some(people) = room.people()
        && Labels::of(people).get(&message.username) != message.username.as_str()
    {
        // A display name comes before the message.
        return (messages::by(&message.username), theme.dim());
    }
    match (room.scroll, room.compose) {
        (Scroll::At { .. }, _) if room.older() == More::Loading => {
            (messages::LOADING_OLDER.to_owned(), theme.dim())
        }
        (Scroll::At { new, .. }, _) if new > 0 => (
            messages::new_below(new, key(Action::Newest)),
            theme.accent(),
        ),
        (Scroll::At { .. }, _) => (messages::to_newest(key(Action::Newest)), theme.dim()),
        (Scroll::Newest, Compose::Reply(_) | Compose::Edit(_)) => {
            (messages::cancel(key(Action::Cancel)), theme.dim())
        }
        (Scroll::Newest, Compose::New) => match typing(room) {
            Some(text) => (text, theme.dim()),
            None if !room.below.is_empty() => {
                (messages::drafts_below(room.below.len()), theme.dim())
            }
            None if matches!(chat.connection, ConnectionState::Ended { .. }) => {
                (messages::RECONNECT_HINT.to_owned(), theme.warning())
            }
            None => (messages::help_key(key(Action::Help)), theme.dim()),
        },
    }
}

fn typing(room: &Room) -> Option<String> {
    let labels = room.people().map(Labels::of).unwrap_or_default();
    let names: Vec<_> = room
        .typing
        .names
        .iter()
        .map(|name| sanitize(labels.get(name)))
        .collect();
    messages::typing(&names)
}

fn input(frame: &mut Frame<'_>, areas: &Areas, chat: &Chat, theme: Theme) {
    let area = areas.input;
    let room = chat.current();
    let editor = &room.input;
    let prompt = prompt(room, area.width);
    let rows = input_rows(room, area.width, &prompt);
    let (row, column) = cursor_at(editor, &rows);
    let height = usize::from(area.height).max(1);
    let skip = (row + 1).saturating_sub(height);
    let lines = rows
        .iter()
        .enumerate()
        .skip(skip)
        .take(height)
        .map(|(index, range)| {
            let head = if index == 0 {
                prompt.clone()
            } else {
                " ".repeat(width(&prompt))
            };
            let text = sanitize(&editor.text()[range.clone()]);
            Line::from(vec![Span::styled(head, theme.accent()), Span::raw(text)])
        });
    let lines: Vec<Line<'_>> = lines.collect();
    frame.render_widget(Paragraph::new(lines), area);
    let x = u16::try_from(width(&prompt) + column).unwrap_or(u16::MAX);
    let y = u16::try_from(row - skip).unwrap_or(0);
    if area.width > 0 && area.height > 0 {
        frame.set_cursor_position((area.x + x.min(area.width - 1), area.y + y));
    }
}
