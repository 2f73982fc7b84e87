//! Frames, pages and keys for the tests.

use chat_shared::client::CommandError;
use chat_shared::protocol::{
    ChatEvent, ErrorCode, ErrorFrame, MemberInfo, PageKind, Role, RoomInfo, RoomKind, Welcome,
};
use chat_shared::{Nonce, RoomName, Seq, Username};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::NOW;
use crate::state::Room;
use crate::update::PageRequest;

pub(crate) fn refusal(why: &str) -> CommandError {
    CommandError::Refused(ErrorFrame::new(ErrorCode::Unavailable, why))
}

/// The page that a new chat requests first.
pub(crate) fn first_page(rooms: &[Room]) -> PageRequest {
    PageRequest {
        room: RoomName::lobby(),
        kind: PageKind::Newest,
        generation: rooms[0].paging.generation,
    }
}

pub(crate) fn key(name: &str) -> KeyEvent {
    let (mut modifiers, mut rest) = (KeyModifiers::NONE, name);
    while let Some((modifier, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty())
    {
        modifiers |= match modifier {
            "ctrl" => KeyModifiers::CONTROL,
            "alt" => KeyModifiers::ALT,
            _ => panic!("no modifier {modifier:?}"),
        };
        rest = after;
    }
    let code = match rest {
        "enter" => KeyCode::Enter,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "end" => KeyCode::End,
        "f1" => KeyCode::F(1),
        "f2" => KeyCode::F(2),
        "esc" => KeyCode::Esc,
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

pub(crate) fn name(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

pub(crate) fn message(room: &str, seq: Seq, who: &str, text: &str) -> ChatEvent {
    let nonce = Nonce::parse(&format!("of-{seq}")).unwrap();
    let (ts, who) = (NOW + seq * 60_000, Username::existing(who));
    ChatEvent::new(name(room), seq, ts, who, text, nonce)
}

pub(crate) fn room(room: &str) -> RoomInfo {
    let topic = if room == "lobby" { "Say hello" } else { "" };
    RoomInfo {
        topic: topic.to_owned(),
        ..RoomInfo::new(name(room), RoomKind::Public)
    }
}

pub(crate) fn member(word: &str) -> MemberInfo {
    let (role, word) = match (word.strip_prefix('@'), word.strip_prefix('%')) {
        (Some(name), _) => (Role::Owner, name),
        (_, Some(name)) => (Role::Moderator, name),
        _ => (Role::Member, word),
    };
    let offline = word.strip_prefix('-');
    let word = offline.unwrap_or(word);
    let (name, display_name) = word.split_once('=').unwrap_or((word, word));
    let username = Username::existing(name);
    MemberInfo {
        display_name: display_name.to_owned(),
        avatar: String::new(),
        role,
        online: offline.is_none(),
        bot: false,
        muted: false,
        username,
    }
}

pub(crate) fn welcome(log: &str, rooms: &[&str]) -> Welcome {
    Welcome {
        session: "s1".to_owned(),
        now: NOW,
        rooms: rooms.iter().map(|name| room(name)).collect(),
        ..Welcome::new(log, Username::existing("ann"))
    }
}
