//! Names: what is taken keeps its form, on the wire and in a store, and look-alikes are seen in
//! every spelling.

use chat_server::fuzzing::{is_reserved, lookalikes};
use chat_shared::limits::{
    DISPLAY_NAME_CHARS_MAX, EMOJI_CHARS_MAX, ROOM_NAME_CHARS_MAX, TOKEN_CHARS_MAX,
    USERNAME_CHARS_MAX,
};
use chat_shared::{Emoji, Nonce, RequestId, RoomName, Username, check_display_name};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Characters that one character of a display name becomes when it is compared with usernames.
/// Unicode's longest compatibility decomposition has 18.
const LOOKALIKE_CHARS_MAX: usize = 18 * 6;

/// Reads the input as a name of each kind.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    check_username(text);
    check_display(text);
    if let Ok(room) = RoomName::parse(text) {
        let bare = text.strip_prefix('@').unwrap_or(text);
        assert!(is_ascii_of(bare, ROOM_NAME_CHARS_MAX, "-"), "{text}");
        assert!(bare.bytes().all(|byte| !byte.is_ascii_uppercase()));
        assert_eq!(room.is_direct(), text.starts_with('@'));
        check_json(&room, text);
    }
    if let Ok(emoji) = Emoji::parse(text) {
        let normal = emoji.as_str();
        // U+FE0F, by which a character is drawn as a picture, is not counted.
        let chars = normal.chars().filter(|c| *c != '\u{FE0F}').count();
        assert!((1..=EMOJI_CHARS_MAX).contains(&chars), "{text}");
        assert!(!normal.chars().any(char::is_control), "{text}");
        assert!(!normal.contains(|c: char| c.is_ascii_alphabetic() || c == '<'));
        assert_eq!(
            Emoji::parse(normal).as_ref(),
            Ok(&emoji),
            "the normal form of {text}"
        );
        check_json(&emoji, normal);
    }
    let nonce = Nonce::parse(text).ok();
    assert_eq!(nonce.is_some(), is_ascii_of(text, TOKEN_CHARS_MAX, "._-"));
    assert_eq!(nonce.is_some(), RequestId::parse(text).is_ok());
    nonce.inspect(|nonce| check_json(nonce, text));
}

fn check_username(text: &str) {
    let is_taken = is_ascii_of(text, USERNAME_CHARS_MAX, "._-") && !text.ends_with(['.', '-']);
    assert_eq!(Username::parse_new(text).is_ok(), is_taken, "{text}");
    // The demo's names may be anything.
    let username = Username::existing(text);
    check_json(&username, text);
    if is_taken {
        let folded = Username::existing(&username.folded());
        assert_eq!(folded.folded(), username.folded());
        let reserved = is_reserved(&username);
        for spelling in [folded, other_case(text), spread(text)] {
            assert_eq!(is_reserved(&spelling), reserved, "{text} and {spelling}");
        }
    }
}

fn other_case(name: &str) -> Username {
    let swap = |c: char| match c.is_ascii_lowercase() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    };
    Username::existing(&name.chars().map(swap).collect::<String>())
}

/// The name with separators between its characters.
fn spread(name: &str) -> Username {
    Username::existing(&name.chars().flat_map(|c| ['_', c]).collect::<String>())
}

fn check_display(text: &str) {
    let Ok(name) = check_display_name(text) else {
        return;
    };
    assert_eq!(
        check_display_name(name),
        Ok(name),
        "what is taken is taken again"
    );
    assert!((1..=DISPLAY_NAME_CHARS_MAX).contains(&name.chars().count()));
    assert!(!name.chars().any(char::is_control), "{name:?}");
    let candidates = lookalikes(name);
    assert!(
        (1..=3).contains(&candidates.len()),
        "{name:?}: {candidates:?}"
    );
    let chars_max = name.chars().count() * LOOKALIKE_CHARS_MAX;
    for candidate in &candidates {
        assert!(
            candidate.chars().count() <= chars_max,
            "{name:?}: {candidate:?}"
        );
    }
    if Username::parse_new(name).is_ok() {
        assert!(
            candidates.iter().any(|other| other == name),
            "{name}: {candidates:?}"
        );
    }
}

/// Whether the text is 1 to `chars_max` ASCII letters, digits and characters of `others`.
fn is_ascii_of(text: &str, chars_max: usize, others: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    (1..=chars_max).contains(&text.chars().count()) && text.chars().all(fits)
}

fn check_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &T, text: &str) {
    let json = serde_json::to_string(name).expect("a name is a string");
    assert_eq!(
        serde_json::from_str::<String>(&json).ok().as_deref(),
        Some(text)
    );
    assert_eq!(serde_json::from_str::<T>(&json).ok().as_ref(), Some(name));
}
