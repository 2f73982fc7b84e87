//! WebSocket frames, encoded once for all connections that get them.

use bytes::{BufMut, Bytes, BytesMut};
use chat_shared::protocol::CloseCode;

const OPCODE_TEXT: u8 = 0x1;
const OPCODE_CLOSE: u8 = 0x8;
const OPCODE_PING: u8 = 0x9;
const OPCODE_PONG: u8 = 0xA;
const FINAL: u8 = 0x80;

/// Bytes of reason that a close can carry: 125 of a control frame (RFC 6455 section 5.5) less the
/// code.
const CLOSE_REASON_BYTES_MAX: usize = 123;

/// How a frame is treated when not everything can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Events of the log, and answers.
    Durable,
    /// Durable, and sent only when the queue has room for it
    /// ([`super::SendQueue::pacing_permit`]): replays and pages. It never makes a reader too slow
    /// by its size.
    Paced,
    /// May be dropped: presence, joins and leaves.
    Ephemeral,
    Ping,
    /// Only the newest is kept.
    Pong,
    Close,
}

/// One or more whole WebSocket frames. A server's frames carry no mask (RFC 6455 section 5.1), so
/// that the same bytes serve every connection.
#[derive(Debug, Clone)]
pub struct Frame {
    bytes: Bytes,
    class: Class,
    /// Bytes of the buffer that `bytes` is a part of: what keeping it keeps in memory.
    pinned: usize,
}

impl Frame {
    pub fn text(text: &str, class: Class) -> Self {
        let mut bytes = BytesMut::with_capacity(text.len() + 10);
        Self::write_text(&mut bytes, text);
        Self::whole(bytes.freeze(), class)
    }

    /// Appends a text frame to a batch.
    pub fn write_text(bytes: &mut BytesMut, text: &str) {
        header(bytes, OPCODE_TEXT, text.len());
        bytes.put_slice(text.as_bytes());
    }

    /// Whole frames that [`Frame::write_text`] wrote, which have their buffer for themselves.
    pub fn whole(bytes: Bytes, class: Class) -> Self {
        let pinned = bytes.len();
        Self {
            bytes,
            class,
            pinned,
        }
    }

    /// A frame that is a part of a buffer of `pinned` bytes.
    pub fn part(bytes: Bytes, pinned: usize, class: Class) -> Self {
        Self {
            bytes,
            class,
            pinned,
        }
    }

    pub fn ping() -> Self {
        let mut bytes = BytesMut::with_capacity(2);
        header(&mut bytes, OPCODE_PING, 0);
        Self::whole(bytes.freeze(), Class::Ping)
    }

    pub fn close(code: CloseCode, reason: &str) -> Self {
        let mut end = reason.len().min(CLOSE_REASON_BYTES_MAX);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let mut bytes = BytesMut::with_capacity(end + 4);
        header(&mut bytes, OPCODE_CLOSE, end + 2);
        bytes.put_u16(code.code());
        bytes.put_slice(&reason.as_bytes()[..end]);
        Self::whole(bytes.freeze(), Class::Close)
    }

    /// A frame that the WebSocket library wrote on its own: a pong, or the answer to a close.
    pub fn from_wire(bytes: Bytes) -> Self {
        let class = match bytes.first().map(|first| first & 0x0F) {
            Some(OPCODE_PONG) => Class::Pong,
            Some(OPCODE_CLOSE) => Class::Close,
            Some(OPCODE_PING) => Class::Ping,
            _ => Class::Durable,
        };
        Self::whole(bytes, class)
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes
    }

    pub fn class(&self) -> Class {
        self.class
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Bytes that it keeps in memory.
    pub fn pinned(&self) -> usize {
        self.pinned
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn header(bytes: &mut BytesMut, opcode: u8, len: usize) {
    bytes.put_u8(FINAL | opcode);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short), _) if short <= 125 => bytes.put_u8(short),
        (_, Ok(medium)) => {
            bytes.put_u8(126);
            bytes.put_u16(medium);
        }
        _ => {
            bytes.put_u8(127);
            bytes.put_u64(len as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocket};

    use super::*;

    fn read(frame: &Frame) -> Message {
        let stream = std::io::Cursor::new(frame.bytes().to_vec());
        WebSocket::from_raw_socket(stream, Role::Client, None)
            .read()
            .unwrap()
    }

    #[test]
    fn a_client_reads_what_we_write() {
        for len in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
            let text = "é".repeat(len / 2) + &"x".repeat(len % 2);
            assert_eq!(
                read(&Frame::text(&text, Class::Durable))
                    .into_text()
                    .unwrap(),
                text
            );
        }
        assert!(matches!(read(&Frame::ping()), Message::Ping(_)));
        let Message::Close(Some(close)) = read(&Frame::close(CloseCode::TooSlow, &"é".repeat(99)))
        else {
            panic!("not a close")
        };
        assert_eq!((u16::from(close.code), close.reason.len()), (4413, 122));
    }
}
