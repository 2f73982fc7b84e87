//! Everything that the client knows and shows: plain data, without input or output.
//!
//! [`App`] is the whole state. [`crate::update`] changes it, [`crate::view`] draws it. The state
//! machines are drawn in the documentation of the types that hold them: [`ConnectionState`],
//! [`Compose`], [`More`], [`Pending`].

mod chat;
mod completion;
mod draft;
mod editor;
mod history;
mod lines;
mod members;
mod overlay;
mod paging;
mod pending;
mod room;
mod saved;
mod sign_in;

use chat_shared::{Nonce, TimestampMs};
use jiff::tz::TimeZone;

pub(crate) use chat::{Chat, ConnectionState, SaveDue};
pub(crate) use completion::Completion;
pub(crate) use draft::{Compose, Draft, Recalled};
pub(crate) use editor::Editor;
pub(crate) use history::{HistoryLine, InputHistory};
pub(crate) use lines::{Line, LineKey, Note, NoteKind, Notes, PresenceChanges};
pub(crate) use members::{Labels, full_name, listed, mark};
pub(crate) use overlay::{Overlay, SearchView, Switcher};
pub(crate) use paging::{More, Paging, Side};
pub(crate) use pending::{Pending, PendingState};
pub(crate) use room::{Membership, Room, Scroll};
pub(crate) use saved::Saved;
pub(crate) use sign_in::{Field, SignIn, Tab};

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
    /// Until when another Ctrl-C quits.
    pub(crate) quit_armed_until: Option<TimestampMs>,
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

impl App {
    pub(crate) fn is_quit_armed(&self) -> bool {
        self.quit_armed_until.is_some_and(|until| self.now < until)
    }
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
