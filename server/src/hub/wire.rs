//! Events and messages as frames of the main protocol.

use chat_shared::protocol::{
    ChatEvent, DeletedEvent, EditedEvent, ReactedEvent, Reaction, ServerFrame, SystemEvent,
    SystemKind,
};
use chat_shared::{Nonce, RoomName, TimestampMs, Username, codec};

use crate::messages::system_line;
use crate::send_queue::{Class, Frame};
use chat_server_rules::{EventBody, LogEvent, MessageState};

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
        EventBody::Created { .. }
        | EventBody::Joined
        | EventBody::Left { .. }
        | EventBody::Invited { .. }
        | EventBody::Kicked { .. }
        | EventBody::Banned { .. }
        | EventBody::Unbanned { .. }
        | EventBody::Muted { .. }
        | EventBody::Unmuted { .. }
        | EventBody::Role { .. }
        | EventBody::Topic { .. }
        | EventBody::OfAccount { .. } => ServerFrame::System(system_line(&room, event)),
    }
}

fn unless<T: Clone + Default>(deleted: bool, value: &T) -> T {
    if deleted { T::default() } else { value.clone() }
}

/// A message after all its changes, as `viewer` sees it.
pub fn message(room: &RoomName, state: &MessageState, viewer: &Username) -> ChatEvent {
    let (event, rev) = (&state.sent, Some(state.rev));
    let ServerFrame::Chat(chat) = event_frame(room, event, state.deleted) else {
        unreachable!("MessageState::new takes only messages");
    };
    let reactions = state.reactions().map(|(emoji, n, who)| {
        let me = state.has_reaction(emoji, viewer);
        (emoji.clone(), Reaction { n, me, who })
    });
    ChatEvent {
        rev,
        message: state.text.clone(),
        mentions: state.mentions.clone(),
        edited_ts: state.edited_ts,
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

/// Encodes a frame of the main protocol.
pub fn frame(frame: &ServerFrame, class: Class) -> Frame {
    Frame::text(&codec::encode(frame), class)
}
