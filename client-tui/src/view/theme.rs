//! Colours come from the terminal's own palette, so that they fit its background, and never
//! carry a meaning alone: with NO_COLOR nothing is lost.

use chat_shared::Username;
use ratatui::style::{Color, Modifier, Style};

/// For nicks; the palette's red is for errors, its black, white and greys may be unreadable.
const NICKS: [Color; 9] = [
    Color::Cyan,
    Color::Magenta,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::LightGreen,
    Color::LightBlue,
];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub(crate) colours: bool,
}

impl Theme {
    /// The same for a name always and everywhere.
    pub(crate) fn nick(self, name: &Username) -> Style {
        // FNV-1a: the standard library's hash differs between versions.
        let hash = name
            .folded()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let index = usize::try_from((hash ^ (hash >> 32)) % NICKS.len() as u64).unwrap_or(0);
        self.colour(NICKS[index])
    }

    pub(crate) fn plain(self) -> Style {
        Style::new()
    }

    pub(crate) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(crate) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn error(self) -> Style {
        self.colour(Color::Red)
    }

    pub(crate) fn warning(self) -> Style {
        self.colour(Color::Yellow)
    }

    pub(crate) fn good(self) -> Style {
        self.colour(Color::Green)
    }

    pub(crate) fn accent(self) -> Style {
        self.colour(Color::Cyan)
    }

    fn colour(self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }
}
