//! Texts that people write: the rules for messages, mentions, display names and passwords, and the
//! formatting of messages.
//!
//! [`parse`] reads the formatting of a message as a tree of [`Block`]s, which every client shows
//! the same way. Start in `markup`, which reads lines; `inline` reads what is within a line.

mod chars;
mod escape;
mod inline;
mod links;
mod markup;
mod split;
mod tree;

pub use escape::escape_controls;
pub use markup::parse;
pub use split::split;
pub use tree::{Block, Inline, Item, plain};

use crate::limits::{
    DISPLAY_NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, TEXT_CHARS_MAX,
    USERNAME_CHARS_MAX,
};

/// Why a text is not allowed as a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trailing white space was removed, or nothing of it can be seen.
    #[error("The message is empty")]
    Empty,
    /// The text has more than [`TEXT_CHARS_MAX`] characters.
    #[error("The message is too long: {TEXT_CHARS_MAX} characters at most")]
    TooLong,
}

/// A message's text: trailing white space removed, 1 to [`TEXT_CHARS_MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Trims the end of `text` and checks what is left.
    ///
    /// # Errors
    /// [`TextError`] if nothing is left or the text is too long.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim_end();
        if text.chars().all(is_invisible) {
            return Err(TextError::Empty);
        }
        if text.chars().nth(TEXT_CHARS_MAX).is_some() {
            return Err(TextError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Finds the names that a text mentions, in order and with repetitions.
///
/// A mention is an `@` at the start of a word, followed by the characters of a username. Dots and
/// dashes at its end belong to the sentence. The server decides whether anyone has that name,
/// regardless of its case.
pub fn mentioned_names(text: &str) -> impl Iterator<Item = &str> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.match_indices('@').filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '/')) {
            return None;
        }
        let rest = &text[at + 1..];
        let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches(['.', '-']);
        (1..=USERNAME_CHARS_MAX)
            .contains(&name.len())
            .then_some(name)
    })
}

/// Why a display name is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    /// Nothing is left after white space at both ends was removed.
    #[error("A display name can't be empty")]
    Empty,
    /// The name has more than [`DISPLAY_NAME_CHARS_MAX`] characters.
    #[error("The display name is too long: {DISPLAY_NAME_CHARS_MAX} characters at most")]
    TooLong,
    /// The name has a line break or another control character.
    #[error("A display name can't hold control characters")]
    Control,
    /// The name has a character that shows nothing or that changes the direction of text.
    #[error("A display name can't hold invisible characters")]
    Invisible,
}

/// Whether a character shows nothing by itself: white space, the ignorable characters of Unicode's
/// `Default_Ignorable_Code_Point` that text contains, and the blank Braille pattern.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_joiner(c)
        || is_direction_mark(c)
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}'
            | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Joiners and variation selectors, which emoji and some scripts need between visible characters.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// The controls of the Unicode Bidirectional Algorithm (UAX 9 section 2).
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Checks a display name and returns it without the white space at its ends.
///
/// It has 1 to [`DISPLAY_NAME_CHARS_MAX`] characters, none of them a control character, and none
/// invisible but spaces and joiners between visible ones. Display names are not unique, so users
/// must not be identified by them.
///
/// # Errors
/// [`DisplayNameError`] if the name is empty, too long, or has control or invisible characters.
pub fn check_display_name(name: &str) -> Result<&str, DisplayNameError> {
    let name = name.trim();
    if name.is_empty() {
        Err(DisplayNameError::Empty)
    } else if name.chars().nth(DISPLAY_NAME_CHARS_MAX).is_some() {
        Err(DisplayNameError::TooLong)
    } else if name.chars().any(|c| c.is_control() || is_line_break(c)) {
        Err(DisplayNameError::Control)
    } else if has_invisible(name) {
        Err(DisplayNameError::Invisible)
    } else {
        Ok(name)
    }
}

