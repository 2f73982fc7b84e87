use chat_shared::client::{CommandError, Event as SdkEvent};
use chat_shared::protocol::{
    Ack, HistoryPage, MembersPage, ResultsPage, Role, RoomInfo, RoomsPage, Search,
};
use chat_shared::{Emoji, Nonce, RoomName, Seq, Username};
use crossterm::event::KeyEvent;

use crate::state::{Saved, Size};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MouseAction {
    WheelUp,
    WheelDown,
    Click { column: u16, row: u16 },
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    Key(KeyEvent),
    Paste(String),
    Mouse(MouseAction),
    Resize(Size),
    /// Time went by that the screen shows.
    Clock,
    /// A session began; `warning` says what went wrong beside that.
    SignedIn {
        username: Username,
        saved: Saved,
        warning: Option<String>,
    },
    /// It did not begin, and why.
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
    /// A room was made, or found: go there, and say `text`.
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
    /// $EDITOR ended: the new text, or what went wrong.
    Edited {
        room: RoomName,
        result: Result<String, String>,
    },
    /// What was to be kept could not be written.
    NotSaved(String),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    /// Draw everything anew.
    Redraw,
    Suspend,
    SignIn {
        name: String,
        password: Password,
        sign_up: bool,
    },
    /// The session is over: forget its token.
    ForgetSession {
        username: Username,
    },
    /// Write down what a restart must not lose.
    Save(Saved),
    /// Change a text in $EDITOR.
    OpenEditor {
        room: RoomName,
        text: String,
    },
    /// Put a text in the terminal's clipboard.
    Copy(String),
    Send {
        room: RoomName,
        nonce: Nonce,
        text: String,
        reply_to: Option<Seq>,
    },
    FetchHistory(PageRequest),
    FetchMembers(RoomName),
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
    Typing(RoomName),
    Read {
        room: RoomName,
        seq: Seq,
    },
}

/// A change in a room that has no answer but that it was made.
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
}

impl RoomAction {
    /// The beginning of the sentence that says it failed.
    pub(super) fn failure(&self) -> String {
        match self {
            Self::Edit { .. } => "The message was not changed".to_owned(),
            Self::Delete(_) => "The message was not deleted".to_owned(),
            Self::React { .. } => "The reaction was not changed".to_owned(),
            Self::Topic(_) => "The topic was not changed".to_owned(),
            Self::Invite(who) => format!("{who} was not invited"),
            Self::Kick(who) => format!("{who} was not kicked"),
            Self::Ban(who, _) => format!("{who} was not banned"),
            Self::Unban(who) => format!("{who} is not let back"),
            Self::Mute(who, _) => format!("{who} was not muted"),
            Self::Unmute(who) => format!("{who} was not unmuted"),
            Self::Role(who, _) => format!("{who}'s role was not changed"),
            Self::Profile(_) => "Your name was not changed".to_owned(),
        }
    }
}

/// A page of history that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) room: RoomName,
    pub(crate) kind: PageKind,
    pub(crate) generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageKind {
    Newest,
    Before(Seq),
    After(Seq),
    Around(Seq),
}

/// Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(pub(crate) String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

pub(crate) type Effects = Vec<Effect>;
