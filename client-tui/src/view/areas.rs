//! The layout of the chat screen.

use ratatui::layout::Rect;

use super::rows::{cut, on_one_line};
use crate::messages::chat as messages;
use crate::state::{Chat, Compose, Editor, Labels, Room, Size};
use crate::text::{cells, width, wrap};

/// Columns that the timeline keeps before a sidebar takes any.
const TIMELINE_COLUMNS_MIN: u16 = 48;

const SIDEBAR_COLUMNS: u16 = 20;

/// The most rows of the input line.
const INPUT_ROWS_MAX: u16 = 8;

/// Below this height the title row belongs to the timeline.
const TITLE_ROWS_MIN: u16 = 8;

/// Columns of the message that the prompt of a reply shows.
const REPLY_COLUMNS_MAX: usize = 24;

/// The prompt before the input line: what Enter will do, and to which message it replies.
pub(crate) fn prompt(room: &Room, columns: u16) -> String {
    if room.closed().is_some() {
        return messages::PROMPT_CLOSED.to_owned();
    }
    match room.compose {
        Compose::New => messages::PROMPT.to_owned(),
        Compose::Edit(_) => messages::PROMPT_EDIT.to_owned(),
        Compose::Reply(seq) => {
            let said = room.message(seq).map_or_else(String::new, |message| {
                let labels = room.people().map(Labels::of).unwrap_or_default();
                let text = on_one_line(&message.message);
                format!("{}: {text}", labels.get(&message.username))
            });
            let columns = REPLY_COLUMNS_MAX.min(usize::from(columns / 3));
            messages::prompt_reply(&cut(&said, columns))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    pub(crate) title: Rect,
    pub(crate) rooms: Option<Rect>,
    pub(crate) timeline: Rect,
    pub(crate) members: Option<Rect>,
    pub(crate) status: Rect,
    pub(crate) input: Rect,
}

pub(crate) fn areas(size: Size, chat: &Chat) -> Areas {
    let Size { columns, rows } = size;
    let room = chat.current();
    let typed = input_rows(room, columns, &prompt(room, columns)).len();
    let typed = u16::try_from(typed).unwrap_or(u16::MAX);
    let input_rows = typed.min(INPUT_ROWS_MAX).min((rows / 3).max(1)).min(rows);
    let status_rows = u16::from(rows > input_rows);
    let title_rows = u16::from(rows >= TITLE_ROWS_MIN);
    let body_rows = rows - input_rows - status_rows - title_rows;
    let row = |y, height| Rect {
        x: 0,
        y,
        width: columns,
        height,
    };
    let mut timeline = row(title_rows, body_rows);
    let mut take = |wanted: bool, left: bool| {
        let fits = wanted && timeline.width >= TIMELINE_COLUMNS_MIN + SIDEBAR_COLUMNS;
        fits.then(|| {
            timeline.width -= SIDEBAR_COLUMNS;
            let x = if left { 0 } else { timeline.right() };
            timeline.x += if left { SIDEBAR_COLUMNS } else { 0 };
            Rect {
                x,
                width: SIDEBAR_COLUMNS,
                ..timeline
            }
        })
    };
    let rooms = take(chat.rooms().len() > 1, true);
    let members = take(true, false);
    Areas {
        title: row(0, title_rows),
        rooms,
        timeline,
        members,
        status: row(title_rows + body_rows, status_rows),
        input: row(title_rows + body_rows + status_rows, input_rows),
    }
}

/// The rows of the input line behind `prompt`, as byte ranges.
pub(crate) fn input_rows(room: &Room, columns: u16, prompt: &str) -> Vec<std::ops::Range<usize>> {
    // One column stays free for the cursor after the last letter.
    let all = usize::from(columns);
    let columns = all.saturating_sub(width(prompt) + 1).max(1);
    wrap(room.input.text(), columns, columns)
}

/// The row and the column of the cursor among `rows`.
pub(crate) fn cursor_at(editor: &Editor, rows: &[std::ops::Range<usize>]) -> (usize, usize) {
    let cursor = editor.cursor();
    let row = rows
        .iter()
        .rposition(|row| row.start <= cursor)
        .unwrap_or(0);
    let before = cells(editor.text()).filter(|cell| cell.at >= rows[row].start && cell.at < cursor);
    (row, before.map(|cell| cell.width).sum())
}
