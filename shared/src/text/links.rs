//! URLs in running text: where one begins and ends.

use super::chars::{ends_url, is_word};

/// Bytes of a URL that becomes a link, with the characters that are cut from its end. A longer one
/// is text. Nothing looks further for the end of a URL, so that each of many beginnings costs a
/// bounded time.
pub(super) const URL_BYTES_MAX: usize = 2_000;

/// A URL at the start of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Url {
    /// How many bytes of the text it takes.
    pub(super) len: usize,
    /// Whether it begins with `www.` and lacks a scheme.
    pub(super) lacks_scheme: bool,
}

/// Finds the URL at the start of `text`. `before` is the character before it.
///
/// A URL begins with `http://`, `https://` or `www.`, in any case, where no letter or digit is
/// before it. It ends before white space, quotes, angle brackets and full-width punctuation; the
/// ends of sentences, and brackets that it does not open, are not part of it.
pub(super) fn url_at(text: &str, before: Option<char>) -> Option<Url> {
    if before.is_some_and(is_word) {
        return None;
    }
    let (scheme, lacks_scheme) = scheme_of(text)?;
    if !begins_host(&text[scheme..]) {
        return None;
    }
    let len = trimmed(&text[..end_of(text)?]);
    let host = text.get(scheme..len)?;
    let has_domain = !lacks_scheme || host.trim_end_matches('/').contains('.');
    (begins_host(host) && has_domain).then_some(Url { len, lacks_scheme })
}

/// Whether the whole text is a URL with a scheme, as in `[label](url)`.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, false)) = scheme_of(text) else {
        return false;
    };
    text.len() <= URL_BYTES_MAX && begins_host(&text[scheme..]) && !text.contains(ends_url)
}

/// Whether the text begins with `http://` or `https://`.
pub(super) fn has_scheme(text: &str) -> bool {
    matches!(scheme_of(text), Some((_, false)))
}

/// Whether a host may begin so: a name, a number, or an IPv6 address in brackets.
fn begins_host(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || c == '[')
}

/// The length of the scheme, and whether it is `www.`, which is none.
fn scheme_of(text: &str) -> Option<(usize, bool)> {
    [("https://", false), ("http://", false), ("www.", true)]
        .into_iter()
        .find(|(scheme, _)| {
            let start = text.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .map(|(scheme, is_www)| (scheme.len(), is_www))
}

/// Where a URL at the start of `text` ends at the latest: before a character that no URL has, or
/// before a `]` or `}` that it does not open. `None` if that is behind [`URL_BYTES_MAX`].
fn end_of(text: &str) -> Option<usize> {
    let (mut square, mut curly) = (0_usize, 0_usize);
    let mut ends = |c: char| {
        let depth = match c {
            '[' | ']' => &mut square,
            '{' | '}' => &mut curly,
            c => return ends_url(c),
        };
        match c {
            '[' | '{' => *depth += 1,
            _ if *depth == 0 => return true,
            _ => *depth -= 1,
        }
        false
    };
    let mut chars = text.char_indices();
    let end = match chars.find(|(at, c)| *at > URL_BYTES_MAX || ends(*c)) {
        Some((at, _)) => at,
        None => text.len(),
    };
    (end <= URL_BYTES_MAX).then_some(end)
}

/// The length of a URL without the punctuation of the sentence around it, and without a `)` that it
/// does not open.
pub(super) fn trimmed(url: &str) -> usize {
    let count = |bracket| url.matches(bracket).count();
    let mut surplus = count(')').saturating_sub(count('('));
    let mut len = url.len();
    for last in url.chars().rev() {
        match last {
            ')' if surplus > 0 => surplus -= 1,
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '…' => {}
            _ => break,
        }
        len -= last.len_utf8();
    }
    len
}
