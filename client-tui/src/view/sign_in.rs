//! Draws the sign-in form.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::rows::cut;
use super::theme::Theme;
use crate::messages::sign_in as messages;
use crate::state::{App, Editor, Field, SignIn, Tab};
use crate::text::{cells, sanitize, width, wrap};

const FORM_COLUMNS: u16 = 52;
const LABEL_COLUMNS: usize = 11;

/// Rows of the form without the message below it.
const FORM_ROWS: u16 = 7;

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, form: &SignIn, theme: Theme) {
    let screen = frame.area();
    let columns = FORM_COLUMNS.min(screen.width);
    let words = words(app, form, usize::from(columns), theme);
    let wanted = FORM_ROWS + u16::try_from(words.len()).unwrap_or(u16::MAX);
    let height = wanted.min(screen.height);
    // The form starts in the upper third of the screen. The message below it must not move it.
    let y = (screen.height.saturating_sub(FORM_ROWS + 2) / 3).min(screen.height - height);
    let area = Rect {
        x: (screen.width - columns) / 2,
        y,
        width: columns,
        height,
    };
    let server = cut(&app.server, usize::from(columns).saturating_sub(6));
    let mut lines = vec![
        Line::from(vec![
            Span::styled(messages::TITLE, theme.bold()),
            Span::styled(format!("  {server}"), theme.dim()),
        ]),
        Line::raw(""),
        tabs(form, theme),
        Line::raw(""),
        labelled(
            messages::USERNAME,
            form.field == Field::Name,
            &form.name,
            false,
            columns,
            theme,
        ),
        labelled(
            messages::PASSWORD,
            form.field == Field::Password,
            &form.password,
            true,
            columns,
            theme,
        ),
        Line::raw(""),
    ];
    lines.extend(words);
    frame.render_widget(Paragraph::new(lines), area);
    let (row, editor, mask) = match form.field {
        Field::Tabs => return,
        Field::Name => (4, &form.name, false),
        Field::Password => (5, &form.password, true),
    };
    let (_, column) = window(editor, mask, field_columns(columns));
    let x = area.x + u16::try_from(LABEL_COLUMNS + column).unwrap_or(u16::MAX);
    if area.y + row < screen.height && x < screen.width && !form.busy {
        frame.set_cursor_position((x, area.y + row));
    }
}

fn tabs(form: &SignIn, theme: Theme) -> Line<'static> {
    let tab = |tab: Tab, name: &str| {
        let style = if form.tab == tab {
            theme.accent().patch(theme.bold())
        } else {
            theme.dim()
        };
        let text = if form.tab == tab {
            format!("[ {name} ]")
        } else {
            format!("  {name}  ")
        };
        Span::styled(text, style)
    };
    let mark = if form.field == Field::Tabs {
        "> "
    } else {
        "  "
    };
    let mark = Span::styled(mark, theme.accent());
    Line::from(vec![
        mark,
        tab(Tab::SignIn, messages::TAB_SIGN_IN),
        Span::raw(" "),
        tab(Tab::SignUp, messages::TAB_SIGN_UP),
    ])
}

fn labelled(
    label: &str,
    focused: bool,
    editor: &Editor,
    mask: bool,
    columns: u16,
    theme: Theme,
) -> Line<'static> {
    let style = if focused { theme.bold() } else { theme.dim() };
    let mark = if focused { ">" } else { " " };
    let (text, _) = window(editor, mask, field_columns(columns));
    let label_columns = LABEL_COLUMNS - 2;
    let gap = field_columns(columns).saturating_sub(width(&text));
    Line::from(vec![
        Span::styled(mark, theme.accent()),
        Span::styled(format!("{label:<label_columns$} "), style),
        Span::raw(text),
        Span::styled("·".repeat(gap), theme.dim()),
    ])
}

fn field_columns(columns: u16) -> usize {
    usize::from(columns).saturating_sub(LABEL_COLUMNS).max(1)
}

/// The visible part of a field, and the column of the cursor in it.
fn window(editor: &Editor, mask: bool, columns: usize) -> (String, usize) {
    // The mask shows how many letters were typed, not which.
    let shown = |text: &str| match mask {
        true => "•".repeat(cells(text).count()),
        false => sanitize(text),
    };
    let (before, after) = editor.text().split_at(editor.cursor());
    let (mut before, after) = (shown(before), shown(after));
    while width(&before) + 1 > columns {
        let cut = cells(&before)
            .next()
            .map_or(before.len(), |cell| cell.end());
        before.drain(..cut);
    }
    let column = width(&before);
    let mut text = before;
    let mut used = column;
    for cell in cells(&after) {
        if used + cell.width > columns {
            break;
        }
        used += cell.width;
        text.push_str(&cell.shown);
    }
    (text, column)
}

fn words(app: &App, form: &SignIn, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let (text, style) = if app.is_quit_armed() {
        (messages::QUIT_ARMED.to_owned(), theme.warning())
    } else if let Some(error) = &form.error {
        (error.clone(), theme.error())
    } else if form.busy {
        (messages::ASKING.to_owned(), theme.dim())
    } else {
        (messages::keys(form.tab).to_owned(), theme.dim())
    };
    let rows = wrap(&text, columns, columns);
    rows.into_iter()
        .map(|row| Line::styled(sanitize(&text[row]), style))
        .collect()
}
