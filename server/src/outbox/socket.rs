use std::io::{self, IoSlice};

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Mutex;

/// Where an outbox writes to.
pub enum Socket {
    /// Takes what it has room for at once, from whoever pushes.
    Tcp(OwnedWriteHalf),
    /// Written to by the drain alone: TLS keeps state of its own between writes.
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

    pub(super) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (Self::Tcp(socket), [only]) => socket.try_write(only),
            (Self::Tcp(socket), several) => socket.try_write_vectored(several),
            (Self::Deferred(_), _) => Err(io::ErrorKind::WouldBlock.into()),
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
                let socket: &tokio::net::TcpStream = socket.as_ref();
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
