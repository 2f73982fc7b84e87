//! The read side of a WebSocket connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use chat_shared::limits::FRAME_BYTES_MAX;
use chat_shared::protocol::CloseCode;
use futures::StreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use crate::send_queue::{Frame, SendQueue};

/// Bytes that a connection reads at a time; small, since there are many connections.
const READ_BUFFER_BYTES: usize = 512;

/// The read side of a connection. The WebSocket library keeps the protocol's state; its own frames
/// (pongs, the answer to a close) leave by the same send queue as all others.
pub(super) struct Reader<R>(WebSocketStream<ReadHalf<R>>);

/// An item that was read.
pub(super) enum Incoming {
    Text(String),
    /// A pong, or a ping, which is answered already.
    Alive,
    /// The peer broke the protocol: close with this.
    Broken(CloseCode, &'static str),
    /// Nothing more will come.
    Gone,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) async fn new(read: R, leftover: Bytes, send_queue: Arc<SendQueue>) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_frame_size(Some(FRAME_BYTES_MAX))
            .max_message_size(Some(FRAME_BYTES_MAX));
        let half = ReadHalf { read, send_queue };
        let leftover = leftover.to_vec();
        Self(WebSocketStream::from_partially_read(half, leftover, Role::Server, Some(config)).await)
    }

    /// The next thing that came in. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Incoming {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(_))) => {
                Incoming::Broken(CloseCode::BinaryFrame, "frames are JSON text, not binary")
            }
            // The answer to a close is written by the next read.
            Some(Ok(_)) => Incoming::Alive,
            Some(Err(error)) => broken(&error),
            None => Incoming::Gone,
        }
    }

    /// Reads to the end of the stream and drops everything. A socket that is closed with unread
    /// bytes is reset, and the peer would lose what was written last, such as our close.
    pub(super) async fn discard(&mut self) {
        let read = &mut self.0.get_mut().read;
        let mut bytes = [0; READ_BUFFER_BYTES];
        while matches!(read.read(&mut bytes).await, Ok(1..)) {}
    }
}

fn broken(error: &tungstenite::Error) -> Incoming {
    match error {
        tungstenite::Error::Capacity(_) => {
            Incoming::Broken(CloseCode::FrameTooBig, "a frame is 65536 bytes at most")
        }
        tungstenite::Error::Utf8(_) => Incoming::Broken(CloseCode::NotUtf8, "text must be UTF-8"),
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Incoming::Gone,
        tungstenite::Error::Protocol(_) | tungstenite::Error::AttackAttempt => {
            Incoming::Broken(CloseCode::BrokeWebSocket, "that is not WebSocket")
        }
        _ => Incoming::Gone,
    }
}

struct ReadHalf<R> {
    read: R,
    send_queue: Arc<SendQueue>,
}

impl<R: AsyncRead + Unpin> AsyncRead for ReadHalf<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, buf)
    }
}

/// The library writes whole control frames, one at a time, since its buffer is 0.
impl<R: Unpin> AsyncWrite for ReadHalf<R> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.send_queue
            .push(&Frame::from_wire(Bytes::copy_from_slice(bytes)));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
