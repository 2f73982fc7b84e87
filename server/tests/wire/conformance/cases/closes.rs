//! Closing handshakes (sections 5.5.1 and 7.4).

use super::Expect::{self, End, Reply};
use super::{Case, answered, byte_by_byte, case, fails, probe};
use crate::support::frames::{CLOSE, FIN, PING, masked};

fn close_with(code: u16, reason: &[u8]) -> Vec<u8> {
    let payload = [&code.to_be_bytes(), reason].concat();
    masked(FIN | CLOSE, &payload)
}

pub(super) fn closes() -> Vec<Case> {
    let empty = masked(FIN | CLOSE, b"");
    let plain = close_with(1000, b"");
    let ping = masked(FIN | PING, b"late");
    let normal = || answered(Some(1000));
    vec![
        case(
            "5.5.1",
            "a close without a code",
            vec![empty],
            answered(None),
        ),
        case("5.5.1", "a close with 1000", vec![plain.clone()], normal()),
        case(
            "5.5.1",
            "a close byte by byte",
            byte_by_byte(&plain),
            normal(),
        ),
        case(
            "5.5.1",
            "a close with a reason",
            vec![close_with(1000, b"bye")],
            normal(),
        ),
        case(
            "5.5.1",
            "a close with a reason of 123 bytes",
            vec![close_with(1000, &[b'x'; 123])],
            normal(),
        ),
        case(
            "5.5",
            "a close with a reason of 124 bytes",
            vec![close_with(1000, &[b'x'; 124])],
            fails(1002),
        ),
        case(
            "5.5.1",
            "a close of one byte",
            vec![masked(FIN | CLOSE, &[3])],
            fails(1002),
        ),
        case(
            "5.5.1",
            "a close with a reason that is not UTF-8",
            vec![close_with(1000, b"\xFF")],
            fails(1007),
        ),
        case(
            "5.5.1",
            "two closes",
            vec![plain.clone(), plain.clone()],
            normal(),
        ),
        case(
            "5.5.1",
            "a text behind a close",
            vec![[plain.clone(), probe()].concat()],
            normal(),
        ),
        case(
            "5.5.1",
            "a ping behind a close",
            vec![[plain.clone(), ping].concat()],
            normal(),
        ),
        case(
            "5.5.1",
            "a close behind a text",
            vec![[probe(), plain].concat()],
            vec![Reply("z"), Expect::Close(vec![Some(1000)]), End],
        ),
    ]
}

/// Codes that an endpoint may send are answered with the same code (section 5.5.1), others are
/// errors.
pub(super) fn close_codes() -> Vec<Case> {
    let valid = [
        1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ];
    let invalid = [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ];
    let close = |code: u16| vec![close_with(code, b"")];
    let valid = valid.map(|code| {
        case(
            "7.4",
            format!("a close with {code}"),
            close(code),
            answered(Some(code)),
        )
    });
    let invalid = invalid.map(|code| {
        case(
            "7.4",
            format!("a close with {code}"),
            close(code),
            fails(1002),
        )
    });
    valid.into_iter().chain(invalid).collect()
}
