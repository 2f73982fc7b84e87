//! A minimal WebSocket client: frames, and a reader that counts without copying.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, bail};

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Bytes of a payload that show a frame's type: `{"type":"welcome`.
const HEAD_BYTES: usize = 16;

/// Most bytes of a reply to an upgrade.
const ANSWER_BYTES_MAX: usize = 4_096;

/// Most bytes of one frame during set-up.
const SETUP_FRAME_BYTES_MAX: usize = 1 << 20;

/// The masking key. A fixed one makes runs repeatable.
const MASK: [u8; 4] = [0x1F, 0x2E, 0x3D, 0x4C];

/// A frame that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Chat,
    Ack,
    Welcome,
    Error,
    /// Another text frame.
    Text,
    /// A binary frame with this many bytes.
    Binary(usize),
    Ping,
    Pong,
    Close(u16),
}

impl Seen {
    fn new(opcode: u8, len: usize, head: &[u8]) -> Self {
        let kind = |name: &[u8]| {
            head.strip_prefix(br#"{"type":""#)
                .is_some_and(|rest| rest.starts_with(name))
        };
        match opcode {
            CLOSE => match head {
                [high, low, ..] => Self::Close(u16::from_be_bytes([*high, *low])),
                _ => Self::Close(1005),
            },
            PING => Self::Ping,
            PONG => Self::Pong,
            BINARY => Self::Binary(len),
            _ if kind(b"chat") => Self::Chat,
            _ if kind(b"ack") => Self::Ack,
            _ if kind(b"welcome") => Self::Welcome,
            _ if kind(b"error") => Self::Error,
            _ => Self::Text,
        }
    }
}

/// A client's frame, masked as RFC 6455 requires.
pub(crate) fn client_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short <= 125 => frame.push(0x80 | short),
        (_, Ok(medium)) => {
            frame.push(0x80 | 126);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
    frame
}

pub(crate) fn client_pong() -> Vec<u8> {
    client_frame(PONG, &[])
}

/// A server frame's header: opcode, length of the header, length of the payload. `None` if more
/// bytes are needed.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let [first, second, rest @ ..] = bytes else {
        return None;
    };
    let opcode = first & 0x0F;
    match second & 0x7F {
        126 => {
            let len = u16::from_be_bytes(*rest.first_chunk()?);
            Some((opcode, 4, usize::from(len)))
        }
        127 => {
            let len = u64::from_be_bytes(*rest.first_chunk()?);
            Some((opcode, 10, usize::try_from(len).unwrap_or(usize::MAX)))
        }
        short => Some((opcode, 2, usize::from(short))),
    }
}

/// Finds the frames in a stream that arrives in pieces.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    /// The beginning of a frame whose type is not known yet.
    carry: Vec<u8>,
    /// Bytes left of a frame that was already reported.
    skip: usize,
}

impl FrameReader {
    pub(crate) fn feed(&mut self, more: &[u8], on: &mut impl FnMut(Seen)) {
        let joined;
        let mut bytes = more;
        if !self.carry.is_empty() {
            self.carry.extend_from_slice(more);
            joined = std::mem::take(&mut self.carry);
            bytes = &joined;
        }
        loop {
            let skipped = self.skip.min(bytes.len());
            bytes = &bytes[skipped..];
            self.skip -= skipped;
            if bytes.is_empty() {
                return;
            }
            let Some((opcode, header, len)) = header(bytes) else {
                return self.carry.extend_from_slice(bytes);
            };
            let Some(head) = bytes.get(header..header + len.min(HEAD_BYTES)) else {
                return self.carry.extend_from_slice(bytes);
            };
            on(Seen::new(opcode, len, head));
            self.skip = header + len;
        }
    }
}

/// The whole `chat` frames of a captured stream.
pub(crate) fn chat_frames(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((opcode, header, len)) = header(stream) {
        let Some((frame, rest)) = stream.split_at_checked(header + len) else {
            break;
        };
        let head = &frame[header..header + len.min(HEAD_BYTES)];
        if Seen::new(opcode, len, head) == Seen::Chat {
            frames.push(frame);
        }
        stream = rest;
    }
    frames
}

/// Sends an upgrade request. [`read_upgrade`] reads the reply.
pub(crate) fn write_upgrade(
    stream: &mut TcpStream,
    path: &str,
    bearer: Option<&str>,
) -> anyhow::Result<()> {
    let authorization = bearer.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let host = stream.peer_addr()?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         {authorization}\r\n"
    );
    Ok(stream.write_all(request.as_bytes())?)
}

