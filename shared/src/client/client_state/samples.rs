//! Frames for tests.

use crate::protocol::{ChatEvent, RoomInfo, RoomKind, Send, Welcome};
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
        last_seq,
        ..RoomInfo::new(room(name), RoomKind::Public)
    }
}

/// The welcome of "me", in these rooms with these tips, of the log "log".
pub(crate) fn welcome(rooms: &[(&str, Seq)]) -> Welcome {
    let rooms = rooms.iter().map(|(name, seq)| room_info(name, *seq));
    Welcome {
        rooms: rooms.collect(),
        ..Welcome::new("log", Username::existing("me"))
    }
}