/// The line and paragraph separators, which are no control characters.
fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a name has an invisible character other than a space, or a joiner at its start.
fn has_invisible(name: &str) -> bool {
    let hides = |c: char| is_invisible(c) && !c.is_whitespace() && !is_joiner(c);
    name.chars().any(hides) || name.starts_with(is_joiner)
}

/// Why a new password is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The password has fewer than [`PASSWORD_CHARS_MIN`] characters.
    #[error("The password is too short: {PASSWORD_CHARS_MIN} characters at least")]
    TooShort,
    /// The password has more than [`PASSWORD_CHARS_MAX`] characters.
    #[error("The password is too long: {PASSWORD_CHARS_MAX} characters at most")]
    TooLong,
}

/// Checks a new password. Only its length matters (OWASP Authentication Cheat Sheet: no rules of
/// composition).
///
/// # Errors
/// [`PasswordError`] if it is too short or too long.
pub fn check_new_password(password: &str) -> Result<(), PasswordError> {
    match password.chars().count() {
        n if n < PASSWORD_CHARS_MIN => Err(PasswordError::TooShort),
        n if n > PASSWORD_CHARS_MAX => Err(PasswordError::TooLong),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let check = |text: &str, expect: Result<&str, TextError>| {
            assert_eq!(
                MessageText::parse(text).as_ref().map(MessageText::as_str),
                expect.as_ref().copied()
            );
        };
        check("hi \n\t", Ok("hi"));
        check("  hi", Ok("  hi"));
        check("", Err(TextError::Empty));
        check(" \u{3000}\n", Err(TextError::Empty));
        check("\u{200B}\u{2800} \u{202E}", Err(TextError::Empty));
        check("\u{200B}x", Ok("\u{200B}x"));
        let full = "é".repeat(TEXT_CHARS_MAX);
        check(&format!("{full}   "), Ok(&full));
        check(&format!("{full}é"), Err(TextError::TooLong));
    }

    #[test]
    fn mentions() {
        let check = |text: &str, expect: &[&str]| {
            assert_eq!(mentioned_names(text).collect::<Vec<_>>(), expect, "{text}");
        };
        check("@ann, (@bob) and @Ann.", &["ann", "bob", "Ann"]);
        check("mail ann@example.org or é@x", &[]);
        check("@ @@ann https://x/@ann", &[]);
        check("@a.b-c_d- ü@", &["a.b-c_d"]);
        check(&format!("@{}", "x".repeat(33)), &[]);
    }

    #[test]
    fn display_names() {
        assert_eq!(check_display_name(" Ann Å. "), Ok("Ann Å."));
        assert_eq!(check_display_name("\n "), Err(DisplayNameError::Empty));
        for name in ["a\u{7}b", "a\u{2028}b", "a\u{2029}b"] {
            let checked = check_display_name(name);
            assert_eq!(checked, Err(DisplayNameError::Control), "{name:?}");
        }
        for name in [
            "\u{200B}",
            "a\u{200B}b",
            "\u{3164}",
            "\u{2800}",
            "\u{202E}toor",
            "\u{FE0F}",
        ] {
            let checked = check_display_name(name);
            assert_eq!(checked, Err(DisplayNameError::Invisible), "{name:?}");
        }
        for name in ["👩\u{200D}🚀 Ann", "❤\u{FE0F}", "علي", "Ann\u{A0}B"] {
            assert_eq!(check_display_name(name), Ok(name));
        }
        assert!(check_display_name(&"ü".repeat(32)).is_ok());
        assert_eq!(
            check_display_name(&"ü".repeat(33)),
            Err(DisplayNameError::TooLong)
        );
    }

    #[test]
    fn passwords() {
        let check = |n: usize, expect| assert_eq!(check_new_password(&"ü".repeat(n)), expect);
        check(7, Err(PasswordError::TooShort));
        check(8, Ok(()));
        check(256, Ok(()));
        check(257, Err(PasswordError::TooLong));
    }
}
