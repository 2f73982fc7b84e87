//! What the client saves across restarts: drafts and messages that wait to be sent.

use std::collections::BTreeMap;

use chat_shared::{Nonce, RoomName, Seq, TimestampMs};
use serde::{Deserialize, Serialize};

use super::{Chat, Compose, Editor, Pending};

/// What must survive a restart: drafts, and messages that are not stored yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Saved {
    pub(crate) drafts: BTreeMap<RoomName, String>,
    pub(crate) outbox: Vec<SavedMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedMessage {
    room: RoomName,
    nonce: Nonce,
    ts: TimestampMs,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    /// Why the server refused it; the user decides what happens next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

impl Saved {
    pub(crate) fn of(chat: &Chat) -> Self {
        let mut saved = Self::default();
        for room in chat.rooms() {
            let text = room.input.text();
            // An edit of a message that others can read already is not a draft.
            if !text.is_empty() && !matches!(room.compose, Compose::Edit(_)) {
                saved.drafts.insert(room.name.clone(), text.to_owned());
            }
            saved
                .outbox
                .extend(room.pending.iter().map(|line| SavedMessage {
                    room: room.name.clone(),
                    nonce: line.nonce.clone(),
                    ts: line.ts,
                    text: line.text.clone(),
                    reply_to: line.reply_to,
                    failed: line.failed.clone(),
                }));
        }
        saved
    }

    /// Puts everything back.
    pub(crate) fn restore(self, chat: &mut Chat) {
        for (name, text) in self.drafts {
            chat.room_or_new(&name).input = Editor::with_text(&text);
        }
        for send in self.outbox {
            chat.room_or_new(&send.room).pending.push(Pending {
                nonce: send.nonce,
                ts: send.ts,
                text: send.text,
                reply_to: send.reply_to,
                failed: send.failed,
            });
        }
    }
}
