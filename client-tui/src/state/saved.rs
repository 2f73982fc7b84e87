//! The data that the client saves across restarts: drafts and messages that are not stored yet.

use std::collections::BTreeMap;

use chat_shared::{Nonce, RoomName, Seq, TimestampMs};
use serde::{Deserialize, Serialize};

use super::{Chat, Compose, Draft, Editor, Pending, PendingState, Room};

/// The version of the file's format. Files without one are of version 0, which this version reads.
const FORMAT_VERSION: u32 = 1;

/// The data that must survive a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Saved {
    version: u32,
    drafts: BTreeMap<RoomName, SavedDraft>,
    #[serde(rename = "outbox")]
    pub(crate) pending: Vec<SavedMessage>,
}

impl Default for Saved {
    fn default() -> Self {
        Self {
            version: FORMAT_VERSION,
            drafts: BTreeMap::new(),
            pending: Vec::new(),
        }
    }
}

/// A draft: its text, and what Enter does with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "DraftForm")]
struct SavedDraft {
    text: String,
    /// The bytes at its start that were typed, so that a half-typed command stays one.
    #[serde(default, skip_serializing_if = "is_zero")]
    typed: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edit: Option<Seq>,
    /// Drafts that were set aside for this one, the last one at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    below: Vec<SavedDraft>,
}

/// Version 0 saved the text alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum DraftForm {
    Text(String),
    Draft {
        text: String,
        #[serde(default)]
        typed: usize,
        reply_to: Option<Seq>,
        edit: Option<Seq>,
        #[serde(default)]
        below: Vec<SavedDraft>,
    },
}

impl From<DraftForm> for SavedDraft {
    fn from(form: DraftForm) -> Self {
        match form {
            DraftForm::Text(text) => Self {
                text,
                ..Self::default()
            },
            DraftForm::Draft {
                text,
                typed,
                reply_to,
                edit,
                below,
            } => Self {
                text,
                typed,
                reply_to,
                edit,
                below,
            },
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
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
            if let Some(draft) = SavedDraft::of(room) {
                saved.drafts.insert(room.name.clone(), draft);
            }
            let pending = room.pending.iter().map(|line| SavedMessage {
                room: room.name.clone(),
                nonce: line.nonce.clone(),
                ts: line.ts,
                text: line.text.clone(),
                reply_to: line.reply_to,
                failed: line.failed().map(str::to_owned),
            });
            saved.pending.extend(pending);
        }
        saved
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.drafts.is_empty() && self.pending.is_empty()
    }

    /// Returns false if a newer version of the program wrote it.
    pub(crate) fn is_readable(&self) -> bool {
        self.version <= FORMAT_VERSION
    }

    /// Adds what another instance saved. Of two drafts in one room, one is set aside for the other.
    pub(crate) fn merge(&mut self, other: Self) {
        for (room, draft) in other.drafts {
            match self.drafts.get_mut(&room) {
                Some(known) if known.holds(&draft) => {}
                Some(known) => {
                    let mut others = draft;
                    let below = std::mem::take(&mut others.below);
                    known.below.splice(0..0, below.into_iter().chain([others]));
                }
                None => drop(self.drafts.insert(room, draft)),
            }
        }
        for message in other.pending {
            if !self.pending.iter().any(|it| it.nonce == message.nonce) {
                self.pending.push(message);
            }
        }
        self.pending.sort_by_key(|message| message.ts);
    }

    /// Puts everything back.
    pub(crate) fn restore(self, chat: &mut Chat) {
        for (name, draft) in self.drafts {
            draft.restore(chat.room_or_new(&name));
        }
        for saved in self.pending {
            let state = match saved.failed {
                Some(why) => PendingState::Failed(why),
                None => PendingState::Waiting,
            };
            chat.room_or_new(&saved.room).pending.push(Pending {
                nonce: saved.nonce,
                ts: saved.ts,
                text: saved.text,
                reply_to: saved.reply_to,
                state,
            });
        }
    }
}

impl SavedDraft {
    /// The drafts of a room; `None` if there are none.
    fn of(room: &Room) -> Option<Self> {
        let mut drafts: Vec<_> = room.drafts().iter().map(Self::of_one).collect();
        let mut draft = drafts.pop()?;
        draft.below = drafts;
        Some(draft)
    }

    fn of_one(draft: &Draft) -> Self {
        let (reply_to, edit) = match draft.compose {
            Compose::New => (None, None),
            Compose::Reply(seq) => (Some(seq), None),
            Compose::Edit(seq) => (None, Some(seq)),
        };
        Self {
            text: draft.input.text().to_owned(),
            typed: draft.input.typed(),
            reply_to,
            edit,
            below: Vec::new(),
        }
    }

    fn holds(&self, other: &Self) -> bool {
        self.text == other.text || self.below.iter().any(|draft| draft.text == other.text)
    }

    fn restore(&self, room: &mut Room) {
        for draft in &self.below {
            room.set_aside(draft.to_draft());
        }
        let Draft { input, compose } = self.to_draft();
        (room.input, room.compose) = (input, compose);
    }

    fn to_draft(&self) -> Draft {
        let compose = match (self.edit, self.reply_to) {
            (Some(seq), _) => Compose::Edit(seq),
            (None, Some(seq)) => Compose::Reply(seq),
            (None, None) => Compose::New,
        };
        Draft {
            input: Editor::restored(&self.text, self.typed),
            compose,
        }
    }
}
