//! Sets the terminal up and restores it, on every way out: return, error, signal, stop and panic.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;

use crate::grid::Grid;
use crate::view::Links;

/// Mouse capture is on. A static, because the panic hook has to know it.
static MOUSE: AtomicBool = AtomicBool::new(false);

pub(crate) type Screen = Terminal<Grid<io::Stdout>>;

/// Restores the terminal when dropped. A panic restores it earlier, in its hook.
#[derive(Debug)]
pub(crate) struct Guard;

/// Sets the terminal up.
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

/// Sets the terminal up again; after a stop another program may have changed its settings.
pub(crate) fn take() -> io::Result<()> {
    disable_raw_mode()?;
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        // The kitty keyboard protocol tells Shift-Enter from Enter; other terminals ignore this.
        PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)
    )?;
    if MOUSE.load(Ordering::Relaxed) {
        execute!(io::stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Restores the terminal. Errors are ignored: a terminal that is gone needs nothing.
pub(crate) fn give_back() {
    if MOUSE.load(Ordering::Relaxed) {
        let _ = execute!(io::stdout(), DisableMouseCapture);
    }
    let _ = execute!(
        io::stdout(),
        PopKeyboardEnhancementFlags,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// Copies a text to the clipboard, if the terminal allows it (OSC 52).
pub(crate) fn copy(text: &str) -> io::Result<()> {
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
}

/// Makes a panic in any thread or task restore the terminal, print its message where it can be
/// read, and end the program. Otherwise nobody would notice that a part of the program is gone.
pub(crate) fn restore_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        tell(panic);
        std::process::exit(101);
    }));
}
