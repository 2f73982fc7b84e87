//! The terminal's set-up and its undoing, one pair for every way out.

use std::io::{self, Stdout, Write};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

pub(crate) type Screen = Terminal<GridBackend>;

/// Undone when dropped, and by the panic hook, which a drop would come too late for.
#[derive(Debug)]
pub(crate) struct Guard;

/// Takes the terminal.
pub(crate) fn set_up() -> io::Result<(Screen, Guard)> {
    let guard = Guard;
    take()?;
    let screen = Terminal::new(GridBackend(CrosstermBackend::new(io::stdout())))?;
    Ok((screen, guard))
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Takes the terminal; where it was taken already, anew: whoever stopped us may have changed it.
pub(crate) fn take() -> io::Result<()> {
    disable_raw_mode()?;
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Gives the terminal back as it was. A terminal that is gone needs nothing.
pub(crate) fn give_back() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// A panic in any thread or task gives the terminal back, tells what happened where it can be
/// read, and ends the program: nobody would know that a part of it is gone.
pub(crate) fn restore_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        tell(panic);
        std::process::exit(101);
    }));
}

/// Places the cursor anew behind every cell that a terminal may hold for wider or narrower than
/// we do, so that nothing behind it moves.
#[derive(Debug)]
pub(crate) struct GridBackend(CrosstermBackend<Stdout>);

fn width_is_sure(cell: &Cell) -> bool {
    // Letters of Latin, Greek and Cyrillic, the ellipsis, bullets, arrows and box art.
    let sure = |c| matches!(c, '\0'..='\u{2FF}' | '\u{370}'..='\u{482}' | '…' | '•' | '─'..='╿');
    cell.symbol().chars().all(sure)
}

impl Backend for GridBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let cells: Vec<_> = content.collect();
        // Each call begins by placing the cursor.
        for run in cells.chunk_by(|(_, _, cell), _| width_is_sure(cell)) {
            self.0.draw(run.iter().copied())?;
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.0.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}
