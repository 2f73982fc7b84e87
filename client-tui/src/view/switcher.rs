//! Draws the room switcher (`Ctrl-G`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::rows::cut;
use super::theme::Theme;
use crate::messages::chat as messages;
use crate::state::{Chat, Switcher};
use crate::text::width;

const BOX_COLUMNS: u16 = 44;
const BOX_ROWS: u16 = 14;

pub(super) fn draw(frame: &mut Frame<'_>, chat: &Chat, switcher: &Switcher, theme: Theme) {
    let screen = frame.area();
    let (columns, height) = (BOX_COLUMNS.min(screen.width), BOX_ROWS.min(screen.height));
    let area = Rect {
        x: (screen.width - columns) / 2,
        y: (screen.height - height) / 3,
        width: columns,
        height,
    };
    let inside = usize::from(columns).saturating_sub(2);
    let list = usize::from(height).saturating_sub(3);
    let query = cut(switcher.query.text(), inside.saturating_sub(3));
    let cursor = width(&query);
    let mut lines = vec![Line::from(vec![
        Span::styled("> ", theme.accent()),
        Span::raw(query),
    ])];
    let found = switcher.rooms(chat);
    let skip = (switcher.selected + 1).saturating_sub(list);
    for (place, index) in found.iter().enumerate().skip(skip).take(list) {
        let room = &chat.rooms()[*index];
        let mark = if place == switcher.selected {
            "> "
        } else {
            "  "
        };
        let sigil = if room.is_direct() { "@" } else { "#" };
        let unread = match room.unread() {
            0 => String::new(),
            unread => messages::unread_in_switcher(unread),
        };
        let style = if place == switcher.selected {
            theme.bold()
        } else {
            theme.plain()
        };
        let title = format!("{sigil}{}{unread}", room.title());
        lines.push(Line::from(vec![
            Span::styled(mark, theme.accent()),
            Span::styled(cut(&title, inside.saturating_sub(2)), style),
        ]));
    }
    if found.is_empty() {
        lines.push(Line::styled(
            format!("  {}", messages::NO_SUCH_ROOM),
            theme.dim(),
        ));
    }
    let block = Block::bordered()
        .border_style(theme.dim())
        .title(Line::styled(messages::SWITCHER_TITLE, theme.bold()))
        .title_bottom(Line::styled(messages::SWITCHER_KEYS, theme.dim()));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(block), area);
    if area.width > 2 && area.height > 2 {
        let x = u16::try_from(cursor + 3)
            .unwrap_or(u16::MAX)
            .min(area.width - 2);
        frame.set_cursor_position((area.x + x, area.y + 1));
    }
}
