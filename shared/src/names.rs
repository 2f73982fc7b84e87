//! Names and tokens that are valid by construction.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{EMOJI_CHARS_MAX, ROOM_NAME_CHARS_MAX, TOKEN_CHARS_MAX, USERNAME_CHARS_MAX};

/// The name of the lobby, the room that every account is in.
pub const LOBBY: &str = "lobby";

/// Why a name is not allowed. Each is a sentence for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The new username breaks the rules.
    #[error("A username is 1 to 32 characters of A-Z a-z 0-9 . _ -")]
    Username,
    /// The new username ends in a character that ends a sentence in a text that mentions it.
    #[error("A username does not end in . or -")]
    UsernameEnd,
    /// The room's name breaks the rules.
    #[error("A room's name is 1 to 32 characters of a-z 0-9 -")]
    Room,
    /// The nonce or `id` breaks the rules.
    #[error("A nonce or an id is 1 to 64 characters of A-Z a-z 0-9 . _ -")]
    Token,
    /// The text is not one emoji.
    #[error("A reaction is one emoji")]
    Emoji,
}

fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn is_token(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.len()) && text.bytes().all(is_token_char)
}

macro_rules! shared_string {
    ($name:ident) => {
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }
    };
}

macro_rules! parsed_string {
    ($name:ident) => {
        shared_string!($name);
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }
    };
}

/// A user's name, in the spelling that it was registered with.
///
/// Accounts of the FastAPI demo may have names that [`Username::parse_new`] refuses, so a name that
/// comes from a server is taken as it is. Two usernames are the same user only if they are equal
/// character by character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(transparent)]
pub struct Username(Arc<str>);

shared_string!(Username);

impl Username {
    /// Checks a name for a new account.
    ///
    /// # Errors
    /// [`NameError::Username`] unless it is 1 to 32 of `A-Z a-z 0-9 . _ -`, and
    /// [`NameError::UsernameEnd`] if it ends in `.` or `-`.
    pub fn parse_new(text: &str) -> Result<Self, NameError> {
        if !is_token(text, USERNAME_CHARS_MAX) {
            return Err(NameError::Username);
        }
        if text.ends_with(['.', '-']) {
            return Err(NameError::UsernameEnd);
        }
        Ok(Self::existing(text))
    }

    /// Takes the name of an existing account without checking it.
    pub fn existing(text: &str) -> Self {
        Self(text.into())
    }

    /// The folded form, in which new names must be unique: lower case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A room's name: 1 to 32 of `a-z 0-9 -`; a direct room's begins with `@`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct RoomName(Arc<str>);

parsed_string!(RoomName);

impl RoomName {
    /// Checks a room's name, also a direct room's.
    ///
    /// # Errors
    /// [`NameError::Room`] if no room can have that name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let bare = text.strip_prefix('@').unwrap_or(text);
        let fits = (1..=ROOM_NAME_CHARS_MAX).contains(&bare.len());
        let chars = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if fits && bare.bytes().all(chars) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Room)
        }
    }

    /// The lobby's name.
    pub fn lobby() -> Self {
        Self(LOBBY.into())
    }

    /// Whether this is the lobby.
    pub fn is_lobby(&self) -> bool {
        &*self.0 == LOBBY
    }

    /// Whether this is the name of a direct room, which the server makes and people can't choose.
    pub fn is_direct(&self) -> bool {
        self.0.starts_with('@')
    }
}

/// Identifies a durable command, so that the server recognises a repetition.
///
/// The combination of room, sender and nonce is unique forever. All members get the nonce.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(Arc<str>);

parsed_string!(Nonce);

impl Nonce {
    /// Checks a nonce.
    ///
    /// # Errors
    /// [`NameError::Token`] unless it is 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if is_token(text, TOKEN_CHARS_MAX) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Token)
        }
    }
}

/// Identifies a command of a connection; its one reply carries it as `re`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(Arc<str>);

parsed_string!(RequestId);

impl RequestId {
    /// Checks a command's `id`.
    ///
    /// # Errors
    /// [`NameError::Token`] unless it is 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if is_token(text, TOKEN_CHARS_MAX) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Token)
        }
    }
}

/// One emoji, as a reaction.
///
/// It is one grapheme cluster (UAX #29) of at most [`EMOJI_CHARS_MAX`] characters that Unicode
/// calls an emoji (UTS #51). U+FE0F, which asks for the drawing as a picture, is not counted. A bare
/// digit, which Unicode counts among emoji, is not allowed.
///
/// Many emoji can be written with U+FE0F and without it, and look the same. An `Emoji` has one
/// normal form: U+FE0F follows each character that is drawn as text without it, unless a skin tone
/// follows, and stands nowhere else. Emoji that were stored in another form are read as this one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct Emoji(Arc<str>);

parsed_string!(Emoji);

