//! The durable events of a room's log, and the version of their format.

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{Emoji, Nonce, Seq, TimestampMs, Username};
use serde::{Deserialize, Serialize};

/// The version of the events' format that this code reads and writes.
///
/// It is raised when a kind of event is added, or a change of an account. [`EventBody::format`]
/// says which version an event needs, and a store keeps that beside the event.
pub const EVENT_FORMAT_VERSION: u32 = 2;

/// Every kind of event that this code knows, as its `kind` is written.
pub const EVENT_KINDS: [&str; 16] = [
    "message",
    "edited",
    "deleted",
    "reacted",
    "created",
    "joined",
    "left",
    "invited",
    "kicked",
    "banned",
    "unbanned",
    "muted",
    "unmuted",
    "role",
    "topic",
    "of_account",
];

/// Bytes that an event is counted with beside what people wrote in it.
const EVENT_BYTES: usize = 256;

impl LogEvent {
    /// About how many bytes the event takes, for bounds in bytes.
    pub fn bytes(&self) -> usize {
        let text = match &self.body {
            EventBody::Created { topic, .. } | EventBody::Topic { topic } => topic,
            body => body.text().unwrap_or_default(),
        };
        let mentions = self.body.mentions().iter().map(|name| name.as_str().len());
        EVENT_BYTES + text.len() + mentions.sum::<usize>()
    }
}

/// A durable event, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    pub seq: Seq,
    /// Never earlier than its predecessor's.
    pub ts: TimestampMs,
    /// The event's own: tells it from another node's event of the same number.
    pub id: EventId,
    pub sender: Username,
    /// Unique in the log together with the room and the sender, without an end.
    pub nonce: EventNonce,
    /// How many messages the room holds up to and with this event.
    pub messages: u64,
    pub body: EventBody,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    Message {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        bot: bool,
        /// Members whom the text names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Username>,
    },
    /// The sender gave their message `target` another text.
    Edited {
        target: Seq,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Username>,
    },
    /// The message `target` was deleted; its text does not come back.
    Deleted {
        target: Seq,
    },
    /// The sender put a reaction on the message `target`, or took it back.
    Reacted {
        target: Seq,
        emoji: Emoji,
        on: bool,
    },
    /// The sender made the room and owns it; a direct room is both people's alike.
    Created {
        room_kind: RoomKind,
        topic: String,
        /// In a direct room the other person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<Username>,
    },
    /// The sender is now a member.
    Joined,
    /// The sender is no longer a member.
    Left {
        /// Who owns the room from here on, where its last owner left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heir: Option<Username>,
    },
    /// The sender made someone a member.
    Invited {
        username: Username,
    },
    /// The sender put someone out.
    Kicked {
        username: Username,
    },
    /// The sender put someone out, who can't come back before `until`.
    Banned {
        username: Username,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<TimestampMs>,
    },
    Unbanned {
        username: Username,
    },
    /// Someone may only read until `until`.
    Muted {
        username: Username,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<TimestampMs>,
    },
    Unmuted {
        username: Username,
    },
    Role {
        username: Username,
        role: Role,
    },
    Topic {
        topic: String,
    },
    /// In the hidden log alone: what became of an account.
    OfAccount {
        username: Username,
        change: AccountChange,
    },
}

/// What every node must know of an account at once; the account itself lies in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChange {
    SessionRevoked(String),
    /// All sessions ended but `kept`: the password was changed.
    SessionsEnded {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<String>,
    },
    /// Barred from the server.
    Banned,
    /// Another display name, or another picture.
    Profile,
}

impl EventBody {
    /// The oldest version of the events' format whose readers understand this event.
    pub fn format(&self) -> u32 {
        match self {
            Self::OfAccount {
                change: AccountChange::SessionsEnded { .. },
                ..
            } => 2,
            _ => 1,
        }
    }

    pub fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. })
    }

    /// The same without what someone wrote; `None` where no message's text is in it.
    pub fn without_text(&self) -> Option<Self> {
        match self.clone() {
            Self::Message { reply_to, bot, .. } => Some(Self::Message {
                text: String::new(),
                reply_to,
                bot,
                mentions: Vec::new(),
            }),
            Self::Edited { target, .. } => Some(Self::Edited {
                target,
                text: String::new(),
                mentions: Vec::new(),
            }),
            _ => None,
        }
    }

    /// Whom the text in it mentions.
    pub fn mentions(&self) -> &[Username] {
        match self {
            Self::Message { mentions, .. } | Self::Edited { mentions, .. } => mentions,
            _ => &[],
        }
    }

    /// The text that it gives a message.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Message { text, .. } | Self::Edited { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The message that this event changes.
    pub fn target(&self) -> Option<Seq> {
        match self {
            Self::Edited { target, .. }
            | Self::Deleted { target }
            | Self::Reacted { target, .. } => Some(*target),
            _ => None,
        }
    }
}

/// 128 random bits in hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub String);

/// The nonce that a client gave, or one made from the event's seq.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventNonce(String);

impl EventNonce {
    /// For an event whose client gave none. The `~` keeps it apart from every client's nonce.
    pub fn from_seq(seq: Seq) -> Self {
        Self(format!("~{seq}"))
    }

    /// Reads what the store holds.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nonce that the client gave, where it gave one.
    pub fn client(&self) -> Option<Nonce> {
        Nonce::parse(&self.0).ok()
    }
}

impl From<Nonce> for EventNonce {
    fn from(nonce: Nonce) -> Self {
        Self(nonce.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_body() -> Vec<EventBody> {
        let username = Username::existing("ann");
        let (name, until, target) = (username.clone(), None, 1);
        vec![
            EventBody::Message {
                text: String::new(),
                reply_to: None,
                bot: false,
                mentions: Vec::new(),
            },
            EventBody::Edited {
                target,
                text: String::new(),
                mentions: Vec::new(),
            },
            EventBody::Deleted { target },
            EventBody::Reacted {
                target,
                emoji: Emoji::parse("👍").unwrap(),
                on: true,
            },
            EventBody::Created {
                room_kind: RoomKind::Public,
                topic: String::new(),
                with: None,
            },
            EventBody::Joined,
            EventBody::Left { heir: None },
            EventBody::Invited {
                username: name.clone(),
            },
            EventBody::Kicked {
                username: name.clone(),
            },
            EventBody::Banned {
                username: name.clone(),
                until,
            },
            EventBody::Unbanned {
                username: name.clone(),
            },
            EventBody::Muted {
                username: name.clone(),
                until,
            },
            EventBody::Unmuted {
                username: name.clone(),
            },
            EventBody::Role {
                username: name,
                role: Role::Member,
            },
            EventBody::Topic {
                topic: String::new(),
            },
            EventBody::OfAccount {
                username,
                change: AccountChange::SessionsEnded { kept: None },
            },
        ]
    }

    #[test]
    fn every_kind_is_known_by_its_name() {
        let kinds = every_body().into_iter().map(|body| {
            let json = serde_json::to_value(&body).unwrap();
            json["kind"].as_str().unwrap().to_owned()
        });
        assert_eq!(kinds.collect::<Vec<_>>(), EVENT_KINDS);
    }

    #[test]
    fn no_event_needs_a_newer_reader_than_this_one() {
        let formats = every_body().into_iter().map(|body| body.format());
        assert_eq!(formats.max(), Some(EVENT_FORMAT_VERSION));
    }
}
