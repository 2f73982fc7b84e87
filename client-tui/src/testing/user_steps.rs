//! Steps of the user: keys, pastes, the mouse, the window and time.

use crossterm::event::KeyCode;

use super::fixtures::key;
use super::{Args, Script};
use crate::state::Size;
use crate::update::{Event, MouseAction};

impl Script {
    /// Runs a step of the user; returns false if `word` is not one.
    pub(super) fn user_step(&mut self, word: &str, args: &Args<'_>) -> bool {
        match word {
            "type" => args
                .rest
                .chars()
                .for_each(|c| self.event(Event::Key(KeyCode::Char(c).into()))),
            "key" => args
                .words
                .iter()
                .for_each(|name| self.event(Event::Key(key(name)))),
            "wheel" => self.event(Event::Mouse(match args.rest {
                "up" => MouseAction::WheelUp,
                _ => MouseAction::WheelDown,
            })),
            "click" => {
                let (column, row) = (args.small(0), args.small(1));
                self.event(Event::Mouse(MouseAction::Click { column, row }));
            }
            "paste" => self.event(Event::Paste(args.rest.replace("\\n", "\n"))),
            "resize" => {
                let (columns, rows) = (args.small(0), args.small(1));
                self.event(Event::Resize(Size { columns, rows }));
            }
            "focus" => self.event(Event::Focus(args.rest == "in")),
            "wait" => {
                self.clock += args.number(0);
                self.event(Event::Clock);
            }
            _ => return false,
        }
        true
    }
}
