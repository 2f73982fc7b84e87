//! What the client knows and shows: data alone. [`crate::update`] changes it, [`crate::view`]
//! draws it, and neither does any input or output.

mod chat;
mod editor;
mod log_in;
mod room;
mod timeline;

use chat_shared::{Nonce, TimestampMs};
use jiff::tz::TimeZone;

pub(crate) use chat::{Chat, Link};
pub(crate) use editor::Editor;
pub(crate) use log_in::{Field, LogIn, Tab};
pub(crate) use room::{InputHistory, Room, Scroll, Shown};
pub(crate) use timeline::{Entry, EntryKind, Key, LINES_SCROLLED_MAX, Older, Pending, Timeline};

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) size: Size,
    pub(crate) zone: TimeZone,
    /// False under NO_COLOR.
    pub(crate) colours: bool,
    /// The server, as it is told to people.
    pub(crate) server: String,
    pub(crate) screen: Screen,
    /// The help is shown, from this row on.
    pub(crate) help: Option<u16>,
    /// Ctrl-C was pressed once on an empty line: the next one leaves.
    pub(crate) leaving: bool,
    /// When the state was last changed.
    pub(crate) now: TimestampMs,
    pub(crate) nonces: Nonces,
}

/// Marks for this run's messages: a random beginning that nobody else has, and a number.
#[derive(Debug, Clone)]
pub(crate) struct Nonces {
    prefix: Nonce,
    used: u64,
}

impl Nonces {
    pub(crate) fn new(prefix: Nonce) -> Self {
        Self { prefix, used: 0 }
    }

    pub(crate) fn next(&mut self) -> Nonce {
        self.used += 1;
        // A prefix too long to be continued is none that this client makes.
        Nonce::parse(&format!("{}-{}", self.prefix, self.used)).unwrap_or(self.prefix.clone())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

#[derive(Debug, Clone)]
pub(crate) enum Screen {
    LogIn(LogIn),
    Chat(Box<Chat>),
}
