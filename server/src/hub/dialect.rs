//! The dialects: which frames a connection sends and understands.
//!
//! Nearly every client speaks the main protocol. The other dialect is that of the FastAPI demo's
//! page, and [`demo`] has all of it. Other code asks a [`Dialect`] and never what it is.

mod demo;

use std::ops::{Index, IndexMut};

use chat_shared::Username;
use chat_shared::codec::ClientFrame;
use chat_shared::protocol::{CommandFrame, ErrorFrame, Hello, ServerFrame};

use super::{Connection, wire};
use crate::messages;
use crate::send_queue::{Class, Frame};

/// The set of frames that a connection understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The main protocol, `shared/PROTOCOL.md`.
    Main,
    /// That of the FastAPI demo's page.
    Demo,
}

/// A first frame that opens a connection.
#[derive(Debug)]
pub struct Opening {
    pub dialect: Dialect,
    pub hello: Hello,
    /// The person whom the client believes to be signed in, if it says so.
    pub expected_username: Option<Username>,
}

impl Opening {
    /// The opening in a connection's first frame, if it is one.
    pub fn of(frame: ClientFrame) -> Option<Self> {
        match frame {
            ClientFrame::Hello(hello) => Some(Self {
                dialect: Dialect::Main,
                hello,
                expected_username: None,
            }),
            ClientFrame::Demo(frame) => Some(Self {
                dialect: Dialect::Demo,
                expected_username: Some(frame.username?),
                hello: demo::hello(),
            }),
            ClientFrame::Command(_) => None,
        }
    }
}

impl Dialect {
    /// The dialects whose frames are made from those of the main protocol.
    const DERIVED: [Self; 1] = [Self::Demo];

    /// Whether the client knows other rooms than the lobby. Only such a client gets a welcome, the
    /// frames about rooms, and profiles.
    pub fn has_rooms(self) -> bool {
        match self {
            Self::Main => true,
            Self::Demo => false,
        }
    }

    /// Encodes a frame, or returns `None` if the dialect does not have it.
    pub fn encode(self, frame: &ServerFrame, class: Class) -> Option<Frame> {
        match self {
            Self::Main => Some(wire::frame(frame, class)),
            Self::Demo => demo::encode(frame, class),
        }
    }

    /// The command in a frame that came after the first.
    ///
    /// # Errors
    /// The reply, if the dialect has no such frame.
    pub fn command(self, frame: ClientFrame) -> Result<CommandFrame, ErrorFrame> {
        match (self, frame) {
            (Self::Main, ClientFrame::Command(frame)) => Ok(frame),
            (Self::Demo, ClientFrame::Demo(frame)) => demo::command(frame),
            (_, ClientFrame::Hello(_) | ClientFrame::Command(_) | ClientFrame::Demo(_)) => {
                Err(messages::misplaced_frame())
            }
        }
    }
}

/// How many connections speak each dialect.
#[derive(Debug, Default)]
pub(super) struct Speakers(ByDialect<usize>);

impl Speakers {
    pub(super) fn add(&mut self, connection: &Connection) {
        self.0[connection.dialect] += 1;
    }

    pub(super) fn remove(&mut self, connection: &Connection) {
        self.0[connection.dialect] -= 1;
    }
}

/// Frames that were encoded once for each dialect.
#[derive(Debug, Default)]
pub(super) struct EncodedFrames(ByDialect<Vec<Frame>>);

impl EncodedFrames {
    /// The frames for a connection of this dialect.
    pub(super) fn of(&self, dialect: Dialect) -> &[Frame] {
        &self.0[dialect]
    }

    /// Adds a frame of the main protocol, which may be several frames in one buffer.
    pub(super) fn push_main(&mut self, frame: Frame) {
        self.0[Dialect::Main].push(frame);
    }

    /// Adds a frame in those other dialects that somebody speaks now.
    pub(super) fn push_derived(&mut self, speakers: &Speakers, frame: &ServerFrame, class: Class) {
        for dialect in Dialect::DERIVED {
            if speakers.0[dialect] > 0 {
                self.0[dialect].extend(dialect.encode(frame, class));
            }
        }
    }
}

/// A value for each dialect.
#[derive(Debug, Default)]
struct ByDialect<T> {
    main: T,
    demo: T,
}

impl<T> Index<Dialect> for ByDialect<T> {
    type Output = T;

    fn index(&self, dialect: Dialect) -> &T {
        match dialect {
            Dialect::Main => &self.main,
            Dialect::Demo => &self.demo,
        }
    }
}

impl<T> IndexMut<Dialect> for ByDialect<T> {
    fn index_mut(&mut self, dialect: Dialect) -> &mut T {
        match dialect {
            Dialect::Main => &mut self.main,
            Dialect::Demo => &mut self.demo,
        }
    }
}
