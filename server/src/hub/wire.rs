//! Durable events as the wire shows them.

use chat_shared::protocol::{ChatEvent, ErrorFrame, ServerFrame, SystemEvent, SystemKind};
use chat_shared::{Nonce, RoomName, Seq, TimestampMs, Username, codec};

use crate::outbox::{Class, Frame};
use crate::rules::{EventBody, LogEvent};

/// The frame that tells members of an event.
pub fn event_frame(room: &RoomName, event: &LogEvent) -> ServerFrame {
    match &event.body {
        EventBody::Message { .. } => ServerFrame::Chat(chat(room, event, None)),
        EventBody::Created { .. } => system(
            room,
            event,
            SystemKind::Created,
            format!("{} made {room}", event.sender),
        ),
        EventBody::Joined => system(
            room,
            event,
            SystemKind::Joined,
            format!("{} joined {room}", event.sender),
        ),
        EventBody::Left { .. } => system(
            room,
            event,
            SystemKind::Left,
            format!("{} left {room}", event.sender),
        ),
        EventBody::Edited { .. }
        | EventBody::Deleted { .. }
        | EventBody::Reacted { .. }
        | EventBody::Invited { .. }
        | EventBody::Kicked { .. }
        | EventBody::Banned { .. }
        | EventBody::Unbanned { .. }
        | EventBody::Muted { .. }
        | EventBody::Unmuted { .. }
        | EventBody::Role { .. }
        | EventBody::Topic { .. } => ServerFrame::Unknown,
    }
}

/// A message as it stands now, for a page of history.
pub fn message(room: &RoomName, event: &LogEvent) -> ChatEvent {
    chat(room, event, Some(event.seq))
}

fn chat(room: &RoomName, event: &LogEvent, rev: Option<Seq>) -> ChatEvent {
    let (message, reply_to, bot) = match &event.body {
        EventBody::Message {
            text,
            reply_to,
            bot,
            ..
        } => (text.clone(), *reply_to, *bot),
        _ => (String::new(), None, false),
    };
    let nonce = event.nonce.client();
    let nonce = nonce.unwrap_or_else(|| nonce_of_seq(event.seq));
    let (room, sender) = (room.clone(), event.sender.clone());
    ChatEvent {
        rev,
        bot,
        reply_to,
        ..ChatEvent::new(room, event.seq, event.ts, sender, message, nonce)
    }
}

/// Every message has a client's nonce; this keeps a damaged row from being more than odd.
fn nonce_of_seq(seq: Seq) -> Nonce {
    Nonce::parse(&format!("seq-{seq}")).expect("letters, a dash and digits are a nonce")
}

fn system(room: &RoomName, event: &LogEvent, kind: SystemKind, message: String) -> ServerFrame {
    ServerFrame::System(SystemEvent {
        seq: Some(event.seq),
        username: Some(event.sender.clone()),
        ..SystemEvent::new(room.clone(), event.ts, kind, message)
    })
}

/// A word from the server to one connection.
pub fn notice(message: String, now: TimestampMs) -> ServerFrame {
    ServerFrame::System(SystemEvent::new(
        RoomName::lobby(),
        now,
        SystemKind::Notice,
        message,
    ))
}

pub fn frame(frame: &ServerFrame, class: Class) -> Frame {
    Frame::text(&codec::encode(frame), class)
}

/// The frame as the FastAPI demo's page gets it: `chat` and `system` only, what people wrote
/// escaped, since that page draws it by `innerHTML`. What was refused becomes a `system` line.
pub fn demo_frame(frame: &ServerFrame, class: Class) -> Option<Frame> {
    let escaped = match frame {
        ServerFrame::Chat(chat) => ServerFrame::Chat(ChatEvent {
            username: escape_name(&chat.username),
            message: escape(&chat.message),
            ..chat.clone()
        }),
        ServerFrame::System(system) => ServerFrame::System(SystemEvent {
            message: escape(&system.message),
            username: system.username.as_ref().map(escape_name),
            usernames: system.usernames.iter().map(escape_name).collect(),
            by: system.by.as_ref().map(escape_name),
            ..system.clone()
        }),
        ServerFrame::Error(ErrorFrame { message, .. }) => notice(escape(message), 0),
        _ => return None,
    };
    Some(self::frame(&escaped, class))
}

fn escape_name(name: &Username) -> Username {
    Username::existing(&escape(name.as_str()))
}

/// OWASP Cross Site Scripting Prevention Cheat Sheet, HTML contexts.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_page_gets_no_markup() {
        let error = ErrorFrame::new(
            chat_shared::protocol::ErrorCode::BadField,
            "a <b> & \"c\" 'd'",
        );
        let frame = demo_frame(&ServerFrame::Error(error), Class::Durable).unwrap();
        let text = String::from_utf8_lossy(frame.bytes()).into_owned();
        assert!(
            text.contains("a &lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27;"),
            "{text}"
        );
        let pong = ServerFrame::Pong { re: None };
        assert!(
            demo_frame(&pong, Class::Durable).is_none(),
            "it would draw an empty box"
        );
    }
}
