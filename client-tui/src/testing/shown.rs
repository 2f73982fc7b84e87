//! The screen that the user sees and the effects that the client asks for, as text.

use chat_shared::protocol::{ChatEvent, PageKind};

use super::Script;
use crate::state::{Line, LineKey, Note, NoteKind, Room, Screen, Scroll, SignIn};
use crate::update::Effect;

impl Script {
    /// The screen's content, then the effects, a line each.
    ///
    /// - `7 bob: text (edited) ! 🎉2*`: a stored message with its seq; `!` mentions ann, `*` marks
    ///   her own reaction
    /// - `~ text (why)`: a message that waits, or was refused
    /// - `-- text`: a sentence about the room; `-- +[…] -[…]`: who joined and left
    /// - `** text`, `!! text`: the client's own information and errors
    /// - `at SEQ hidden N new N`: the scroll position, if it is not at the end
    /// - `notice text`: the status row's notice; `> text`: the input line
    ///
    /// Effects that happen without being asked for (saving, read markers, typing) are left out;
    /// the tests in `update/tests/upkeep.rs` look at them.
    pub(crate) fn shown(&self) -> String {
        let mut out = match &self.app.screen {
            Screen::SignIn(form) => form_text(form),
            Screen::Chat(chat) => {
                let mut out = room_text(chat.current());
                if let Some(notice) = &chat.notice {
                    out += &format!("notice {notice}\n");
                }
                out + &format!("> {}\n", chat.current().input.text())
            }
        };
        for effect in &self.effects {
            out += &effect_text(effect);
        }
        out
    }
}

fn form_text(form: &SignIn) -> String {
    let SignIn { tab, field, .. } = form;
    let name = form.name.text();
    let busy = if form.busy { " busy" } else { "" };
    let error = form.error.as_deref().unwrap_or_default();
    format!("sign-in {tab:?} {field:?} [{name}]{busy} {error}\n")
}

fn room_text(room: &Room) -> String {
    let lines = room.down_from(LineKey::durable(0));
    let mut out: String = lines.map(|(_, line)| line_text(room, line)).collect();
    if let Scroll::At { key, hidden, new } = room.scroll {
        out += &format!("at {} hidden {hidden} new {new}\n", key.seq);
    }
    out
}

fn line_text(room: &Room, line: Line<'_>) -> String {
    match line {
        Line::Message(message) => message_text(room, message),
        Line::System(event) => format!("-- {}\n", event.message),
        Line::Note(note) => note_text(note),
        Line::Pending(pending) => {
            let why = pending.failed().map(|why| format!(" ({why})"));
            format!("~ {}{}\n", pending.text, why.unwrap_or_default())
        }
    }
}

fn note_text(note: &Note) -> String {
    match &note.kind {
        NoteKind::System(text) => format!("-- {text}\n"),
        NoteKind::PresenceChanges(it) => format!("-- +{:?} -{:?}\n", it.joined, it.left),
        NoteKind::Local { text, error: true } => format!("!! {text}\n"),
        NoteKind::Local { text, error: false } => format!("** {text}\n"),
    }
}

fn message_text(room: &Room, message: &ChatEvent) -> String {
    let names_me = room
        .view
        .as_ref()
        .is_some_and(|view| view.names_me(message));
    let mut line = format!("{} {}: {}", message.seq, message.username, message.message);
    for (is, mark) in [
        (message.deleted, " (deleted)"),
        (message.edited_ts.is_some(), " (edited)"),
        (names_me, " !"),
    ] {
        line += if is { mark } else { "" };
    }
    for (emoji, it) in &message.reactions {
        line += &format!(" {emoji}{}{}", it.n, if it.me { "*" } else { "" });
    }
    line + "\n"
}

fn effect_text(effect: &Effect) -> String {
    match effect {
        Effect::Send {
            nonce,
            text,
            reply_to,
            ..
        } => {
            let to = reply_to.map_or(String::new(), |seq| format!(" to {seq}"));
            format!("send {nonce} {text}{to}\n")
        }
        Effect::RoomAction { action, .. } => format!("{action:?}\n"),
        Effect::Administer(action) => format!("{action:?}\n"),
        Effect::FetchHistory(page) => match page.kind {
            PageKind::Before(seq) => format!("fetch before {seq}\n"),
            PageKind::After(seq) => format!("fetch after {seq}\n"),
            PageKind::Around(seq) => format!("fetch around {seq}\n"),
            PageKind::Newest => "fetch newest\n".to_owned(),
        },
        Effect::Save { .. } | Effect::Read { .. } | Effect::Typing(_) => String::new(),
        Effect::FetchMembers { room, .. } => format!("members {room}\n"),
        Effect::Join(room) => format!("join {room}\n"),
        Effect::Leave(room) => format!("leave {room}\n"),
        other => format!("{other:?}\n"),
    }
}
