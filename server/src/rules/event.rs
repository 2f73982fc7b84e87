use chat_shared::protocol::RoomKind;
use chat_shared::{Nonce, Seq, TimestampMs, Username};
use serde::{Deserialize, Serialize};

/// A durable event, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    pub seq: Seq,
    /// Never earlier than its predecessor's.
    pub ts: TimestampMs,
    /// The event's own: tells it from another node's event of the same number.
    pub id: EventId,
    pub sender: Username,
    /// With the room and the sender unique for good.
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
    },
    /// The sender made the room and owns it.
    Created { room_kind: RoomKind, topic: String },
    /// The sender is now a member.
    Joined,
    /// The sender is no longer a member.
    Left,
}

impl EventBody {
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. })
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
