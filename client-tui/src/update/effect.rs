//! The input and the output of [`super::update`]: events and effects.

use chat_shared::client::{CommandError, Event as SdkEvent};
use chat_shared::protocol::{
    Ack, HistoryPage, MembersPage, PageKind, ResultsPage, Role, RoomInfo, RoomsPage, Search,
};
use chat_shared::{Emoji, Nonce, RoomName, Seq, Username};
use crossterm::event::KeyEvent;

use crate::messages::chat as messages;
use crate::state::{Saved, Size};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MouseAction {
    WheelUp,
    WheelDown,
    Click { column: u16, row: u16 },
}

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    Key(KeyEvent),
    Paste(String),
    Mouse(MouseAction),
    Resize(Size),
    /// The terminal's window got or lost the focus.
    Focus(bool),
    /// The timer of [`super::next_change`] ran out.
    Clock,
    /// The sign-in succeeded; `warnings` say what went wrong beside it.
    SignedIn {
        username: Username,
        saved: Saved,
        warnings: Vec<String>,
    },
    /// The sign-in failed, and why.
    SignInFailed(String),
    Sdk(SdkEvent),
    Sent {
        room: RoomName,
        nonce: Nonce,
        result: Result<Ack, CommandError>,
    },
    History {
        page: PageRequest,
        result: Result<HistoryPage, CommandError>,
    },
    Members {
        room: RoomName,
        result: Result<MembersPage, CommandError>,
    },
    Joined {
        room: RoomName,
        result: Result<(), CommandError>,
    },
    Left {
        room: RoomName,
        result: Result<(), CommandError>,
    },
    /// A room was created or found: show it, and send `text` there.
    Opened {
        what: String,
        text: Option<String>,
        result: Result<RoomInfo, CommandError>,
    },
    RoomsFound(Result<RoomsPage, CommandError>),
    Found {
        number: u64,
        result: Result<ResultsPage, CommandError>,
    },
    ActionDone {
        room: RoomName,
        action: RoomAction,
        result: Result<(), CommandError>,
    },
    /// What an admin's command came to, or why it failed.
    Administered(Result<String, String>),
    /// The external editor ended: the new text, or what went wrong.
    Edited {
        room: RoomName,
        result: Result<String, String>,
    },
    /// Drafts or waiting messages could not be saved.
    NotSaved(String),
}

/// Something to carry out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    /// Draw the whole screen.
    Redraw,
    Suspend,
    SignIn {
        name: String,
        password: Password,
        sign_up: bool,
    },
    /// Close the connection: it belongs to another user.
    Disconnect,
    /// Connect again with the saved session.
    Reconnect {
        username: Username,
    },
    /// The session has ended: forget its token.
    ForgetSession {
        username: Username,
    },
    /// Save what must survive a restart.
    Save {
        username: Username,
        saved: Saved,
    },
    /// Open a text in the user's editor.
    OpenEditor {
        room: RoomName,
        text: String,
    },
    /// Copy a text to the terminal's clipboard.
    Copy(String),
    Send {
        room: RoomName,
        nonce: Nonce,
        text: String,
        reply_to: Option<Seq>,
    },
    FetchHistory(PageRequest),
    /// A page of the members after this one.
    FetchMembers {
        room: RoomName,
        after: Option<Username>,
    },
    Join(RoomName),
    Leave(RoomName),
    OpenDirect {
        username: Username,
        text: Option<String>,
    },
    Create {
        room: RoomName,
        topic: Option<String>,
        private: bool,
    },
    FindRooms(Option<String>),
    Search {
        search: Search,
        number: u64,
    },
    RoomAction {
        room: RoomName,
        action: RoomAction,
    },
    Administer(AdminAction),
    Typing(RoomName),
    Read {
        room: RoomName,
        seq: Seq,
    },
}

/// A command of an admin of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AdminAction {
    InviteLink {
        uses: Option<u32>,
        for_s: Option<u64>,
    },
    InviteLinks,
    RevokeInvite(String),
    ResetLink(Username),
    /// Whether the user is an admin afterwards.
    SetAdmin(Username, bool),
}

/// A change in a room, of a profile or of a block that the server only confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoomAction {
    Edit { seq: Seq, text: String },
    Delete(Seq),
    React { seq: Seq, emoji: Emoji, on: bool },
    Topic(String),
    Invite(Username),
    Kick(Username),
    Ban(Username, Option<u64>),
    Unban(Username),
    Mute(Username, Option<u64>),
    Unmute(Username),
    Role(Username, Role),
    Profile(String),
    Block(Username),
    Unblock(Username),
}

impl RoomAction {
    /// The start of the error message if it fails.
    pub(super) fn failure(&self) -> String {
        match self {
            Self::Edit { .. } => messages::MESSAGE_NOT_EDITED.to_owned(),
            Self::Delete(_) => messages::MESSAGE_NOT_DELETED.to_owned(),
            Self::React { .. } => messages::REACTION_NOT_CHANGED.to_owned(),
            Self::Topic(_) => messages::TOPIC_NOT_CHANGED.to_owned(),
            Self::Invite(who) => messages::not_done(who, "invited"),
            Self::Kick(who) => messages::not_done(who, "removed"),
            Self::Ban(who, _) => messages::not_done(who, "banned"),
            Self::Unban(who) => messages::not_done(who, "unbanned"),
            Self::Mute(who, _) => messages::not_done(who, "muted"),
            Self::Unmute(who) => messages::not_done(who, "unmuted"),
            Self::Role(who, _) => messages::role_not_changed(who),
            Self::Profile(_) => messages::DISPLAY_NAME_NOT_CHANGED.to_owned(),
            Self::Block(who) => messages::not_done(who, "blocked"),
            Self::Unblock(who) => messages::not_done(who, "unblocked"),
        }
    }
}

/// A page of history to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) room: RoomName,
    pub(crate) kind: PageKind,
    pub(crate) generation: u64,
}

/// A password; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(pub(crate) String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

pub(crate) type Effects = Vec<Effect>;
