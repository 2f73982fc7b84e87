//! What a message's text and a new password must be.

use crate::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, TEXT_CHARS_MAX};

/// Why a text won't do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left once trailing white space is gone.
    #[error("The message is empty")]
    Empty,
    /// Over [`TEXT_CHARS_MAX`] characters.
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
    /// [`TextError`] where it is empty or too long.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim_end();
        if text.is_empty() {
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

/// Why a new password won't do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Under [`PASSWORD_CHARS_MIN`] characters.
    #[error("The password is too short: {PASSWORD_CHARS_MIN} characters at least")]
    TooShort,
    /// Over [`PASSWORD_CHARS_MAX`] characters.
    #[error("The password is too long: {PASSWORD_CHARS_MAX} characters at most")]
    TooLong,
}

/// Checks a password for a new account; its length is all that is asked (OWASP Authentication
/// Cheat Sheet: no rules of composition).
///
/// # Errors
/// [`PasswordError`] where it is too short or too long.
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
        let full = "é".repeat(TEXT_CHARS_MAX);
        check(&format!("{full}   "), Ok(&full));
        check(&format!("{full}é"), Err(TextError::TooLong));
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
