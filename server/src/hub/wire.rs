//! Events and messages as frames of the protocol, in both dialects.

use chat_shared::protocol::{
    ChatEvent, DeletedEvent, EditedEvent, ErrorFrame, ReactedEvent, Reaction, ServerFrame,
    SystemEvent, SystemKind,
};
use chat_shared::{Nonce, RoomName, TimestampMs, Username, codec};

use crate::messages::system_line;
use crate::send_queue::{Class, Frame};
use chat_rules::{EventBody, LogEvent, Target};

/// The frame for an event. With `deleted`, the message that the event sends or edits was deleted
/// since, and shows no text.
pub fn event_frame(room: &RoomName, event: &LogEvent, deleted: bool) -> ServerFrame {
    let (room, seq, ts) = (room.clone(), event.seq, event.ts);
    let username = event.sender.clone();
    match &event.body {
        EventBody::Message {
            text,
            reply_to,
            bot,
            mentions,
        } => ServerFrame::Chat(ChatEvent {
            reply_to: *reply_to,
            bot: *bot,
            deleted,
            mentions: unless(deleted, mentions),
            ..ChatEvent::new(
                room,
                seq,
                ts,
                username,
                unless(deleted, text),
                nonce_of(event),
            )
        }),
        EventBody::Edited {
            target,
            text,
            mentions,
        } => ServerFrame::Edited(EditedEvent {
            room,
            seq,
            ts,
            target: *target,
            username,
            message: unless(deleted, text),
            deleted,
            mentions: unless(deleted, mentions),
        }),
        EventBody::Deleted { target } => ServerFrame::Deleted(DeletedEvent {
            room,
            seq,
            ts,
            target: *target,
            username,
        }),
        EventBody::Reacted { target, emoji, on } => ServerFrame::Reacted(ReactedEvent {
            room,
            seq,
            ts,
            target: *target,
            username,
            emoji: emoji.clone(),
            on: *on,
        }),
        _ => ServerFrame::System(system_line(&room, event)),
    }
}

fn unless<T: Clone + Default>(deleted: bool, value: &T) -> T {
    if deleted { T::default() } else { value.clone() }
}

/// A message after all changes to it, as `viewer` sees it.
pub fn message(room: &RoomName, target: &Target, viewer: &Username) -> ChatEvent {
    let (event, rev) = (&target.said, Some(target.rev));
    let ServerFrame::Chat(chat) = event_frame(room, event, target.deleted) else {
        unreachable!("a target is a message by its making");
    };
    let reactions = target.reactions().map(|(emoji, n, who)| {
        let me = target.has_reaction(emoji, viewer);
        (emoji.clone(), Reaction { n, me, who })
    });
    ChatEvent {
        rev,
        message: target.text.clone(),
        mentions: target.mentions.clone(),
        edited_ts: target.edited_ts,
        reactions: reactions.collect(),
        ..chat
    }
}

/// Every message has a client's nonce; this keeps a damaged row from being more than odd.
fn nonce_of(event: &LogEvent) -> Nonce {
    event.nonce.client().unwrap_or_else(|| {
        let seq = format!("seq-{}", event.seq);
        Nonce::parse(&seq).expect("letters, a dash and digits are a nonce")
    })
}

/// A line from the server to one connection.
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

/// The frame as the FastAPI demo's page gets it: only `chat` and `system`, with text and names
/// escaped, since that page sets `innerHTML`. An error becomes a `system` line.
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
