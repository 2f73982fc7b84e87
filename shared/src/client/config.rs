//! The settings of a connection, and the point from which it resumes.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Event;
use super::tls::Trust;
use super::{RootCertificateError, ServerUrl};
use crate::protocol::{RoomInfo, ServerFrame};
use crate::{RoomName, Seq};

/// The default longest wait between two attempts to connect.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// How far the events of each room were received, to continue from there after a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResumePoint {
    /// The id of the log that the numbers belong to, from `welcome`.
    pub log: String,
    /// The seq of the last event that was received, for each room.
    pub rooms: BTreeMap<RoomName, Seq>,
}

/// The settings of a connection: the server, the token, and where to resume.
#[derive(Clone)]
pub struct ClientConfig {
    pub(crate) server: ServerUrl,
    pub(crate) token: String,
    pub(crate) client_name: String,
    pub(crate) resume: Option<ResumePoint>,
    pub(crate) trust: Trust,
    pub(crate) backoff_max: Duration,
}

impl ClientConfig {
    /// Connects to `server` with the token that [`super::sign_in`] returned.
    pub fn new(server: ServerUrl, token: impl Into<String>) -> Self {
        Self {
            server,
            token: token.into(),
            client_name: concat!("chat-shared/", env!("CARGO_PKG_VERSION")).to_owned(),
            resume: None,
            trust: Trust::default(),
            backoff_max: BACKOFF_MAX,
        }
    }

    /// The program's name and version, for the server's log: `chat-tui/0.1`.
    #[must_use]
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.client_name = name.into();
        self
    }

    /// Continues where an earlier run ended; that run's [`super::Events::resume_point`] says where.
    #[must_use]
    pub fn resume(mut self, from: ResumePoint) -> Self {
        self.resume = Some(from);
        self
    }

    /// Also trusts the certificates in `pem`, beside those that the operating system trusts: for
    /// a server with a certificate of its own making.
    ///
    /// # Errors
    /// [`RootCertificateError`] where `pem` holds no usable certificate.
    pub fn root_certificate(mut self, pem: &[u8]) -> Result<Self, RootCertificateError> {
        self.trust.add_pem(pem)?;
        Ok(self)
    }

    /// Sets the longest wait between two attempts to connect; the default is 30 seconds. A longer
    /// wait that the server asks for (in `bye`, or a minute after a flood) is kept all the same.
    #[must_use]
    pub fn backoff_max(mut self, wait: Duration) -> Self {
        self.backoff_max = wait;
        self
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("server", &self.server)
            .field("client_name", &self.client_name)
            .field("resume", &self.resume)
            .field("trust", &self.trust)
            .field("backoff_max", &self.backoff_max)
            .finish_non_exhaustive()
    }
}

impl ResumePoint {
    /// Advances past an event that was handed to the user.
    pub(crate) fn observe(&mut self, event: &Event) {
        match event {
            Event::Connected(welcome) => {
                if self.log != welcome.log {
                    self.log.clone_from(&welcome.log);
                    self.rooms.clear();
                }
                self.add_rooms(&welcome.rooms);
            }
            Event::Frame(ServerFrame::RoomsState(state)) => self.add_rooms(&state.rooms),
            Event::Frame(ServerFrame::Room { room, .. }) => {
                self.add_rooms(std::slice::from_ref(room));
            }
            Event::Frame(ServerFrame::RoomGone(gone)) => {
                self.rooms.remove(&gone.room);
            }
            Event::Frame(ServerFrame::Limited(limited)) => {
                self.rooms.insert(limited.room.clone(), limited.last_seq);
            }
            Event::Frame(frame) => {
                if let Some((room, seq)) = frame.place() {
                    self.rooms.insert(room.clone(), seq);
                }
            }
            Event::Disconnected { .. } | Event::Closed(_) => {}
        }
    }

    /// A new room starts at its last event; the missed events of a known room follow.
    fn add_rooms(&mut self, rooms: &[RoomInfo]) {
        for room in rooms {
            self.rooms.entry(room.room.clone()).or_insert(room.last_seq);
        }
    }
}