impl Emoji {
    /// Checks an emoji.
    ///
    /// # Errors
    /// [`NameError::Emoji`] unless it is one emoji.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let one = text.graphemes(true).nth(1).is_none();
        let bare = || text.chars().filter(|c| *c != PICTURE_SELECTOR);
        let fits = bare().nth(EMOJI_CHARS_MAX).is_none();
        let parts = |c: char| c.is_emoji_char_or_emoji_component();
        let emoji = |c: char| c.is_emoji_char() && !c.is_ascii();
        // A keycap is a digit, `#` or `*` followed by U+20E3.
        let shown = |c: char| emoji(c) || is_regional_indicator(c) || c == '\u{20E3}';
        let keycap = |c: char| c == '\u{20E3}';
        if one && fits && bare().all(|c| parts(c) || keycap(c)) && bare().any(shown) {
            Ok(Self(in_normal_form(bare()).into()))
        } else {
            Err(NameError::Emoji)
        }
    }
}

/// U+FE0F: the character before it is drawn as a picture.
const PICTURE_SELECTOR: char = '\u{FE0F}';

/// Puts [`PICTURE_SELECTOR`] into an emoji that has none, behind each character that needs it.
fn in_normal_form(bare: impl Iterator<Item = char>) -> String {
    let mut bare = bare.peekable();
    let mut emoji = String::new();
    while let Some(c) = bare.next() {
        emoji.push(c);
        let is_text = c.is_emoji_char() && !is_picture_by_itself(c.emoji_status());
        let has_skin_tone = bare.peek().is_some_and(|next| is_skin_tone(*next));
        if is_text && !has_skin_tone {
            emoji.push(PICTURE_SELECTOR);
        }
    }
    emoji
}

/// Whether a character is drawn as a picture without a selector (`Emoji_Presentation`).
fn is_picture_by_itself(status: EmojiStatus) -> bool {
    matches!(
        status,
        EmojiStatus::EmojiPresentation
            | EmojiStatus::EmojiPresentationAndModifierBase
            | EmojiStatus::EmojiPresentationAndEmojiComponent
            | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
    )
}

/// Whether the character gives the one before it a skin tone (`Emoji_Modifier`).
fn is_skin_tone(c: char) -> bool {
    ('\u{1F3FB}'..='\u{1F3FF}').contains(&c)
}

/// Whether the character is a regional indicator; two of them are a flag.
fn is_regional_indicator(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        for good in ["a", "Ann.B_c-9", &"x".repeat(32)] {
            assert!(Username::parse_new(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ü", "a@b", &"x".repeat(33), "a\n"] {
            assert_eq!(Username::parse_new(bad), Err(NameError::Username), "{bad}");
        }
        for bad in [".", "..", "ann.", "ann-", "-"] {
            assert_eq!(
                Username::parse_new(bad),
                Err(NameError::UsernameEnd),
                "{bad}"
            );
        }
        assert!(Username::parse_new(".ann_").is_ok());
        assert_eq!(Username::existing("ÄNN").folded(), "änn");
    }

    #[test]
    fn rooms() {
        for good in ["lobby", "rust-2024", "@0a1b", &"x".repeat(32)] {
            assert!(RoomName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "@", "Rust", "a_b", "a b", &"x".repeat(33)] {
            assert_eq!(RoomName::parse(bad), Err(NameError::Room), "{bad}");
        }
    }

    #[test]
    fn emojis() {
        for good in ["👍", "❤️", "👨‍👩‍👧‍👦", "🇦🇹", "1️⃣", "👋🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
        {
            assert!(Emoji::parse(good).is_ok(), "{good}");
        }
        let piled = format!("👍{}", "\u{200D}👍".repeat(20));
        for bad in [
            "", "a", "1", "#", "👍👍", " 👍", "+1", "\u{200D}", "\u{FE0F}", "<b>", &piled,
        ] {
            assert_eq!(Emoji::parse(bad), Err(NameError::Emoji), "{bad:?}");
        }
    }

    #[test]
    fn emojis_have_one_normal_form() {
        let golden = include_str!("../golden/emoji.json");
        let vectors: Vec<(String, Vec<String>)> = serde_json::from_str(golden).unwrap();
        for (normal, others) in &vectors {
            for given in others.iter().chain([normal]) {
                assert_eq!(Emoji::parse(given).unwrap().as_str(), normal, "{given:?}");
            }
        }
        assert!(vectors.len() >= 10);
        // The selectors do not count, so that the normal form of what fits does fit.
        let long = format!("❤{}", "\u{200D}❤".repeat(7));
        let normal = Emoji::parse(&long).unwrap();
        assert_eq!(Emoji::parse(normal.as_str()), Ok(normal));
    }

    #[test]
    fn nonces() {
        assert!(Nonce::parse(&"n".repeat(64)).is_ok());
        for bad in ["", " ", "a/b", &"n".repeat(65)] {
            assert_eq!(Nonce::parse(bad), Err(NameError::Token), "{bad}");
        }
    }
}
