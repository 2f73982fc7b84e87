//! What a connection tells its user.

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc;

use super::ResumePoint;
use crate::protocol::{ServerFrame, Welcome};

/// What happened on a connection. `Display` is a line for people, empty where there is nothing
/// to say to them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Connected, for the first time or again, with the rooms one is in. After the first time the
    /// events that were missed follow, room by room; a room one was taken out of meanwhile comes
    /// as [`ServerFrame::RoomGone`].
    Connected(Welcome),
    /// A frame that is no answer to a command: `chat`, `system`, `presence`, `room` (also the one
    /// that answers `create`), `room_gone`, `rooms_state`, `limited`, an `error` about no command.
    /// Durable ones come once and in the order of their room.
    Frame(ServerFrame),
    /// There is no connection now.
    Disconnected {
        /// Why, as a sentence.
        reason: String,
        /// After what time the next try begins. `None`: never, and [`Event::Closed`] follows.
        retry_in: Option<Duration>,
    },
    /// The last event: the connection is over for good.
    Closed(CloseReason),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected(welcome) => write!(f, "Connected as {}.", welcome.username),
            Self::Frame(ServerFrame::Chat(chat)) => {
                write!(f, "[{}] {}: {}", chat.room, chat.username, chat.message)
            }
            Self::Frame(ServerFrame::System(line)) => write!(f, "[{}] {}", line.room, line.message),
            Self::Frame(ServerFrame::Error(error)) => f.write_str(&error.message),
            Self::Frame(_) => Ok(()),
            Self::Disconnected { reason, retry_in: None } => f.write_str(reason),
            Self::Disconnected { reason, retry_in: Some(wait) } => {
                write!(f, "{reason} Reconnecting in {:.0} s.", wait.as_secs_f64().ceil())
            }
            Self::Closed(reason) => reason.fmt(f),
        }
    }
}

/// Why a connection is over for good. `Display` is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// [`super::Client::close`] was called, or nobody holds the connection any more.
    #[error("The connection was closed.")]
    ByClient,
    /// The token is no (longer a) session: log in again.
    #[error("You are signed out; log in again.")]
    NotSignedIn,
    /// Banned from the server.
    #[error("You are banned from this server{}.", said(.0))]
    Banned(String),
    /// The server speaks other versions of the protocol.
    #[error("The server speaks another version of the protocol{}; update this program.", said(.0))]
    Version(String),
    /// The server won't have this client as it is.
    #[error("The server refused the connection{}.", said(.0))]
    Refused(String),
    /// TLS can't be had on this computer.
    #[error("{0}")]
    Tls(super::TlsError),
}

/// What the other side said, to stand in a sentence.
fn said(reason: &str) -> String {
    let reason = reason.trim().trim_end_matches('.');
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// The receiving half of a connection.
///
/// Read it all the time. What is not read waits in memory up to a bound; past that nothing more
/// is read from the server, so that no event is lost, and a server that is not read from ends the
/// connection after a while (the SDK then resumes where it was). Dropped, events are thrown away
/// and commands go on.
#[derive(Debug)]
pub struct Events {
    pub(crate) receiver: mpsc::Receiver<Event>,
    pub(crate) seen: ResumePoint,
}

impl Events {
    /// The next event; `None` once [`Event::Closed`] was told. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        self.seen.observe(&event);
        Some(event)
    }

    /// Up to where [`Events::next`] has told each room's events: what to give to
    /// [`super::ClientConfig::resume`] when the program starts again.
    pub fn resume_point(&self) -> &ResumePoint {
        &self.seen
    }
}
