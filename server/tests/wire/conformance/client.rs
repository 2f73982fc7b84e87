//! A WebSocket client that writes any bytes and checks every byte that the server writes.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::support::frames::{CLOSE, FIN, PING, PONG, TEXT};

/// Bytes that the kernel keeps for a client that doesn't read.
const RECEIVE_BUFFER_BYTES: u32 = 4_096;

/// Bytes of a control frame's payload at most (RFC 6455 section 5.5).
const CONTROL_BYTES_MAX: usize = 125;

/// How a server is reached.
#[derive(Clone)]
pub(super) enum Transport {
    Plain,
    Tls(TlsConnector),
}

impl Transport {
    pub(super) async fn connect(&self, server: SocketAddr) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES).unwrap();
        let tcp = socket.connect(server).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let stream: Box<dyn Stream> = match self {
            Self::Plain => Box::new(tcp),
            Self::Tls(connector) => {
                let name = "localhost".try_into().unwrap();
                Box::new(connector.connect(name, tcp).await.unwrap())
            }
        };
        Client {
            stream,
            read: Vec::new(),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl Stream for TcpStream {}

impl Stream for tokio_rustls::client::TlsStream<TcpStream> {}

pub(super) struct Client {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

/// Bytes that the server wrote, checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Got {
    Json(Value),
    Ping,
    Pong(Vec<u8>),
    /// A close frame with its code, if it has one.
    Close(Option<u16>),
    /// The connection ended.
    End,
    /// The server broke RFC 6455.
    Broken(String),
}

impl Client {
    /// Writes, and fails where the server has closed.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// The body of an HTTP response of known length.
    pub(super) async fn http(&mut self, request: &str) -> (String, Vec<u8>) {
        self.write(request.as_bytes()).await.unwrap();
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.read.drain(..end + 4).collect();
                break String::from_utf8(head).unwrap().to_lowercase();
            }
            self.fill().await.unwrap();
        };
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
        let length: usize = length.unwrap_or(0);
        while self.read.len() < length {
            self.fill().await.unwrap();
        }
        (head, self.read.drain(..length).collect())
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// The next frame.
    pub(super) async fn next(&mut self) -> Got {
        loop {
            match parse(&self.read) {
                Ok(Some((got, length))) => {
                    self.read.drain(..length);
                    return got;
                }
                Ok(None) => {}
                Err(fault) => return Got::Broken(fault.to_owned()),
            }
            match self.fill().await {
                Ok(()) => {}
                Err(_) if self.read.is_empty() => return Got::End,
                Err(_) => return Got::Broken("it ended within a frame".to_owned()),
            }
        }
    }
}

/// The first frame and its length, once all of it is there.
fn parse(bytes: &[u8]) -> Result<Option<(Got, usize)>, &'static str> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    let (opcode, short) = (first & 0x0F, usize::from(second & 0x7F));
    if first & 0x70 != 0 {
        return Err("a reserved bit is set");
    }
    if first & FIN == 0 {
        return Err("a frame is fragmented");
    }
    if second & 0x80 != 0 {
        return Err("a frame is masked");
    }
    let length_bytes = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let Some((long, rest)) = rest.split_at_checked(length_bytes) else {
        return Ok(None);
    };
    let long = long
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    let length = if length_bytes == 0 { short } else { long };
    let least = [0, 126, 65_536][length_bytes.div_ceil(4).min(2)];
    if length < least {
        return Err("a length is not in its shortest form");
    }
    if opcode >= CLOSE && length > CONTROL_BYTES_MAX {
        return Err("a control frame is too long");
    }
    let Some(payload) = rest.get(..length) else {
        return Ok(None);
    };
    let got = match opcode {
        TEXT => Got::Json(serde_json::from_slice(payload).map_err(|_| "a text is not JSON")?),
        PING => Got::Ping,
        PONG => Got::Pong(payload.to_vec()),
        CLOSE => Got::Close(closed(payload)?),
        _ => return Err("an opcode is none of a server's"),
    };
    Ok(Some((got, 2 + length_bytes + length)))
}

fn closed(payload: &[u8]) -> Result<Option<u16>, &'static str> {
    match payload {
        [] => Ok(None),
        [high, low, reason @ ..] if std::str::from_utf8(reason).is_ok() => {
            Ok(Some(u16::from_be_bytes([*high, *low])))
        }
        _ => Err("a close is malformed"),
    }
}
