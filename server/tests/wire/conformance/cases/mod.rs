//! The cases: what is written, by which section of RFC 6455, and what must come back.

mod closes;
mod fragments;
mod utf8;

use crate::support::frames::{CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame, masked};

/// The frame that must come next. Frames that the client did not cause are skipped.
#[derive(Debug, Clone)]
pub(super) enum Expect {
    Pong(Vec<u8>),
    /// A pong with this payload, perhaps after pongs to earlier pings.
    LastPong(Vec<u8>),
    /// The reply to a ping command with this id.
    Reply(&'static str),
    /// An error frame with this code; the connection stays open.
    Error(&'static str),
    /// A close with one of these codes.
    Close(Vec<Option<u16>>),
    End,
}

use Expect::{End, Error, LastPong, Pong, Reply};

pub(super) struct Case {
    /// The section of RFC 6455.
    pub(super) rfc: &'static str,
    pub(super) about: String,
    /// Written one after the other.
    pub(super) pieces: Vec<Vec<u8>>,
    pub(super) expect: Vec<Expect>,
}

fn case(
    rfc: &'static str,
    about: impl Into<String>,
    pieces: Vec<Vec<u8>>,
    expect: Vec<Expect>,
) -> Case {
    Case {
        rfc,
        about: about.into(),
        pieces,
        expect,
    }
}

/// The connection must be failed with this code (section 7.1.7).
fn fails(code: u16) -> Vec<Expect> {
    vec![Expect::Close(vec![Some(code)]), End]
}

/// The client's close must be answered with this code, and the connection ended.
fn answered(code: Option<u16>) -> Vec<Expect> {
    vec![Expect::Close(vec![code]), End]
}

/// A ping command, which the server answers by its id; `pad` makes it longer.
fn command(id: &str, pad: &str) -> Vec<u8> {
    format!(r#"{{"type":"ping","id":"{id}","pad":"{pad}"}}"#).into_bytes()
}

/// A ping command with the id `a` that is `length` bytes long.
fn command_of(length: usize) -> Vec<u8> {
    command("a", &"x".repeat(length - command("a", "").len()))
}

fn text(payload: &[u8]) -> Vec<u8> {
    masked(FIN | TEXT, payload)
}

/// A message in fragments.
fn fragments(opcode: u8, parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let last = parts.len() - 1;
    let fragment = |(n, part): (usize, &&[u8])| {
        let first = if n == 0 { opcode } else { CONTINUATION };
        masked(if n == last { FIN | first } else { first }, part)
    };
    parts.iter().enumerate().map(fragment).collect()
}

fn byte_by_byte(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.iter().map(|byte| vec![*byte]).collect()
}

/// Shows that the connection is still good.
fn probe() -> Vec<u8> {
    text(&command("z", ""))
}

pub(super) fn all() -> Vec<Case> {
    [
        lengths(),
        pings(),
        reserved(),
        masking(),
        fragments::fragmentation(),
        fragments::misplaced_fragments(),
        fragments::fragments_and_control(),
        utf8::valid_utf8(),
        utf8::invalid_utf8(),
        closes::closes(),
        closes::close_codes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn lengths() -> Vec<Case> {
    let mut cases = vec![
        case(
            "5.2",
            "an empty text",
            vec![text(b""), probe()],
            vec![Error("bad_json"), Reply("z")],
        ),
        case(
            "5.2",
            "a text of one byte",
            vec![text(b"x"), probe()],
            vec![Error("bad_json"), Reply("z")],
        ),
        case(
            "5.2",
            "a text of 65,537 bytes",
            vec![text(&command_of(65_537))],
            fails(1009),
        ),
        case(
            "5.2",
            "a head that announces 65,537 bytes",
            vec![head(65_537)],
            fails(1009),
        ),
        case(
            "5.2",
            "a head that announces 2^62 bytes",
            vec![head(1 << 62)],
            fails(1009),
        ),
        case(
            "5.2",
            "two texts at once",
            vec![[text(&command("a", "")), probe()].concat()],
            vec![Reply("a"), Reply("z")],
        ),
        case(
            "5.2",
            "a text byte by byte",
            byte_by_byte(&text(&command("a", ""))),
            vec![Reply("a")],
        ),
        case(
            "5.2",
            "a text of 126 bytes byte by byte",
            byte_by_byte(&text(&command_of(126))),
            vec![Reply("a")],
        ),
        case(
            "5.2",
            "100 texts at once",
            vec![[text(&command("a", "")).repeat(99), probe()].concat()],
            [vec![Reply("a"); 99], vec![Reply("z")]].concat(),
        ),
    ];
    for length in [125, 126, 127, 128, 65_535, 65_536] {
        let whole = text(&command_of(length));
        let chopped = whole.chunks(997).map(<[u8]>::to_vec).collect();
        let about = format!("a text of {length} bytes");
        cases.push(case(
            "5.2",
            format!("{about} in pieces of 997"),
            chopped,
            vec![Reply("a")],
        ));
        cases.push(case("5.2", about, vec![whole], vec![Reply("a")]));
    }
    cases
}

/// The head of a text of this length.
fn head(length: u64) -> Vec<u8> {
    let mut head = vec![FIN | TEXT, 0x80 | 127];
    head.extend(length.to_be_bytes());
    head.extend([0; 4]);
    head
}

fn pings() -> Vec<Case> {
    let ping = |payload: &[u8]| masked(FIN | PING, payload);
    let pong = |payload: &[u8]| masked(FIN | PONG, payload);
    let ten: Vec<Vec<u8>> = (0..10).map(|n| ping(&[n])).collect();
    let payloads: [(&str, Vec<u8>); 5] = [
        ("empty", vec![]),
        ("one byte", vec![b'p']),
        ("text", b"Hello, world!".to_vec()),
        ("not UTF-8", vec![0, 0xFF, 0xFE, 0xFD, 0xFC]),
        ("125 bytes", vec![0xFE; 125]),
    ];
    let mut cases: Vec<Case> = payloads
        .into_iter()
        .map(|(about, payload)| {
            let expect = vec![LastPong(payload.clone()), Reply("z")];
            case(
                "5.5.2",
                format!("a ping, {about}"),
                vec![ping(&payload), probe()],
                expect,
            )
        })
        .collect();
    cases.extend([
        case(
            "5.5",
            "a ping of 126 bytes",
            vec![ping(&[0xFE; 126])],
            fails(1002),
        ),
        case(
            "5.5",
            "a pong of 126 bytes",
            vec![pong(&[0xFE; 126])],
            fails(1002),
        ),
        case(
            "5.5.2",
            "a ping of 125 bytes byte by byte",
            byte_by_byte(&ping(&[7; 125])),
            vec![Pong(vec![7; 125])],
        ),
        case(
            "5.5.3",
            "an unsolicited pong",
            vec![pong(b""), probe()],
            vec![Reply("z")],
        ),
        case(
            "5.5.3",
            "an unsolicited pong with a payload",
            vec![pong(b"x"), probe()],
            vec![Reply("z")],
        ),
        case(
            "5.5.3",
            "an unsolicited pong, then a ping",
            vec![pong(b"x"), ping(b"y")],
            vec![Pong(b"y".to_vec())],
        ),
        case("5.5.3", "ten pings", ten.clone(), vec![LastPong(vec![9])]),
        case(
            "5.5.3",
            "ten pings at once",
            vec![ten.concat()],
            vec![LastPong(vec![9])],
        ),
        case(
            "5.5.3",
            "ten pings byte by byte",
            byte_by_byte(&ten.concat()),
            vec![LastPong(vec![9])],
        ),
    ]);
    cases
}

/// Reserved bits and opcodes: with an empty payload and another, alone and behind a good text.
fn reserved() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 1..=7_u8 {
        let first = FIN | bits << 4 | TEXT;
        let about = format!("a text with the reserved bits {bits:03b}");
        let bad = masked(first, &command("a", ""));
        let behind = vec![text(&command("b", "")), bad.clone()];
        let expect = [vec![Reply("b")], fails(1002)].concat();
        cases.push(case(
            "5.2",
            format!("{about}, behind a good one"),
            behind,
            expect,
        ));
        cases.push(case("5.2", about, vec![bad], fails(1002)));
    }
    for opcode in [PING, PONG, CLOSE] {
        let bad = masked(FIN | 0x40 | opcode, b"");
        cases.push(case(
            "5.2",
            format!("the opcode {opcode} with RSV1"),
            vec![bad],
            fails(1002),
        ));
    }
    for opcode in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        let about = format!("the reserved opcode {opcode}");
        let empty = masked(FIN | opcode, b"");
        let filled = masked(FIN | opcode, b"reserved");
        cases.push(case(
            "5.2",
            format!("{about}, empty"),
            vec![empty],
            fails(1002),
        ));
        cases.push(case("5.2", about, vec![filled], fails(1002)));
    }
    cases
}

fn masking() -> Vec<Case> {
    let zero = frame(FIN | TEXT, Some([0; 4]), &command("a", ""));
    let unmasked = |first, payload: &[u8]| vec![frame(first, None, payload)];
    vec![
        case("5.3", "a mask of zeros", vec![zero], vec![Reply("a")]),
        case(
            "5.1",
            "a text that is not masked",
            unmasked(FIN | TEXT, &command("a", "")),
            fails(1002),
        ),
        case(
            "5.1",
            "an empty text that is not masked",
            unmasked(FIN | TEXT, b""),
            fails(1002),
        ),
        case(
            "5.1",
            "a ping that is not masked",
            unmasked(FIN | PING, b"x"),
            fails(1002),
        ),
        case(
            "5.1",
            "a close that is not masked",
            unmasked(FIN | CLOSE, &[3, 232]),
            fails(1002),
        ),
    ]
}