/// Reads the reply's head and leaves the rest in the socket.
pub(crate) fn read_upgrade(stream: &mut TcpStream) -> anyhow::Result<()> {
    let mut answer = [0; ANSWER_BYTES_MAX];
    loop {
        let seen = stream.peek(&mut answer)?;
        if let Some(end) = answer[..seen]
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
        {
            stream.read_exact(&mut answer[..end + 4])?;
            break;
        }
        if seen == 0 || seen == ANSWER_BYTES_MAX {
            bail!("the upgrade got no answer");
        }
    }
    if !answer.starts_with(b"HTTP/1.1 101") {
        let line: Vec<u8> = answer.into_iter().take_while(|b| *b != b'\r').collect();
        bail!(
            "the upgrade was refused: {}",
            String::from_utf8_lossy(&line)
        );
    }
    Ok(())
}

/// Reads exactly one frame from a blocking socket.
pub(crate) fn read_frame(stream: &mut TcpStream) -> anyhow::Result<(Seen, Vec<u8>)> {
    let mut bytes = vec![0; 2];
    stream
        .read_exact(&mut bytes)
        .context("a frame was awaited")?;
    let more = match bytes[1] & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    bytes.resize(2 + more, 0);
    stream.read_exact(&mut bytes[2..])?;
    let (opcode, _, len) = header(&bytes).context("a frame's header")?;
    if len > SETUP_FRAME_BYTES_MAX {
        bail!("a frame of {len} bytes");
    }
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload)?;
    let head = &payload[..len.min(HEAD_BYTES)];
    Ok((Seen::new(opcode, len, head), payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let masked = client_frame(opcode, payload);
        let header_len = masked.len() - payload.len() - MASK.len();
        let mut frame = masked[..header_len].to_vec();
        frame[1] &= 0x7F;
        frame.extend(payload);
        frame
    }

    fn stream() -> (Vec<u8>, Vec<Seen>) {
        let long = format!(r#"{{"type":"chat","message":"{}"}}"#, "x".repeat(300));
        let huge = format!(r#"{{"type":"history","x":"{}"}}"#, "y".repeat(70_000));
        let frames = [
            (server_frame(TEXT, br#"{"type":"ack"}"#), Seen::Ack),
            (server_frame(PING, b""), Seen::Ping),
            (server_frame(TEXT, long.as_bytes()), Seen::Chat),
            (server_frame(TEXT, br#"{"type":"chat"}"#), Seen::Chat),
            (server_frame(TEXT, huge.as_bytes()), Seen::Text),
            (server_frame(BINARY, &[7; 130]), Seen::Binary(130)),
            (server_frame(TEXT, br#"{"type":"welcome"}"#), Seen::Welcome),
            (
                server_frame(TEXT, br#"{"type":"error","code":1}"#),
                Seen::Error,
            ),
            (server_frame(TEXT, b"{}"), Seen::Text),
            (server_frame(CLOSE, &[0x11, 0x3D, b'x']), Seen::Close(4_413)),
        ];
        let bytes = frames.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        (bytes, frames.into_iter().map(|(_, seen)| seen).collect())
    }

    #[test]
    fn frames_are_found_however_the_stream_is_cut() {
        let (bytes, expect) = stream();
        for size in [1, 2, 3, 7, 17, 64, 1_000, 65_536, bytes.len()] {
            let mut reader = FrameReader::default();
            let mut seen = Vec::new();
            for piece in bytes.chunks(size) {
                reader.feed(piece, &mut |frame| seen.push(frame));
            }
            assert_eq!(seen, expect, "in pieces of {size}");
        }
    }

    #[test]
    fn chat_frames_are_taken_whole() {
        let (mut bytes, _) = stream();
        bytes.truncate(bytes.len() - 1);
        let frames = chat_frames(&bytes);
        assert_eq!(frames.len(), 2);
        assert!(frames.iter().all(|frame| frame.ends_with(b"}")));
    }

    #[test]
    fn a_server_reads_our_frames() {
        use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
        for len in [0, 5, 125, 126, 65_535, 65_536] {
            let text = "x".repeat(len);
            let frame = std::io::Cursor::new(client_frame(TEXT, text.as_bytes()));
            let mut socket = WebSocket::from_raw_socket(frame, Role::Server, None);
            assert_eq!(socket.read().unwrap().into_text().unwrap(), text);
        }
    }
}
