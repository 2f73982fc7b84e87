//! Frames for tests.

use crate::limits::Limits;
use crate::protocol::{ChatEvent, Role, RoomInfo, RoomKind, Send, Welcome};
use crate::{Nonce, RoomName, Seq, Username};

pub(crate) fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

pub(crate) fn nonce(text: &str) -> Nonce {
    Nonce::parse(text).unwrap()
}

/// A message whose nonce is its text.
pub(crate) fn send(name: &str, text: &str) -> Send {
    Send {
        room: room(name),
        text: text.to_owned(),
        nonce: nonce(text),
        reply_to: None,
    }
}

/// A message whose nonce is `n` and its seq.
pub(crate) fn chat(name: &str, seq: Seq, who: &str, message: &str) -> ChatEvent {
    let nonce = nonce(&format!("n{seq}"));
    ChatEvent::new(room(name), seq, 1, Username::existing(who), message, nonce)
}

pub(crate) fn room_info(name: &str, last_seq: Seq) -> RoomInfo {
    RoomInfo {
        room: room(name),
        kind: RoomKind::Public,
        topic: String::new(),
        last_seq,
        read_seq: 0,
        unread: 0,
        mentions: 0,
        role: Role::Member,
        members: 1,
        with: None,
    }
}

/// The welcome of "me", in these rooms with these tips, of the log "log".
pub(crate) fn welcome(rooms: &[(&str, Seq)]) -> Welcome {
    Welcome {
        version: 1,
        log: "log".to_owned(),
        username: Username::existing("me"),
        session: "s".to_owned(),
        now: 1,
        heartbeat_ms: 30_000,
        rooms: rooms
            .iter()
            .map(|(name, seq)| room_info(name, *seq))
            .collect(),
        more: false,
        limits: Limits::default(),
    }
}
