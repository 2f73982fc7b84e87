//! What a connection tells its user.

use std::fmt::{self, Write};
use std::time::Duration;

use tokio::sync::mpsc;

use super::ResumePoint;
use crate::protocol::{ServerFrame, Welcome};

/// What happened on a connection. `Display` is a line for people, which a terminal may print: what
/// it would run in it is replaced.
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
        let line = match self {
            Self::Connected(welcome) => format!("Connected as {}.", welcome.username),
            Self::Frame(ServerFrame::Chat(chat)) => {
                format!("[{}] {}: {}", chat.room, chat.username, chat.message)
            }
            Self::Frame(ServerFrame::System(line)) => format!("[{}] {}", line.room, line.message),
            Self::Frame(ServerFrame::Error(error)) => error.message.clone(),
            Self::Frame(ServerFrame::Presence(it)) => format!("[{}] {} online", it.room, it.count),
            Self::Frame(ServerFrame::Room { room, .. }) => format!("[{}] You are in.", room.room),
            Self::Frame(ServerFrame::RoomGone(it)) => format!("[{}] You are out.", it.room),
            Self::Frame(ServerFrame::Limited(it)) => {
                format!(
                    "[{}] More was missed than is told again; see its history.",
                    it.room
                )
            }
            Self::Frame(ServerFrame::RoomsState(it)) => {
                format!("You are in {} more rooms.", it.rooms.len())
            }
            Self::Frame(_) => return Ok(()),
            Self::Disconnected {
                reason,
                retry_in: None,
            } => reason.clone(),
            Self::Disconnected {
                reason,
                retry_in: Some(wait),
            } => {
                format!(
                    "{reason} Reconnecting in {:.0} s.",
                    wait.as_secs_f64().ceil()
                )
            }
            Self::Closed(reason) => reason.to_string(),
        };
        // The line may be printed to a terminal, which must not run what someone wrote.
        line.chars()
            .try_for_each(|char| f.write_char(if is_harmless(char) { char } else { '\u{fffd}' }))
    }
}

/// Whether a terminal only shows it: no control, and none that turns the direction of the text.
fn is_harmless(char: char) -> bool {
    !char.is_control()
        && !matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    /// Banned from the server, with what it says about that.
    #[error("{}", or(.0, "You are banned from this server."))]
    Banned(String),
    /// The server speaks other versions of the protocol, with what it says about that.
    #[error("The server speaks another version of the protocol; update this program.{}", and(.0))]
    Version(String),
    /// The server won't have this client as it is, with what it says about that.
    #[error("{}", or(.0, "The server refused the connection."))]
    Refused(String),
    /// TLS can't be had on this computer.
    #[error("{0}")]
    Tls(super::TlsError),
}

fn or<'a>(said: &'a str, default: &'a str) -> &'a str {
    if said.is_empty() { default } else { said }
}

fn and(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(" It said: {said}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::session::samples::chat;

    #[test]
    fn a_line_runs_nothing_in_a_terminal() {
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
