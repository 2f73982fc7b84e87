//! Key presses in a normal form: terminals report the same keys in different ways.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, in the one form that the terminals' different encodings are brought
/// to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Press {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Keys that have a name in the config file.
const NAMED: [(&str, KeyCode); 15] = [
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("esc", KeyCode::Esc),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("space", KeyCode::Char(' ')),
];

/// Modifiers by their names, in the order in which they are written.
const MODIFIERS: [(&str, KeyModifiers); 3] = [
    ("ctrl", KeyModifiers::CONTROL),
    ("alt", KeyModifiers::ALT),
    ("shift", KeyModifiers::SHIFT),
];

impl Press {
    /// Brings a key event to its normal form.
    pub(crate) fn of(key: KeyEvent) -> Self {
        let mut modifiers =
            key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match key.code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) => {
                // The letter itself shows whether Shift was held.
                modifiers -= KeyModifiers::SHIFT;
                let control = modifiers.contains(KeyModifiers::CONTROL);
                KeyCode::Char(match c {
                    // Terminals send the same byte for Ctrl-_, Ctrl-/ and Ctrl-7.
                    '/' | '7' if control => '_',
                    c if control => c.to_ascii_lowercase(),
                    c => c,
                })
            }
            code => code,
        };
        Self { code, modifiers }
    }

    /// Parses `ctrl-n`, `alt-enter`, `f1`, `pgup`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mut modifiers, mut rest) = (KeyModifiers::NONE, text);
        while let Some((held, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty())
        {
            modifiers |= MODIFIERS.iter().find(|(name, _)| *name == held)?.1;
            rest = after;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => match rest.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()) {
                Some(n @ 1..=12) => KeyCode::F(n),
                _ => NAMED.iter().find(|(name, _)| *name == rest)?.1,
            },
        };
        Some(Self::of(KeyEvent::new(code, modifiers)))
    }

    /// The character that the key types, if it types one.
    pub(crate) fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }
}

/// Writes the key as people do: `Ctrl-N`.
impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let capital = |text: &str| {
            let mut text = text.to_owned();
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            text
        };
        for (name, held) in MODIFIERS {
            if self.modifiers.contains(held) {
                write!(f, "{}-", capital(name))?;
            }
        }
        match self.code {
            KeyCode::F(n) => write!(f, "F{n}"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            code => match NAMED.iter().find(|(_, named)| *named == code) {
                Some((name, _)) => f.write_str(&capital(name)),
                None => match code {
                    KeyCode::Char(c) => write!(f, "{}", c.to_uppercase()),
                    _ => f.write_str("?"),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parsed_and_printed() {
        let check = |text: &str, expect: Option<&str>| {
            let told = Press::parse(text).map(|press| press.to_string());
            assert_eq!(told.as_deref(), expect, "{text:?}");
        };
        check("ctrl-n", Some("Ctrl-N"));
        check("alt-enter", Some("Alt-Enter"));
        check("shift-tab", Some("Shift-Tab"));
        check("f1", Some("F1"));
        check("f13", None);
        check("pgup", Some("PgUp"));
        check("ctrl-/", Some("Ctrl-_"));
        check("ctrl--", Some("Ctrl--"));
        check("hyper-x", None);
        check("ctrl-nope", None);
        check("", None);
    }

    #[test]
    fn different_ways_to_say_a_key_are_one() {
        let of = |code, modifiers| Press::of(KeyEvent::new(code, modifiers));
        let undo = Press::parse("ctrl-_");
        assert_eq!(Some(of(KeyCode::Char('7'), KeyModifiers::CONTROL)), undo);
        let back = Press::parse("shift-tab");
        assert_eq!(Some(of(KeyCode::BackTab, KeyModifiers::NONE)), back);
        let a = of(KeyCode::Char('A'), KeyModifiers::SHIFT);
        assert_eq!(a.typed(), Some('A'));
    }
}
