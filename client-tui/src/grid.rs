//! Keeps every cell in its column on terminals whose character widths differ from ours.
//!
//! After a cell whose width is uncertain, [`Grid`] places the cursor explicitly, so that nothing
//! shifts. A row that has or had such a cell is drawn as a whole, so that no part of an old
//! character stays behind. [`Grid`] also turns the link numbers that [`crate::view`] hides in a
//! cell's style into OSC 8 hyperlinks. It wraps ratatui's crossterm backend and knows nothing of
//! the chat.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as LineClear};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use crate::text::width;
use crate::view::{Links, number_of};

#[derive(Debug)]
pub(crate) struct Grid<W: Write> {
    terminal: CrosstermBackend<W>,
    /// The cells that were drawn last, row by row.
    rows: Vec<Row>,
    /// The addresses of the links in the frame that is drawn next.
    links: Rc<RefCell<Links>>,
}

#[derive(Debug, Clone, Default)]
struct Row {
    cells: Vec<Cell>,
    /// The terminal may have left something in another column than we think.
    unsure: bool,
}

impl<W: Write> Grid<W> {
    pub(crate) fn new(writer: W, links: Rc<RefCell<Links>>) -> Self {
        Self {
            terminal: CrosstermBackend::new(writer),
            rows: Vec::new(),
            links,
        }
    }

    fn keep(&mut self, x: u16, y: u16, cell: &Cell) {
        let (x, y) = (usize::from(x), usize::from(y));
        if self.rows.len() <= y {
            self.rows.resize(y + 1, Row::default());
        }
        let cells = &mut self.rows[y].cells;
        let end = x + width(cell.symbol()).max(1);
        if cells.len() < end {
            cells.resize(end, Cell::default());
        }
        cells[x].clone_from(cell);
        // A wide character overwrites the cells that it covers; ratatui does not mention them.
        cells[x + 1..end].fill(Cell::default());
    }

    /// Draws a whole row.
    fn draw_row(&mut self, y: u16) -> io::Result<()> {
        queue!(self.terminal, MoveTo(0, y), Clear(LineClear::CurrentLine))?;
        let row = &mut self.rows[usize::from(y)];
        let mut cells = Vec::new();
        let mut next = 0;
        for (x, cell) in (0_u16..).zip(&row.cells) {
            // Skip the cells that a wide character covers.
            if x >= next {
                cells.push((x, y, cell));
                next = x.saturating_add(u16::try_from(width(cell.symbol())).unwrap_or(1).max(1));
            }
        }
        row.unsure = cells.iter().any(|(_, _, cell)| !width_is_sure(cell));
        // Each call of `draw` starts by placing the cursor.
        for run in cells.chunk_by(|(_, _, cell), _| width_is_sure(cell)) {
            put(&mut self.terminal, &self.links.borrow(), run)?;
        }
        Ok(())
    }
}

