//! What the client knows and shows: data alone. [`crate::update`] changes it, [`crate::view`]
//! draws it, and neither does any input or output.

mod chat;
mod completion;
mod editor;
mod history;
mod members;
mod message;
mod overlay;
mod room;
mod saved;
mod sign_in;
mod timeline;

use chat_shared::{Nonce, TimestampMs};
use jiff::tz::TimeZone;

pub(crate) use chat::{Chat, ConnectionState, SaveDue};
pub(crate) use completion::Completion;
pub(crate) use editor::Editor;
pub(crate) use history::InputHistory;
pub(crate) use members::Members;
pub(crate) use message::{Change, Message};
pub(crate) use overlay::{Overlay, SearchView, Switcher};
pub(crate) use room::{Compose, Room, Scroll, TimelineItem};
pub(crate) use saved::Saved;
pub(crate) use sign_in::{Field, SignIn, Tab};
pub(crate) use timeline::{
    Entry, EntryKind, LINES_SCROLLED_MAX, LineKey, More, Pending, PresenceChanges, Side, Timeline,
};

use crate::keys::Keymap;

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
    pub(crate) keys: Keymap,
    /// Whether the terminal's background is light, where that is known.
    pub(crate) light: Option<bool>,
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
    SignIn(Box<SignIn>),
    Chat(Box<Chat>),
}
