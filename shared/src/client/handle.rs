//! The sending half of a connection.

mod admins;
mod invites;
mod messages;
mod people;
mod rooms;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;

use super::{CloseReason, CommandError};
use crate::Nonce;
use crate::protocol::{Command, ServerFrame};

/// How long a command other than `send` waits for its answer, including the time until it may go
/// out.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The answer to a command, as the server sent it.
pub(crate) type Answer = Result<ServerFrame, CommandError>;

/// A command that a handle gives to the task that owns the connection.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) command: Command,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The sending half of a connection; clones share it.
///
/// A `send` outlives connections: it waits until the server has answered, however often the
/// connection is lost meanwhile. Every other command fails with [`CommandError::Disconnected`] when
/// there is no connection or it ends before the answer. At most 64 commands are unanswered at a
/// time; further ones wait. A command whose future is dropped may still take effect.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) closed: watch::Receiver<Option<CloseReason>>,
    pub(crate) closing: Arc<Notify>,
}

/// Makes a nonce of 128 random bits.
///
/// # Errors
/// [`CommandError::NoRandomness`] where the operating system has none.
pub fn new_nonce() -> Result<Nonce, CommandError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| CommandError::NoRandomness)?;
    Ok(Nonce::parse(&format!(
        "{:032x}",
        u128::from_ne_bytes(bytes)
    ))?)
}

impl Client {
    /// Asks the server for a `pong` and returns how long the answer took.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn ping(&self) -> Result<Duration, CommandError> {
        let start = Instant::now();
        match self.timed(Command::Ping).await? {
            ServerFrame::Pong { .. } => Ok(start.elapsed()),
            other => Err(unexpected(&other)),
        }
    }

    /// Closes the connection and waits until it is closed, at most two seconds. Everything that is
    /// still unanswered fails with [`CommandError::Closed`].
    pub async fn close(&self) {
        let mut closed = self.closed.clone();
        self.closing.notify_one();
        // An error means that the task is gone, and the connection with it.
        let _ = closed.wait_for(Option::is_some).await;
    }

    /// Sends a command that the caller built and returns the frame that answers it.
    ///
    /// Use it to choose the nonce of a durable command: repeated after a
    /// [`CommandError::Disconnected`] with the same nonce, the command gets its first answer.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn command(&self, command: Command) -> Result<ServerFrame, CommandError> {
        match command {
            Command::Send(_) => self.ask(command).await,
            command => self.timed(command).await,
        }
    }

    async fn done(&self, command: Command) -> Result<(), CommandError> {
        match self.timed(command).await? {
            ServerFrame::Ok { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    async fn timed(&self, command: Command) -> Answer {
        timeout(COMMAND_TIMEOUT, self.ask(command))
            .await
            .unwrap_or(Err(CommandError::TimedOut))
    }

    async fn ask(&self, command: Command) -> Answer {
        let (answer, answered) = oneshot::channel();
        let sent = self.requests.send(Request { command, answer }).await;
        match sent {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(self.over())),
            Err(_) => Err(self.over()),
        }
    }

    /// Why no command is answered any more.
    fn over(&self) -> CommandError {
        CommandError::Closed(
            self.closed
                .borrow()
                .clone()
                .unwrap_or(CloseReason::ByClient),
        )
    }
}

fn unexpected(_: &ServerFrame) -> CommandError {
    CommandError::UnexpectedAnswer
}
