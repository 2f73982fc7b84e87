//! Texts that are UTF-8, and texts that are not (section 8.1).

use super::Expect::Reply;
use super::{Case, case, command, fails, fragments, text};
use crate::support::frames::{TEXT, masked};

pub(super) fn valid_utf8() -> Vec<Case> {
    let texts: [(&str, &str); 10] = [
        ("Greek", "κόσμε"),
        ("the first of two bytes", "\u{80}"),
        ("the last of two bytes", "\u{7FF}"),
        ("the first of three bytes", "\u{800}"),
        ("the last before the surrogates", "\u{D7FF}"),
        ("the first after the surrogates", "\u{E000}"),
        ("a noncharacter", "\u{FFFF}"),
        ("the first of four bytes", "\u{10000}"),
        ("an emoji", "🦀"),
        ("the last code point", "\u{10FFFF}"),
    ];
    let mut cases = Vec::new();
    for (about, pad) in texts {
        let message = command("a", pad);
        cases.push(case("8.1", about, vec![text(&message)], vec![Reply("a")]));
        // Inside the last character, behind its first byte.
        let split = message.len() - pad.len() - 2 + 1;
        let (one, two) = message.split_at(split);
        let expect = vec![Reply("a")];
        let pieces = fragments(TEXT, &[one, two]);
        cases.push(case(
            "8.1",
            format!("{about}, split within a character"),
            pieces,
            expect,
        ));
    }
    cases
}

pub(super) fn invalid_utf8() -> Vec<Case> {
    let texts: [(&str, &[u8]); 16] = [
        ("a continuation byte", b"\x80"),
        ("the last continuation byte", b"\xBF"),
        ("two continuation bytes", b"\x80\xBF"),
        ("a start of two without the second", b"\xC2"),
        ("a start of three without the third", b"\xE1\x80"),
        ("a start of four without the fourth", b"\xF1\x80\x80"),
        ("a start of two before a space", b"\xC2 "),
        ("an overlong slash of two", b"\xC0\xAF"),
        ("an overlong slash of three", b"\xE0\x80\xAF"),
        ("an overlong slash of four", b"\xF0\x80\x80\xAF"),
        ("an overlong NUL", b"\xC0\x80"),
        ("the first surrogate", b"\xED\xA0\x80"),
        ("a pair of surrogates", b"\xED\xA0\x80\xED\xB0\x80"),
        ("beyond the last code point", b"\xF4\x90\x80\x80"),
        ("a start of five", b"\xF8\x88\x80\x80\x80"),
        ("the byte FF", b"\xFF"),
    ];
    let mut cases: Vec<Case> = texts
        .iter()
        .map(|(about, bytes)| {
            let message = [&b"bad: "[..], bytes].concat();
            case("8.1", *about, vec![text(&message)], fails(1007))
        })
        .collect();
    let early = vec![masked(TEXT, b"bad: \xFF")];
    let split = fragments(TEXT, &[b"\xCE", b"x"]);
    let late = fragments(
        TEXT,
        &["κόσ".as_bytes(), "με\u{20}".as_bytes(), b"\xED\xA0\x80"],
    );
    cases.extend([
        case(
            "8.1",
            "a bad fragment, before the message ends",
            early,
            fails(1007),
        ),
        case(
            "8.1",
            "a character that the next fragment does not complete",
            split,
            fails(1007),
        ),
        case("8.1", "a bad last fragment", late, fails(1007)),
    ]);
    cases
}
