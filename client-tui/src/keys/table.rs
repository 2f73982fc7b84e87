//! Every action with its name in the config, its default keys and its description.

/// An action that a key can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Send,
    NewLine,
    Complete,
    CompleteBack,
    HistoryBack,
    HistoryForward,
    OpenEditor,
    PageUp,
    PageDown,
    Newest,
    NextRoom,
    PreviousRoom,
    RoomByNumber,
    NextUnread,
    FirstUnread,
    SwitchRoom,
    SelectUp,
    SelectDown,
    Reply,
    EditMessage,
    CopyMessage,
    Retry,
    Cancel,
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Backspace,
    Delete,
    KillWordBack,
    KillWord,
    KillStart,
    KillEnd,
    Yank,
    YankOlder,
    Undo,
    Redraw,
    Suspend,
    Help,
    Leave,
}

/// The section of the help and of the documentation that lists an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Chat,
    Message,
    Line,
    Program,
}

impl Group {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Chat => "Rooms and reading",
            Self::Message => "Messages",
            Self::Line => "The line you type",
            Self::Program => "The program",
        }
    }
}

/// An action with its default keys and its description.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) action: Action,
    /// The action's name in the config file.
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) what: &'static str,
    pub(crate) group: Group,
}

const fn bind(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    group: Group,
    what: &'static str,
) -> Binding {
    Binding {
        action,
        name,
        keys,
        what,
        group,
    }
}

const DIGITS: &[&str] = &[
    "alt-1", "alt-2", "alt-3", "alt-4", "alt-5", "alt-6", "alt-7", "alt-8", "alt-9",
];

use Group::{Chat, Line, Message, Program};

#[rustfmt::skip]
pub(crate) const BINDINGS: &[Binding] = &[
    bind(Action::PageUp, "page-up", &["pgup"], Chat, "scroll up"),
    bind(Action::PageDown, "page-down", &["pgdn"], Chat, "scroll down"),
    bind(Action::Newest, "newest", &["end"], Chat, "newest message; there: end of line"),
    bind(Action::NextRoom, "next-room", &["ctrl-n"], Chat, "next room"),
    bind(Action::PreviousRoom, "previous-room", &["ctrl-p"], Chat, "previous room"),
    bind(Action::RoomByNumber, "room-by-number", DIGITS, Chat, "room by number"),
    bind(Action::NextUnread, "next-unread", &["alt-a"], Chat, "next unread room"),
    bind(Action::FirstUnread, "first-unread", &["alt-u"], Chat, "first unread message"),
    bind(Action::SwitchRoom, "switch-room", &["ctrl-g"], Chat, "find a room by name"),
    bind(Action::Send, "send", &["enter"], Message, "send"),
    bind(Action::NewLine, "new-line", &["alt-enter", "shift-enter", "ctrl-j"], Message, "new line"),
    bind(Action::SelectUp, "select-up", &["alt-up"], Message, "select the message above"),
    bind(Action::SelectDown, "select-down", &["alt-down"], Message, "select the message below"),
    bind(Action::Reply, "reply", &["alt-r"], Message, "reply to the selected or last message"),
    bind(Action::EditMessage, "edit-message", &["alt-e"], Message, "edit the selected or your last message"),
    bind(Action::CopyMessage, "copy-message", &["alt-c"], Message, "copy the selected or last message"),
    bind(Action::Retry, "retry", &["ctrl-r"], Message, "send failed messages again"),
    bind(Action::Cancel, "cancel", &["esc"], Message, "cancel the selection, reply or edit"),
    bind(Action::Complete, "complete", &["tab"], Line, "complete a username, /command, :emoji:"),
    bind(Action::CompleteBack, "complete-back", &["shift-tab"], Line, "previous completion"),
    bind(Action::HistoryBack, "history-back", &["up"], Line, "previous sent line"),
    bind(Action::HistoryForward, "history-forward", &["down"], Line, "next sent line"),
    bind(Action::OpenEditor, "open-editor", &["ctrl-x"], Line, "write in $EDITOR"),
    bind(Action::Left, "left", &["left", "ctrl-b"], Line, "left"),
    bind(Action::Right, "right", &["right", "ctrl-f"], Line, "right"),
    bind(Action::WordLeft, "word-left", &["alt-b", "ctrl-left", "alt-left"], Line, "previous word"),
    bind(Action::WordRight, "word-right", &["alt-f", "ctrl-right", "alt-right"], Line, "next word"),
    bind(Action::LineStart, "line-start", &["ctrl-a", "home"], Line, "start of the line"),
    bind(Action::LineEnd, "line-end", &["ctrl-e"], Line, "end of the line"),
    bind(Action::Backspace, "backspace", &["backspace", "ctrl-h", "shift-backspace"], Line, "delete the letter before"),
    bind(Action::Delete, "delete", &["delete", "ctrl-d"], Line, "delete the letter after"),
    bind(Action::KillWordBack, "kill-word-back", &["ctrl-w", "alt-backspace", "ctrl-backspace"], Line, "cut the word before"),
    bind(Action::KillWord, "kill-word", &["alt-d"], Line, "cut the word after"),
    bind(Action::KillStart, "kill-start", &["ctrl-u"], Line, "cut to the start"),
    bind(Action::KillEnd, "kill-end", &["ctrl-k"], Line, "cut to the end"),
    bind(Action::Yank, "yank", &["ctrl-y"], Line, "paste what was cut"),
    bind(Action::YankOlder, "yank-older", &["alt-y"], Line, "paste what was cut earlier"),
    bind(Action::Undo, "undo", &["ctrl-_"], Line, "undo"),
    bind(Action::Help, "help", &["f1"], Program, "help"),
    bind(Action::Redraw, "redraw", &["ctrl-l"], Program, "redraw the screen"),
    bind(Action::Suspend, "suspend", &["ctrl-z"], Program, "suspend; fg resumes"),
    bind(Action::Leave, "leave", &["ctrl-c"], Program, "clear the line; twice on an empty one: quit"),
];
