//! Why a command has no answer, or not the one that was hoped for.

use super::CloseReason;
use crate::protocol::ErrorFrame;
use crate::{NameError, TextError};

/// Why a command failed. `Display` is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The server refused it; nothing changed. Where `code.is_transient()`, the same message may
    /// be sent again with the same nonce.
    #[error("{}", .0.message)]
    Refused(ErrorFrame),
    /// The text can't be a message; it was not sent.
    #[error("{0}.")]
    Text(#[from] TextError),
    /// A name can't be one; nothing was sent.
    #[error("{0}.")]
    Name(#[from] NameError),
    /// There is no connection, or it ended before the answer came. It is not known whether the
    /// command took effect. Never the end of a `send`, which outlives connections.
    #[error("The connection to the server was lost before it answered; try again.")]
    Disconnected,
    /// The server did not answer in time. It is not known whether the command took effect.
    #[error("The server did not answer in time; try again.")]
    TimedOut,
    /// Too many messages wait to be sent; this one was not taken.
    #[error("Too many messages are waiting to be sent; wait until the server is back.")]
    OutboxFull,
    /// So many events wait to be read that the answer can't be waited for: call
    /// [`super::Events::next`] in time, or drop the `Events`. It is not known whether the command
    /// took effect; a message may be sent again with the same nonce.
    #[error("Too much that the server sent was not read yet, so its answer can't be waited for.")]
    EventsUnread,
    /// The answer is none that this command has: the server speaks another protocol.
    #[error("The server's answer makes no sense to this version of the program.")]
    UnexpectedAnswer,
    /// The operating system has no randomness for a nonce.
    #[error("This computer gives no random numbers, without which no message can be marked.")]
    NoRandomness,
    /// The connection is over for good.
    #[error("{0}")]
    Closed(CloseReason),
}
