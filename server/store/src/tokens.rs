//! The one tokeniser: it cuts messages for the index of every store, and queries for the search.
//!
//! Words are runs of letters and digits, in lower case and without diacritics (Unicode's NFKD less
//! its marks), so that "Übergröße" is found by "ubergrosse". Chinese, Japanese and Korean are not
//! written with spaces between words: there each two neighbours are a word.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a word; what is longer is cut.
const WORD_CHARS_MAX: usize = 64;

/// Phrases of one query; those behind are not looked at.
const PHRASES_MAX: usize = 16;

/// The words of a text, in order, repetitions among them.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut run = Run::default();
    for c in fold(text) {
        if !c.is_alphanumeric() {
            run.end(&mut words);
        } else if is_unspaced(c) != run.unspaced {
            run.end(&mut words);
            run.unspaced = is_unspaced(c);
            run.chars.push(c);
        } else {
            run.chars.push(c);
        }
    }
    run.end(&mut words);
    words
}

/// Returns the phrases of a query: each is a row of words that follow each other. `"a phrase"` in
/// double quotes is one, and so is whatever has no space in it ("e-mail").
pub fn phrases(query: &str) -> Vec<Vec<String>> {
    let mut phrases = Vec::new();
    for (index, part) in query.split('"').enumerate() {
        if index % 2 == 1 {
            phrases.push(words(part));
        } else {
            phrases.extend(part.split_whitespace().map(words));
        }
    }
    phrases.retain(|phrase| !phrase.is_empty());
    phrases.truncate(PHRASES_MAX);
    phrases
}

/// Whether `words` hold a phrase.
pub fn holds(words: &[String], phrase: &[String]) -> bool {
    words.windows(phrase.len().max(1)).any(|row| row == phrase)
}

fn fold(text: &str) -> impl Iterator<Item = char> + '_ {
    let bare = text.nfkd().filter(|c| !is_combining_mark(*c));
    bare.flat_map(char::to_lowercase).flat_map(sharp_s).nfc()
}

/// Unicode's full case folding of ß; lower case leaves it.
fn sharp_s(c: char) -> impl Iterator<Item = char> {
    let (first, second) = if c == 'ß' {
        ('s', Some('s'))
    } else {
        (c, None)
    };
    std::iter::once(first).chain(second)
}

/// Han, kana and Hangul.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[derive(Default)]
struct Run {
    chars: Vec<char>,
    unspaced: bool,
}

impl Run {
    fn end(&mut self, words: &mut Vec<String>) {
        let chars = std::mem::take(&mut self.chars);
        if chars.is_empty() {
            return;
        }
        if self.unspaced && chars.len() > 1 {
            words.extend(chars.windows(2).map(|pair| pair.iter().collect()));
        } else {
            words.push(chars.into_iter().take(WORD_CHARS_MAX).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(words(text), expect, "{text}");
    }

    #[test]
    fn words_are_folded() {
        check(
            "Hello, WORLD! it's 3.14",
            &["hello", "world", "it", "s", "3", "14"],
        );
        check(
            "Übergröße ÉTÉ ﬁn ２０２６",
            &["ubergrosse", "ete", "fin", "2026"],
        );
        check("snake_case user@host", &["snake", "case", "user", "host"]);
        check("🦀 \u{202e} \0 ' \" *", &[]);
        check(&"x".repeat(99), &[&"x".repeat(64)]);
    }

    #[test]
    fn text_without_spaces_is_cut_in_pairs() {
        check("東京タワー", &["東京", "京タ", "タワ", "ワー"]);
        check("我 Rust語です", &["我", "rust", "語て", "てす"]);
        check("서울 대학교", &["서울", "대학", "학교"]);
    }

    #[test]
    fn queries() {
        let check = |query: &str, expect: &[&[&str]]| assert_eq!(phrases(query), expect, "{query}");
        check(
            "crab \"hard shell\" e-mail",
            &[&["crab"], &["hard", "shell"], &["e", "mail"]],
        );
        check("\"open", &[&["open"]]);
        check("\" ! \" -- \"\"", &[]);
        assert_eq!(phrases(&"a ".repeat(40)).len(), PHRASES_MAX);
    }

    #[test]
    fn phrases_are_found_in_order() {
        let text = words("a hard, shell");
        for (query, found) in [
            ("hard shell", true),
            ("\"hard shell\"", true),
            ("\"shell hard\"", false),
        ] {
            assert_eq!(
                phrases(query).iter().all(|p| holds(&text, p)),
                found,
                "{query}"
            );
        }
    }
}
