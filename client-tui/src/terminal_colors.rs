//! Finds out whether the terminal's background is light, so that colours can be read on it.

use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use crate::config::ThemeChoice;

/// How long the terminal may take to answer, for slow connections.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(250);

/// Returns what the config says; otherwise asks the terminal (OSC 11), then reads `COLORFGBG`.
/// Nothing else may read from the terminal meanwhile, because this consumes its answer.
pub(crate) fn is_light(theme: ThemeChoice) -> Option<bool> {
    match theme {
        ThemeChoice::Dark => Some(false),
        ThemeChoice::Light => Some(true),
        ThemeChoice::Mono => None,
        ThemeChoice::Auto => {
            from_terminal().or_else(|| from_palette(std::env::var("COLORFGBG").ok().as_deref()))
        }
    }
}

fn from_terminal() -> Option<bool> {
    let mut options = QueryOptions::default();
    options.timeout = ANSWER_TIMEOUT;
    let mode = theme_mode(options).ok()?;
    Some(mode == ThemeMode::Light)
}

/// Reads `COLORFGBG`: `foreground;background` as palette numbers.
fn from_palette(colours: Option<&str>) -> Option<bool> {
    let background: u8 = colours?.rsplit(';').next()?.parse().ok()?;
    Some(matches!(background, 7 | 9..=15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_decides_before_the_terminal() {
        assert_eq!(is_light(ThemeChoice::Dark), Some(false));
        assert_eq!(is_light(ThemeChoice::Light), Some(true));
        assert_eq!(is_light(ThemeChoice::Mono), None);
    }

    #[test]
    fn numbers_of_the_palette() {
        assert_eq!(from_palette(Some("0;15")), Some(true));
        assert_eq!(from_palette(Some("15;default;0")), Some(false));
        assert_eq!(from_palette(Some("0;7")), Some(true));
        assert_eq!(from_palette(Some("white")), None);
        assert_eq!(from_palette(None), None);
    }
}
