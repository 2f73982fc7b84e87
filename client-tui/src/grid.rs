//! Keeps every cell in its place on terminals that hold a character for wider or narrower than
//! we do.
//!
//! Behind a cell of which they may think otherwise the cursor is placed anew, so that nothing
//! moves; and a row that has or had one is drawn as a whole, so that nothing of it is left over.

use std::io::{self, Write};

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as LineClear};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use crate::text::width;

#[derive(Debug)]
pub(crate) struct Grid<W: Write> {
    terminal: CrosstermBackend<W>,
    /// What was drawn, row by row, as far as it ever was.
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Default)]
struct Row {
    cells: Vec<Cell>,
    /// It may have left something where we don't think it is.
    unsure: bool,
}

impl<W: Write> Grid<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self {
            terminal: CrosstermBackend::new(writer),
            rows: Vec::new(),
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
        // What a wide character covers is gone, though nobody says so.
        cells[x + 1..end].fill(Cell::default());
    }

    /// Draws the whole of a row.
    fn draw_row(&mut self, y: u16) -> io::Result<()> {
        queue!(self.terminal, MoveTo(0, y), Clear(LineClear::CurrentLine))?;
        let row = &mut self.rows[usize::from(y)];
        let mut cells = Vec::new();
        let mut next = 0;
        for (x, cell) in (0_u16..).zip(&row.cells) {
            // The cells that a wide character covers are not drawn.
            if x >= next {
                cells.push((x, y, cell));
                next = x.saturating_add(u16::try_from(width(cell.symbol())).unwrap_or(1).max(1));
            }
        }
        row.unsure = cells.iter().any(|(_, _, cell)| !width_is_sure(cell));
        // Each call begins by placing the cursor.
        for run in cells.chunk_by(|(_, _, cell), _| width_is_sure(cell)) {
            self.terminal.draw(run.iter().copied())?;
        }
        Ok(())
    }
}

/// Latin, Greek and Cyrillic letters, and what the client itself draws with.
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
                self.terminal.draw(row.iter().copied())?;
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
    use std::cell::RefCell;
    use std::rc::Rc;

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

    /// What is written when a row, after it was each of `before`, becomes `new`, without colours; `@n` places the
    /// cursor in column n, `#` clears the row.
    fn check(before: &[&str], new: &str, expect: &str) {
        let area = Rect::new(0, 0, 12, 1);
        let buffer = |text: &str| {
            let mut buffer = Buffer::empty(area);
            buffer.set_string(0, 0, text, Style::new());
            buffer
        };
        let output = Written::default();
        let mut grid = Grid::new(output.clone());
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
    fn cells_stay_in_their_places() {
        check(&["ab"], "axb", "@2xb");
        check(&[""], "a😀b", "@1#@1a😀@4b");
        check(&["a😀b"], "axyb", "@1#@1axyb");
        check(&["कि x"], "ab x", "@1#@1ab x");
        check(&["ab x"], "ab x", "");
        check(&["xi", "日x"], "a x", "@1#@1a x");
    }
}
