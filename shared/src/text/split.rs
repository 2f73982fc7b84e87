//! Cuts a text that is too long into messages.

use super::MessageText;
use crate::limits::TEXT_CHARS_MAX;

/// Cuts `text` into messages of at most [`TEXT_CHARS_MAX`] characters, in order: at the end of a
/// line, else of a word, where there is one. The line feed or space at a cut is dropped, and so are
/// parts that [`MessageText`] refuses because nothing of them can be seen.
pub fn split(text: &str) -> Vec<MessageText> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while let Some((most, _)) = rest.char_indices().nth(TEXT_CHARS_MAX) {
        // A line or word may end right behind the last character that fits.
        let next = rest[most..].chars().next().map_or(0, char::len_utf8);
        let window = &rest[..most + next];
        let end = |mark| window.rfind(mark).filter(|end| *end > 0);
        let (cut, resume) = match end('\n').or_else(|| end(' ')) {
            Some(end) => (end, end + 1),
            None => (most, most),
        };
        parts.push(&rest[..cut]);
        rest = &rest[resume..];
    }
    parts.push(rest);
    let parts = parts.into_iter().map(MessageText::parse);
    parts.filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let parts = split(text);
        let parts: Vec<&str> = parts.iter().map(MessageText::as_str).collect();
        assert_eq!(parts, expect);
    }

    #[test]
    fn cuts() {
        check("short", &["short"]);
        check(" \n", &[]);
        let waves = "👋".repeat(TEXT_CHARS_MAX);
        check(&format!("{waves}👋"), &[&waves, "👋"]);
        check(&format!("{waves} x"), &[&waves, "x"]);
        let line = "a".repeat(TEXT_CHARS_MAX - 10);
        let words = "b c ".repeat(10);
        check(&format!("{line}\n{words}"), &[&line, words.trim_end()]);
    }

    proptest::proptest! {
        #[test]
        fn only_white_space_is_lost(text in "[a-c\n é👋]{0,200}") {
            let text = text.repeat(60);
            let joined: String = split(&text).iter().map(MessageText::as_str).collect();
            let visible = |text: &str| text.split_whitespace().collect::<String>();
            proptest::prop_assert_eq!(visible(&joined), visible(&text));
        }
    }
}
