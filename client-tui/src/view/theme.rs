//! Colours. They come from the terminal's own palette, so that they fit its background, and never
//! carry a meaning alone, so that nothing is lost with NO_COLOR.

use chat_shared::Username;
use ratatui::style::{Color, Modifier, Style};

use crate::state::App;
use crate::text::TextStyle;

/// Colours of usernames. Red is for errors; black, white and greys may be unreadable.
const NAME_COLOURS: [Color; 9] = [
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

/// Colours of usernames on a light background, where the bright colours can't be read.
const NAME_COLOURS_ON_LIGHT: [Color; 9] = [
    Color::Indexed(22),
    Color::Indexed(24),
    Color::Indexed(26),
    Color::Indexed(29),
    Color::Indexed(54),
    Color::Indexed(90),
    Color::Indexed(94),
    Color::Indexed(125),
    Color::Indexed(130),
];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub(crate) colours: bool,
    pub(crate) light: bool,
}

impl Theme {
    pub(crate) fn of(app: &App) -> Self {
        Self {
            colours: app.colours,
            light: app.light == Some(true),
        }
    }

    /// The style of a piece of a message whose own style is `style`.
    pub(crate) fn look(self, look: TextStyle, style: Style) -> Style {
        let mut style = style;
        for (modifier, is) in [
            (Modifier::BOLD, look.bold || look.mention),
            (Modifier::ITALIC, look.italic),
            (Modifier::CROSSED_OUT, look.struck),
            (Modifier::DIM, look.quote),
            (Modifier::UNDERLINED, look.link.is_some()),
        ] {
            if is {
                style = style.add_modifier(modifier);
            }
        }
        if look.code {
            style = style.patch(self.accent());
        }
        style
    }

    /// The colour of a username, the same everywhere and in every run.
    pub(crate) fn username(self, name: &Username) -> Style {
        // FNV-1a, because the standard library's hash may change between versions.
        let hash = name
            .folded()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let colours = if self.light {
            NAME_COLOURS_ON_LIGHT
        } else {
            NAME_COLOURS
        };
        let index = usize::try_from((hash ^ (hash >> 32)) % colours.len() as u64).unwrap_or(0);
        self.colour(colours[index])
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
        self.colour(if self.light {
            Color::Indexed(130)
        } else {
            Color::Yellow
        })
    }

    pub(crate) fn good(self) -> Style {
        self.colour(Color::Green)
    }

    pub(crate) fn accent(self) -> Style {
        self.colour(if self.light { Color::Blue } else { Color::Cyan })
    }

    fn colour(self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }
}
