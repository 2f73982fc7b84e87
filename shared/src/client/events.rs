//! The receiving half of a connection: events, and why a connection ended.

use std::fmt::{self, Write};
use std::time::Duration;

use tokio::sync::mpsc;

use super::{ResumePoint, texts};
use crate::protocol::{ServerFrame, Welcome};

/// An event of a connection, for the user of the SDK.
///
/// `Display` is a line for people. A terminal may print it: control characters are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Connected, for the first time or again, with the rooms that the user is in. After a
    /// reconnect the events that were missed follow, room by room. For a room that the user was
    /// removed from meanwhile, [`ServerFrame::RoomGone`] follows.
    Connected(Welcome),
    /// A frame that answers no command: `chat`, `system`, `presence`, `room` (also the one that
    /// answers `create`), `room_gone`, `rooms_state`, `limited`, or an `error` without `re`.
    /// Durable events come once and in the order of their room.
    Frame(ServerFrame),
    /// There is no connection now.
    Disconnected {
        /// Why, as a sentence.
        reason: String,
        /// The time until the next attempt. `None`: there is none, and [`Event::Closed`] follows.
        retry_in: Option<Duration>,
    },
    /// The last event: the SDK will not connect again.
    Closed(CloseReason),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Connected(welcome) => texts::connected(&welcome.username),
            Self::Frame(ServerFrame::Chat(chat)) => {
                format!("[{}] {}: {}", chat.room, chat.username, chat.message)
            }
            Self::Frame(ServerFrame::System(line)) => format!("[{}] {}", line.room, line.message),
            Self::Frame(ServerFrame::Error(error)) => error.message.clone(),
            Self::Frame(ServerFrame::Presence(it)) => format!("[{}] {} online", it.room, it.count),
            Self::Frame(ServerFrame::Room { room, .. }) => texts::room_entered(&room.room),
            Self::Frame(ServerFrame::RoomGone(it)) => texts::room_gone(&it.room),
            Self::Frame(ServerFrame::Limited(it)) => texts::events_skipped(&it.room),
            Self::Frame(ServerFrame::RoomsState(it)) => texts::more_rooms(it.rooms.len()),
            Self::Frame(_) => return Ok(()),
            Self::Disconnected {
                reason,
                retry_in: None,
            } => reason.clone(),
            Self::Disconnected {
                reason,
                retry_in: Some(wait),
            } => texts::reconnecting(reason, wait.as_secs_f64().ceil()),
            Self::Closed(reason) => reason.to_string(),
        };
        line.chars()
            .try_for_each(|char| f.write_char(if is_harmless(char) { char } else { '\u{fffd}' }))
    }
}

/// Whether a terminal only shows the character: no control character, and no bidirectional control
/// (Unicode UAX #9, section 2).
fn is_harmless(char: char) -> bool {
    !char.is_control()
        && !matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Why the SDK will not connect again. `Display` is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// [`super::Client::close`] was called, or both halves were dropped.
    #[error("The connection was closed.")]
    ByClient,
    /// The token has no session, or no longer: sign in again.
    #[error("You are signed out; sign in again.")]
    NotSignedIn,
    /// The user is banned from the server. Has the server's sentence about it.
    #[error("{}", or(.0, "You are banned from this server."))]
    Banned(String),
    /// The server speaks other versions of the protocol. Has the server's sentence about it.
    #[error(
        "The server speaks another version of the protocol; update this program.{}",
        texts::server_said(.0)
    )]
    Version(String),
    /// The server does not accept this client. Has the server's sentence about it.
    #[error("{}", or(.0, "The server refused the connection."))]
    Refused(String),
    /// TLS can't be used on this computer.
    #[error("{0}")]
    Tls(super::TlsError),
}

fn or<'a>(said: &'a str, default: &'a str) -> &'a str {
    if said.is_empty() { default } else { said }
}

/// The receiving half of a connection.
///
/// Read it all the time. Unread events wait in memory up to a bound of 1 MiB; above it nothing more
/// is read from the server, so that no event is lost, and the server closes the connection after a
/// while. The SDK then resumes where it was. Dropping it discards events; commands still work.
#[derive(Debug)]
pub struct Events {
    pub(crate) receiver: mpsc::Receiver<Event>,
    pub(crate) seen: ResumePoint,
}

impl Events {
    /// Waits for the next event; returns `None` after [`Event::Closed`]. Cancelling the future
    /// loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        self.seen.observe(&event);
        Some(event)
    }

    /// How far [`Events::next`] has returned the events of each room. Hand it to
    /// [`super::ClientConfig::resume`] when the program starts again.
    pub fn resume_point(&self) -> &ResumePoint {
        &self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::client_state::samples::chat;

    #[test]
    fn control_characters_never_reach_a_terminal() {
        let event = Event::Frame(ServerFrame::Chat(chat(
            "r",
            1,
            "ann",
            "\x1b[2J\u{202e}hi\n\u{9b}x 👋",
        )));
        assert_eq!(
            event.to_string(),
            "[r] ann: \u{fffd}[2J\u{fffd}hi\u{fffd}\u{fffd}x 👋"
        );
    }
}
