//! The socket under a send queue: plain TCP, or one that keeps state of its own (TLS).

use std::io::{self, IoSlice};

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Mutex;

/// The socket that a send queue writes to.
pub enum Socket {
    /// Takes bytes at once, from any task that pushes.
    Tcp(OwnedWriteHalf),
    /// Only the drain writes to it: TLS keeps state of its own between writes.
    Deferred(Mutex<Box<dyn AsyncWrite + Send + Unpin>>),
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Deferred(_) => "Deferred",
        })
    }
}

impl Socket {
    pub fn deferred(socket: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        Self::Deferred(Mutex::new(Box::new(socket)))
    }

    /// Writes the bytes that the socket takes at once.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => send(socket.as_ref(), bytes),
            Self::Deferred(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// As [`Socket::try_write`]; where the socket is full, the runtime knows it afterwards and can
    /// tell when it frees.
    pub(super) fn try_write_knowing(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_write_vectored(slices),
            Self::Deferred(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Waits until the socket takes bytes; a deferred one takes some of `next` then.
    pub(super) async fn ready(&self, next: &Bytes) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.writable().await.map(|()| 0),
            Self::Deferred(socket) => {
                let mut socket = socket.lock().await;
                let written = socket.write(next).await?;
                if written == 0 {
                    Err(io::ErrorKind::WriteZero.into())
                } else {
                    Ok(written)
                }
            }
        }
    }

    /// Nothing more will be written: the peer sees the end behind what was.
    pub(super) async fn shut_down(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => {
                let socket: &TcpStream = socket.as_ref();
                socket2::SockRef::from(socket).shutdown(std::net::Shutdown::Write)
            }
            Self::Deferred(socket) => {
                let mut socket = socket.lock().await;
                socket.flush().await?;
                socket.shutdown().await
            }
        }
    }

    /// A deferred socket may hold bytes that it took back.
    pub(super) async fn flush(&self) -> io::Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::Deferred(socket) => socket.lock().await.flush().await,
        }
    }
}

/// Writes to the socket without asking the runtime's readiness state first: in a delivery to
/// thousands, that would be one more cache line for each. The drain's own writes keep the state
/// right.
#[cfg(unix)]
fn send(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(
        socket,
        bytes,
        rustix::net::SendFlags::empty(),
    )?)
}

#[cfg(not(unix))]
fn send(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    socket.try_write(bytes)
}
