//! The unix socket at which a running server takes acts: one line of JSON with the act comes in, one
//! with the answer goes out.
//!
//! The socket's file is its user's alone (mode 0600), and the system is asked who connects: only the
//! server's user and root get an answer.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::act::{Act, Answer};
use super::executor::Executor;
use crate::listen::UnixSocket;

/// Bytes of a line with an act.
const REQUEST_BYTES_MAX: u64 = 16 * 1024;

/// Bytes of a line with an answer.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Connections at a time; one more is closed at once.
const CONNECTIONS_MAX: usize = 8;

/// In which a connection must send its act, and take its answer.
const LINE_WAIT: Duration = Duration::from_secs(10);

/// In which an act must be done. One that takes longer goes on, and its answer is lost.
const ACT_WAIT: Duration = Duration::from_secs(120);

/// How long accepting pauses where the system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(250);

/// The mode of the socket's file: its user's alone.
const MODE: u32 = 0o600;

/// The user that may do everything.
const ROOT: u32 = 0;

/// Why there is no socket, or no answer from one.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("Another server listens at the admin socket {}.", .0.display())]
    Taken(PathBuf),
    #[error("The admin socket {} can't be made: {reason}.", .path.display())]
    Unusable { path: PathBuf, reason: io::Error },
    #[error(
        "The server at {} can't be reached: {reason}. Run the command as the server's user or as \
         root.", .path.display()
    )]
    Unreachable { path: PathBuf, reason: io::Error },
    #[error("The server at {} gave no answer: {reason}. See its log.", .path.display())]
    NoAnswer { path: PathBuf, reason: String },
}

/// A socket that a server listens at. Dropping it removes its file.
#[derive(Debug)]
pub struct AdminSocket(UnixSocket);

impl AdminSocket {
    /// Makes the socket, in place of one that a server left behind.
    ///
    /// # Errors
    /// [`SocketError`].
    pub async fn bind(path: &Path) -> Result<Self, SocketError> {
        let bound = UnixSocket::bind(path, MODE).await;
        bound.map(Self).map_err(|reason| match reason.kind() {
            io::ErrorKind::AddrInUse => SocketError::Taken(path.to_owned()),
            _ => SocketError::Unusable {
                path: path.to_owned(),
                reason,
            },
        })
    }

    /// Answers acts until the task is dropped.
    pub async fn serve(self, executor: Executor) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let stream = match self.0.accept().await {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the admin socket can't accept a connection for now");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                tracing::warn!("the admin socket has too many connections; one more was closed");
                continue;
            };
            let executor = executor.clone();
            tokio::spawn(async move {
                if let Err(error) = answer(stream, executor).await {
                    tracing::warn!(%error, "a connection to the admin socket failed");
                }
                drop(place);
            });
        }
    }
}

/// Whether the system says that the server's own user or root is at the other end.
fn is_allowed(stream: &UnixStream) -> io::Result<bool> {
    let peer = stream.peer_cred()?.uid();
    Ok(peer == ROOT || peer == rustix::process::geteuid().as_raw())
}

/// Reads one act, carries it out and writes the answer.
async fn answer(mut stream: UnixStream, executor: Executor) -> io::Result<()> {
    if !is_allowed(&stream)? {
        tracing::warn!("another user's connection to the admin socket was closed");
        return Ok(());
    }
    let (read, mut write) = stream.split();
    let line = timeout(LINE_WAIT, read_line(read, REQUEST_BYTES_MAX)).await??;
    if line.is_empty() {
        // Somebody only looked whether a server listens.
        return Ok(());
    }
    let answer: Answer = match serde_json::from_slice::<Act>(&line) {
        // A task of its own: where the operator goes away, the act is finished nevertheless.
        Ok(act) => {
            let act = tokio::spawn(async move { executor.run(act).await });
            timeout(ACT_WAIT, act)
                .await?
                .map_err(|_| io::Error::other("the act broke"))?
        }
        Err(_) => Err(
            "This server does not know that act: it has another version than the \
                       command."
                .to_owned(),
        ),
    };
    let mut line = serde_json::to_vec(&answer).map_err(io::Error::other)?;
    line.push(b'\n');
    timeout(LINE_WAIT, write.write_all(&line)).await?
}

/// Reads up to the end of a line that has at most so many bytes. Empty where nothing comes.
async fn read_line(read: impl tokio::io::AsyncRead + Unpin, max: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut read = BufReader::new(read).take(max);
    read.read_until(b'\n', &mut line).await?;
    match line.last() {
        Some(b'\n') | None => Ok(line),
        _ => Err(io::Error::other("a line that is too long or has no end")),
    }
}

/// Whether a server listens at `path`.
///
/// # Errors
/// [`SocketError::Unreachable`] where that can't be known.
pub(super) async fn is_served(path: &Path) -> Result<bool, SocketError> {
    use io::ErrorKind::{ConnectionRefused, NotFound};
    match UnixStream::connect(path).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ConnectionRefused | NotFound) => Ok(false),
        Err(reason) => Err(SocketError::Unreachable {
            path: path.to_owned(),
            reason,
        }),
    }
}

/// Has the server that listens at `path` carry out one act.
///
/// # Errors
/// [`SocketError::NoAnswer`].
pub(super) async fn ask(path: &Path, act: &Act) -> Result<Answer, SocketError> {
    let asked = async {
        let mut stream = UnixStream::connect(path).await?;
        let mut line = serde_json::to_vec(act).map_err(io::Error::other)?;
        line.push(b'\n');
        let (read, mut write) = stream.split();
        write.write_all(&line).await?;
        let line = read_line(read, ANSWER_BYTES_MAX).await?;
        serde_json::from_slice(&line).map_err(io::Error::other)
    };
    let answer = timeout(ACT_WAIT + LINE_WAIT, asked).await;
    let answer = answer.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)));
    answer.map_err(|error| SocketError::NoAnswer {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
