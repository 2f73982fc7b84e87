//! Why a command failed.

use super::CloseReason;
use crate::protocol::ErrorFrame;
use crate::{NameError, TextError};

/// Why a command failed. `Display` is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The server refused the command; nothing changed. If `code.is_transient()`, the same message
    /// may be sent again with the same nonce.
    #[error("{}", .0.message)]
    Refused(ErrorFrame),
    /// The text is not allowed as a message; nothing was sent.
    #[error("{0}.")]
    Text(#[from] TextError),
    /// The name is not allowed; nothing was sent.
    #[error("{0}.")]
    Name(#[from] NameError),
    /// There is no connection, or it ended before the answer came. The command may have taken
    /// effect. A `send` never fails with this: it outlives connections.
    #[error("The connection to the server was lost before it answered; try again.")]
    Disconnected,
    /// The server did not answer within 30 seconds. The command may have taken effect.
    #[error("The server did not answer in time; try again.")]
    TimedOut,
    /// 1,000 messages wait to be acknowledged; this one was not taken.
    #[error("Too many messages are waiting to be sent; try again when you are connected.")]
    TooManyPending,
    /// More than 16 MiB of events are unread, and the answer comes behind them: call
    /// [`super::Events::next`] in time, or drop the `Events`. The command may have taken effect; a
    /// message may be sent again with the same nonce.
    #[error("This program has too many unread events to wait for the answer.")]
    EventsUnread,
    /// The answer is of a type that the command does not have: the server speaks another protocol.
    #[error("This version of the program does not understand the server's answer.")]
    UnexpectedAnswer,
    /// The operating system has no randomness for a nonce.
    #[error("This computer provides no random numbers, which are needed to send messages.")]
    NoRandomness,
    /// The SDK will not connect again.
    #[error("{0}")]
    Closed(CloseReason),
}
