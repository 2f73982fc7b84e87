//! What the client knows and shows: plain data, without input or output.
//!
//! [`App`] is the whole state. [`crate::update`] changes it, [`crate::view`] draws it. The state
//! machines are drawn in the documentation of the types that hold them: [`ConnectionState`],
//! [`Compose`], [`More`], [`Pending`].

mod chat;
mod completion;
mod draft;
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
pub(crate) use draft::{Compose, Draft, Recalled};
pub(crate) use editor::Editor;
pub(crate) use history::{HistoryLine, InputHistory};
pub(crate) use members::{Labels, full_name, listed, mark};
pub(crate) use message::{Change, Message};
pub(crate) use overlay::{Overlay, SearchView, Switcher};
pub(crate) use room::{Membership, Room, Scroll, TimelineItem};
pub(crate) use saved::Saved;
pub(crate) use sign_in::{Field, SignIn, Tab};
pub(crate) use timeline::{
    Entry, EntryKind, LINES_SCROLLED_MAX, LineKey, More, Pending, PendingState, PresenceChanges,
    Side, Timeline,
};

use crate::keys::Keymap;

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) size: Size,
    pub(crate) zone: TimeZone,
    /// False if NO_COLOR is set.
    pub(crate) colours: bool,
    /// The server's address, as it is shown.
    pub(crate) server: String,
    pub(crate) screen: Screen,
    /// The help is open and starts at this row.
    pub(crate) help: Option<u16>,
    /// Ctrl-C was pressed once; the next one leaves.
    pub(crate) leaving: bool,
    /// The time of the last event.
    pub(crate) now: TimestampMs,
    pub(crate) nonces: Nonces,
    pub(crate) keys: Keymap,
    /// False while the terminal reports that another window has the focus.
    pub(crate) focused: bool,
    /// The time of the last key, paste or click.
    pub(crate) last_input: TimestampMs,
    /// The brightness of the terminal's background, if it is known.
    pub(crate) light: Option<bool>,
}

/// Creates the nonces of this run's messages: a random prefix and a counter.
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
        // A prefix made by this client is never too long to be continued.
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
