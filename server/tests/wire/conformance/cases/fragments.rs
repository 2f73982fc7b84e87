//! Messages in fragments (sections 5.4 to 5.6).

use super::Expect::{Error, LastPong, Pong, Reply};
use super::{Case, answered, byte_by_byte, case, command, command_of, fails, fragments};
use crate::support::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, masked};

pub(super) fn fragmentation() -> Vec<Case> {
    let message = command("a", "in several fragments");
    let (one, rest) = message.split_at(9);
    let (two, three) = rest.split_at(11);
    let bytes: Vec<&[u8]> = message.chunks(1).collect();
    let full = command_of(65_536);
    let (half, other) = full.split_at(32_768);
    let whole = [
        ("two fragments", fragments(TEXT, &[one, rest])),
        ("three fragments", fragments(TEXT, &[one, two, three])),
        ("a fragment for each byte", fragments(TEXT, &bytes)),
        ("an empty first fragment", fragments(TEXT, &[b"", &message])),
        ("an empty last fragment", fragments(TEXT, &[&message, b""])),
        ("an empty one between", fragments(TEXT, &[one, b"", rest])),
        ("65,536 bytes", fragments(TEXT, &[half, other])),
    ];
    let at_once = vec![fragments(TEXT, &[one, rest]).concat()];
    let chopped = byte_by_byte(&at_once[0]);
    let more = [
        ("two fragments at once", at_once),
        ("two fragments byte by byte", chopped),
    ];
    let mut cases: Vec<Case> = whole
        .into_iter()
        .chain(more)
        .map(|(about, pieces)| case("5.4", about, pieces, vec![Reply("a")]))
        .collect();
    let empty = fragments(TEXT, &[b"", b"", b""]);
    let bad_json = vec![Error("bad_json")];
    cases.push(case("5.4", "nothing but empty fragments", empty, bad_json));
    cases
}

pub(super) fn misplaced_fragments() -> Vec<Case> {
    let message = command("a", "");
    let (one, rest) = message.split_at(9);
    let much = command_of(65_537);
    let (begin, end) = much.split_at(32_768);
    let go_on = |last: u8| vec![masked(last | CONTINUATION, b"x")];
    let within = |first: u8| vec![masked(TEXT, one), masked(first, rest)];
    let after = [fragments(TEXT, &[one, rest]), go_on(FIN)].concat();
    let replied = [vec![Reply("a")], fails(1002)].concat();
    let binary = masked(FIN | BINARY, b"x");
    let no_bytes = masked(FIN | BINARY, b"");
    let parts = fragments(BINARY, &[b"x", b"y"]);
    let split = fragments(TEXT, &[begin, end]);
    vec![
        case("5.4", "65,537 bytes in fragments", split, fails(1009)),
        case("5.4", "a continuation of nothing", go_on(FIN), fails(1002)),
        case("5.4", "one that is not the last", go_on(0), fails(1002)),
        case("5.4", "a continuation behind a message", after, replied),
        case(
            "5.4",
            "a text within a text",
            within(FIN | TEXT),
            fails(1002),
        ),
        case("5.4", "a text begins in a text", within(TEXT), fails(1002)),
        case("5.4", "binary in a text", within(FIN | BINARY), fails(1002)),
        case("5.6", "a binary message", vec![binary], fails(1003)),
        case(
            "5.6",
            "an empty binary message",
            vec![no_bytes],
            fails(1003),
        ),
        case("5.6", "a binary message in fragments", parts, fails(1003)),
    ]
}

/// Control frames between fragments, and control frames that are fragments.
pub(super) fn fragments_and_control() -> Vec<Case> {
    let message = command("a", "");
    let (one, two) = message.split_at(9);
    let (first, last) = (masked(TEXT, one), masked(FIN | CONTINUATION, two));
    let between = |control: Vec<u8>| vec![first.clone(), control, last.clone()];
    let ping = masked(FIN | PING, b"between");
    let pinged = || vec![Pong(b"between".to_vec()), Reply("a")];
    let close = masked(FIN | CLOSE, &[3, 232]);
    let fragment = |opcode: u8| vec![masked(opcode, b"x"), masked(FIN | CONTINUATION, b"y")];
    let in_each_gap: Vec<Vec<u8>> = message
        .chunks(8)
        .enumerate()
        .flat_map(|(n, chunk)| {
            let first = if n == 0 { TEXT } else { CONTINUATION };
            [masked(first, chunk), ping.clone()]
        })
        .chain([masked(FIN | CONTINUATION, b"")])
        .collect();
    let replies = vec![LastPong(b"between".to_vec())];
    vec![
        case(
            "5.4",
            "a ping between fragments",
            between(ping.clone()),
            pinged(),
        ),
        case(
            "5.4",
            "a ping between fragments, at once",
            vec![between(ping.clone()).concat()],
            pinged(),
        ),
        case(
            "5.4",
            "a ping between fragments, byte by byte",
            byte_by_byte(&between(ping).concat()),
            pinged(),
        ),
        case(
            "5.4",
            "a pong between fragments",
            between(masked(FIN | PONG, b"x")),
            vec![Reply("a")],
        ),
        case("5.4", "a ping in each gap", in_each_gap, replies),
        case(
            "5.5.1",
            "a close between fragments",
            between(close),
            answered(Some(1000)),
        ),
        case("5.5", "a ping in fragments", fragment(PING), fails(1002)),
        case("5.5", "a pong in fragments", fragment(PONG), fails(1002)),
        case("5.5", "a close in fragments", fragment(CLOSE), fails(1002)),
        case(
            "5.5",
            "a fragment of a ping between fragments",
            between(masked(PING, b"x")),
            fails(1002),
        ),
    ]
}