/// Draws cells and wraps those of a link in the sequences that name its address (OSC 8).
fn put<W: Write>(
    terminal: &mut CrosstermBackend<W>,
    links: &Links,
    cells: &[(u16, u16, &Cell)],
) -> io::Result<()> {
    let number = |cell: &Cell| number_of(cell.modifier).0;
    for run in cells.chunk_by(|(.., a), (.., b)| number(a) == number(b)) {
        let Some(number) = run
            .first()
            .map(|(.., cell)| number(cell))
            .filter(|n| *n > 0)
        else {
            terminal.draw(run.iter().copied())?;
            continue;
        };
        let plain: Vec<_> = run
            .iter()
            .map(|(x, y, cell)| {
                let mut cell = (*cell).clone();
                cell.modifier = number_of(cell.modifier).1;
                (*x, *y, cell)
            })
            .collect();
        let address = links.address(number).map(printable);
        if let Some(address) = &address {
            write!(terminal, "\x1b]8;;{address}\x1b\\")?;
        }
        terminal.draw(plain.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
        if address.is_some() {
            write!(terminal, "\x1b]8;;\x1b\\")?;
        }
    }
    Ok(())
}

/// Percent-encodes every byte of an address that OSC 8 does not allow.
fn printable(address: &str) -> String {
    let mut printable = String::new();
    for byte in address.bytes() {
        match byte {
            b'!'..=b'~' => printable.push(char::from(byte)),
            _ => printable.push_str(&format!("%{byte:02X}")),
        }
    }
    printable
}

/// Returns true for Latin, Greek and Cyrillic letters and for what the client itself draws with:
/// every terminal agrees on their width.
fn width_is_sure(cell: &Cell) -> bool {
    let sure = |c| matches!(c, '\0'..='\u{2FF}' | '\u{370}'..='\u{482}' | '…' | '•' | '─'..='╿');
    cell.symbol().chars().all(sure)
}

impl<W: Write> Backend for Grid<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let changes: Vec<_> = content.collect();
        for row in changes.chunk_by(|(_, above, _), (_, below, _)| above == below) {
            let Some((_, y, _)) = row.first().copied() else {
                continue;
            };
            for (x, y, cell) in row {
                self.keep(*x, *y, cell);
            }
            let was_unsure = self.rows[usize::from(y)].unsure;
            if was_unsure || row.iter().any(|(_, _, cell)| !width_is_sure(cell)) {
                self.draw_row(y)?;
            } else {
                put(&mut self.terminal, &self.links.borrow(), row)?;
            }
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.rows.clear();
        self.terminal.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        if clear_type == ClearType::All {
            self.rows.clear();
        }
        self.terminal.clear_region(clear_type)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.terminal.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.terminal.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.terminal.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.terminal.set_cursor_position(position)
    }

    fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.terminal.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.terminal)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Rc<RefCell<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Checks what is written when a row that held each of `before` becomes `new`, without colours.
    /// `@n` places the cursor in column n, `#` clears the row.
    fn check(before: &[&str], new: &str, expect: &str) {
        let area = Rect::new(0, 0, 12, 1);
        let buffer = |text: &str| {
            let mut buffer = Buffer::empty(area);
            buffer.set_string(0, 0, text, Style::new());
            buffer
        };
        let output = Written::default();
        let mut grid = Grid::new(output.clone(), Rc::default());
        let mut shown = Buffer::empty(area);
        for text in before {
            grid.draw(shown.diff(&buffer(text)).into_iter()).unwrap();
            shown = buffer(text);
        }
        output.0.borrow_mut().clear();
        grid.draw(shown.diff(&buffer(new)).into_iter()).unwrap();
        let written = String::from_utf8(output.0.borrow().clone()).unwrap();
        let mut shown = String::new();
        for part in written.split('\u{1b}') {
            let end = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
            let (sequence, text) = part.split_at((end + 1).min(part.len()));
            match sequence.trim_start_matches('[') {
                "2K" => shown.push('#'),
                place if place.ends_with('H') => {
                    shown.push_str(&format!(
                        "@{}",
                        place.trim_end_matches('H').rsplit(';').next().unwrap()
                    ));
                }
                _ => {}
            }
            shown.push_str(text.trim_end());
        }
        assert_eq!(shown, expect, "{before:?} → {new:?}: {written:?}");
    }

    #[test]
    fn a_link_says_where_it_leads() {
        let links = Rc::new(RefCell::new(Links::default()));
        let style = links.borrow_mut().style("https://a.example/\u{1b}ü");
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "a", Style::new());
        buffer.set_string(1, 0, "here", style);
        let output = Written::default();
        let mut grid = Grid::new(output.clone(), links);
        let empty = Buffer::empty(buffer.area);
        grid.draw(empty.diff(&buffer).into_iter()).unwrap();
        let written = String::from_utf8(output.0.borrow().clone()).unwrap();
        let (before, rest) = written
            .split_once("\u{1b}]8;;https://a.example/%1B%C3%BC\u{1b}\\")
            .unwrap();
        let (link, _) = rest.split_once("\u{1b}]8;;\u{1b}\\").unwrap();
        assert!(before.contains('a') && link.contains("here"), "{written:?}");
    }

    #[test]
    fn cells_stay_in_their_places() {
        check(&["ab"], "axb", "@2xb");
        check(&[""], "a😀b", "@1#@1a😀@4b");
        check(&["a😀b"], "axyb", "@1#@1axyb");
        check(&["कि x"], "ab x", "@1#@1ab x");
        check(&["ab x"], "ab x", "");
        check(&["xi", "日x"], "a x", "@1#@1a x");
    }
}
