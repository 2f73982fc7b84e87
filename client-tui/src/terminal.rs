//! The terminal's set-up and its undoing, one pair for every way out.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;

use crate::grid::Grid;
use crate::view::Links;

/// Whether the terminal tells of the mouse. The panic hook has to know it too.
static MOUSE: AtomicBool = AtomicBool::new(false);

pub(crate) type Screen = Terminal<Grid<io::Stdout>>;

/// Undone when dropped, and by the panic hook, which a drop would come too late for.
#[derive(Debug)]
pub(crate) struct Guard;

/// Takes the terminal.
pub(crate) fn set_up(links: Rc<RefCell<Links>>, mouse: bool) -> io::Result<(Screen, Guard)> {
    let guard = Guard;
    MOUSE.store(mouse, Ordering::Relaxed);
    take()?;
    let screen = Terminal::new(Grid::new(io::stdout(), links))?;
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
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    if MOUSE.load(Ordering::Relaxed) {
        execute!(io::stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives the terminal back as it was. A terminal that is gone needs nothing.
pub(crate) fn give_back() {
    if MOUSE.load(Ordering::Relaxed) {
        let _ = execute!(io::stdout(), DisableMouseCapture);
    }
    let _ = execute!(
        io::stdout(),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// Puts a text in the clipboard, where the terminal lets programs do so (OSC 52).
pub(crate) fn copy(text: &str) -> io::Result<()> {
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
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
