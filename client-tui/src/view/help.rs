use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::theme::Theme;
use crate::state::App;

const HELP: &[(&str, &str)] = &[
    ("Enter", "send"),
    ("Alt-Enter", "new line"),
    ("PgUp PgDn End", "read back; End: newest"),
    ("Ctrl-N Ctrl-P", "next, previous room"),
    ("Alt-1 … Alt-9", "room by number"),
    ("Up Down", "what you sent before"),
    ("Ctrl-A Ctrl-E", "start, end of the line"),
    ("Alt-B Alt-F", "word back, forward"),
    ("Ctrl-W Alt-D", "cut the word before, after"),
    ("Ctrl-U Ctrl-K", "cut to the start, to the end"),
    ("Ctrl-Y Ctrl-_", "paste what was cut; undo"),
    ("Ctrl-R", "send again what failed"),
    ("Ctrl-L Ctrl-Z", "draw anew; suspend"),
    ("Ctrl-C", "clear the line; twice: leave"),
    ("", ""),
    ("/join ROOM", "enter a room"),
    ("/leave [ROOM]", "leave this room, or that one"),
    ("/names", "who is online"),
    ("/me TEXT", "say what you do"),
    ("/retry /discard", "send again, drop what failed"),
    ("/quit /help", "leave; this page"),
    ("//TEXT", "say a text that begins with /"),
];

const KEYS_COLUMNS: usize = 17;
const BOX_COLUMNS: u16 = 52;

/// Rows of the whole help.
pub(crate) fn help_rows(_: &App) -> u16 {
    u16::try_from(HELP.len()).unwrap_or(u16::MAX)
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
        " Down: more, any other key: back "
    } else {
        " any key: back "
    };
    let lines = HELP.iter().map(|(keys, what)| {
        let keys = format!(" {keys:<KEYS_COLUMNS$}");
        Line::from(vec![Span::styled(keys, theme.bold()), Span::raw(*what)])
    });
    let block = Block::bordered()
        .border_style(theme.dim())
        .title(Line::styled(" Help ", theme.bold()))
        .title_bottom(Line::styled(foot, theme.dim()));
    frame.render_widget(Clear, area);
    let lines: Vec<Line<'_>> = lines.collect();
    frame.render_widget(Paragraph::new(lines).scroll((from, 0)).block(block), area);
}
