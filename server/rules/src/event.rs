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

/// Bytes that an event is counted with beside its text and mentions.
const EVENT_BYTES: usize = 256;

impl LogEvent {
    /// About how many bytes the event takes in memory, for bounds in bytes.
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
    /// The number of the event in its room, from 1 without a hole.
    pub seq: Seq,
    /// The time of the event, never earlier than that of the event before it.
    pub ts: TimestampMs,
    /// A random id, which tells the event from another server's event with the same number.
    pub id: EventId,
    /// The person who gave the command.
    pub sender: Username,
    /// The command's nonce. A log never has two events with the same sender and nonce.
    pub nonce: EventNonce,
    /// How many messages the room has up to and with this event.
    pub messages: u64,
    /// The fact itself.
    pub body: EventBody,
}

/// A fact about a room. The names of fields and kinds are the stored format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    /// The sender sent a message.
    Message {
        /// The text, checked.
        text: String,
        /// The message that it replies to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        /// Whether the sender is a bot.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        bot: bool,
        /// Members whom the text mentions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Username>,
    },
    /// The sender edited their own message.
    Edited {
        /// The message.
        target: Seq,
        /// The new text, checked.
        text: String,
        /// Members whom the new text mentions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Username>,
    },
    /// A message was deleted. Its text never comes back.
    Deleted {
        /// The message.
        target: Seq,
    },
    /// The sender added a reaction to a message, or removed it.
    Reacted {
        /// The message.
        target: Seq,
        /// The reaction.
        emoji: Emoji,
        /// `true` if it was added.
        on: bool,
    },
    /// The sender created the room and owns it. A direct room has no owner.
    Created {
        /// Public, private or direct.
        room_kind: RoomKind,
        /// The topic; empty for none.
        topic: String,
        /// The other person of a direct room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<Username>,
    },
    /// The sender is now a member.
    Joined,
    /// The sender is no longer a member.
    Left {
        /// The new owner, if the last owner left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heir: Option<Username>,
    },
    /// The sender made a person a member.
    Invited {
        /// The person.
        username: Username,
    },
    /// The sender removed a person from the room.
    Kicked {
        /// The person.
        username: Username,
    },
    /// The sender banned a person, who is no member any more.
    Banned {
        /// The person.
        username: Username,
        /// When the ban ends; `None` for no end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<TimestampMs>,
    },
    /// The sender lifted a ban.
    Unbanned {
        /// The person.
        username: Username,
    },
    /// The sender muted a person, who may only read.
    Muted {
        /// The person.
        username: Username,
        /// When the mute ends; `None` for no end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<TimestampMs>,
    },
    /// The sender lifted a mute.
    Unmuted {
        /// The person.
        username: Username,
    },
    /// The sender gave a member a role.
    Role {
        /// The member.
        username: Username,
        /// The role.
        role: Role,
    },
    /// The sender set the topic.
    Topic {
        /// The topic; empty if it was cleared.
        topic: String,
    },
    /// An account changed. Only the account log has such events.
    OfAccount {
        /// The account.
        username: Username,
        /// The change.
        change: AccountChange,
    },
}

/// A change of an account that every server process must act on at once. The account itself is in
/// the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChange {
    /// The session with this id was revoked.
    SessionRevoked(String),
    /// The password was changed, which ends all sessions but one.
    SessionsEnded {
        /// The id of the session that goes on, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<String>,
    },
    /// The account was banned from the server.
    Banned,
    /// The display name or the picture changed.
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
            Self::OfAccount {
                change:
                    AccountChange::SessionRevoked(_) | AccountChange::Banned | AccountChange::Profile,
                ..
            }
            | Self::Message { .. }
            | Self::Edited { .. }
            | Self::Deleted { .. }
            | Self::Reacted { .. }
            | Self::Created { .. }
            | Self::Joined
            | Self::Left { .. }
            | Self::Invited { .. }
            | Self::Kicked { .. }
            | Self::Banned { .. }
            | Self::Unbanned { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::Role { .. }
            | Self::Topic { .. } => 1,
        }
    }

    /// Whether it is a message.
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. })
    }

    /// The same without text and mentions. `None` if there is no message text in it.
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
            Self::Deleted { .. }
            | Self::Reacted { .. }
            | Self::Created { .. }
            | Self::Joined
            | Self::Left { .. }
            | Self::Invited { .. }
            | Self::Kicked { .. }
            | Self::Banned { .. }
            | Self::Unbanned { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::Role { .. }
            | Self::Topic { .. }
            | Self::OfAccount { .. } => None,
        }
    }

    /// Members whom its text mentions.
    pub fn mentions(&self) -> &[Username] {
        self.written().map_or(&[], |(_, mentions)| mentions)
    }

    /// The message text in it.
    pub fn text(&self) -> Option<&str> {
        self.written().map(|(text, _)| text)
    }

    /// The message text in it, and the members whom that mentions.
    fn written(&self) -> Option<(&str, &[Username])> {
        match self {
            Self::Message { text, mentions, .. } | Self::Edited { text, mentions, .. } => {
                Some((text, mentions))
            }
            Self::Deleted { .. }
            | Self::Reacted { .. }
            | Self::Created { .. }
            | Self::Joined
            | Self::Left { .. }
            | Self::Invited { .. }
            | Self::Kicked { .. }
            | Self::Banned { .. }
            | Self::Unbanned { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::Role { .. }
            | Self::Topic { .. }
            | Self::OfAccount { .. } => None,
        }
    }

    /// The message that this event changes.
    pub fn target(&self) -> Option<Seq> {
        match self {
            Self::Edited { target, .. }
            | Self::Deleted { target }
            | Self::Reacted { target, .. } => Some(*target),
            Self::Message { .. }
            | Self::Created { .. }
            | Self::Joined
            | Self::Left { .. }
            | Self::Invited { .. }
            | Self::Kicked { .. }
            | Self::Banned { .. }
            | Self::Unbanned { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::Role { .. }
            | Self::Topic { .. }
            | Self::OfAccount { .. } => None,
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

    /// A nonce as a store has it.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The nonce as stores write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The client's nonce, if the client gave one.
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
mod tests;
