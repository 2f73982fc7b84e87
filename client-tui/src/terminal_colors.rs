//! Whether the terminal's background is light, so that colours can be read on it.

use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use crate::config::ThemeChoice;

/// Terminals answer at once; over a slow line this is how long the answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(250);

/// As the config says; else the terminal is asked (OSC 11), else `COLORFGBG` tells. It reads the
/// terminal's answer, so nothing else may read the terminal meanwhile.
pub(crate) fn is_light(theme: ThemeChoice) -> Option<bool> {
    match theme {
        ThemeChoice::Dark => Some(false),
        ThemeChoice::Light => Some(true),
        ThemeChoice::Mono => None,
        ThemeChoice::Auto => asked().or_else(|| told(std::env::var("COLORFGBG").ok().as_deref())),
    }
}

fn asked() -> Option<bool> {
    let mut options = QueryOptions::default();
    options.timeout = ANSWER_TIMEOUT;
    let mode = theme_mode(options).ok()?;
    Some(mode == ThemeMode::Light)
}

/// What some terminals say of their colours: `foreground;background`, as numbers of the palette.
fn told(colours: Option<&str>) -> Option<bool> {
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
        assert_eq!(told(Some("0;15")), Some(true));
        assert_eq!(told(Some("15;default;0")), Some(false));
        assert_eq!(told(Some("0;7")), Some(true));
        assert_eq!(told(Some("white")), None);
        assert_eq!(told(None), None);
    }
}
