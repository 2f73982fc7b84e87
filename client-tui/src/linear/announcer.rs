//! Decides which events linear mode prints, and words them. Nothing is printed twice.

use std::collections::BTreeMap;

use chat_shared::protocol::ServerFrame;
use chat_shared::{RoomName, Seq};

use super::room_prefix;
use crate::messages::linear as messages;
use crate::state::{Chat, LineKey, NoteKind};

/// The part of the state that was printed already.
#[derive(Debug, Default)]
pub(super) struct Announcer {
    events: BTreeMap<RoomName, Seq>,
    local: BTreeMap<RoomName, LineKey>,
    room: Option<RoomName>,
}

impl Announcer {
    /// A line about an event, if it is new and is not a message typed here.
    pub(super) fn frame(&mut self, chat: &Chat, frame: &ServerFrame) -> Option<String> {
        let line = self.words(chat, frame)?;
        if let Some((room, seq)) = frame.place() {
            let printed = self.events.entry(room.clone()).or_default();
            if seq <= *printed {
                return None;
            }
            *printed = seq;
        }
        Some(line)
    }

    fn words(&self, chat: &Chat, frame: &ServerFrame) -> Option<String> {
        let text_of = |room: &RoomName, seq: Seq| {
            let message = chat.room(room).and_then(|room| room.message(seq));
            message.map_or_else(
                || messages::unknown_message(seq),
                |it| messages::quote(&it.message),
            )
        };
        Some(match frame {
            ServerFrame::Chat(it) => {
                // The terminal shows what was typed here already.
                let typed = chat.room(&it.room).is_some_and(|room| {
                    room.pending.iter().any(|waiting| waiting.nonce == it.nonce)
                });
                if typed || it.deleted {
                    return None;
                }
                room_prefix(chat, &it.room) + &messages::message(&it.username, &it.message)
            }
            ServerFrame::Edited(it) => {
                let (place, who) = (room_prefix(chat, &it.room), &it.username);
                place + &messages::edited(who, &text_of(&it.room, it.target), &it.message)
            }
            ServerFrame::Deleted(it) => {
                let (place, who) = (room_prefix(chat, &it.room), &it.username);
                place + &messages::deleted(who, &text_of(&it.room, it.target))
            }
            ServerFrame::Reacted(it) if it.on => {
                let (place, who, emoji) =
                    (room_prefix(chat, &it.room), &it.username, it.emoji.as_str());
                place + &messages::reacted(who, emoji, &text_of(&it.room, it.target))
            }
            ServerFrame::System(it) => room_prefix(chat, &it.room) + &messages::info(&it.message),
            _ => return None,
        })
    }

    /// A line about the current room, if it has changed.
    pub(super) fn room(&mut self, chat: &Chat) -> Option<String> {
        let room = chat.current();
        if self.room.as_ref() == Some(&room.name) {
            return None;
        }
        self.room = Some(room.name.clone());
        let topic = room.info().map_or("", |info| info.topic.as_str());
        Some(messages::current_room(room.title(), topic))
    }

    /// The client's own new lines in the current room.
    pub(super) fn local(&mut self, chat: &Chat) -> Vec<String> {
        let room = chat.current();
        let last = self.local.get(&room.name).copied();
        let mut lines = Vec::new();
        for (key, note) in room.notes.iter() {
            if last.is_some_and(|last| key <= last) {
                continue;
            }
            if let NoteKind::Local { text, error } = &note.kind {
                lines.push(match error {
                    true => messages::error(text),
                    false => messages::info(text),
                });
                self.local.insert(room.name.clone(), key);
            }
        }
        lines
    }
}
