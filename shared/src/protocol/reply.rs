//! Replies to commands: acknowledgements and pages.

use serde::{Deserialize, Serialize};

use super::{ChatEvent, Role, ServerFrame};
use crate::{Nonce, RequestId, RoomName, Seq, TimestampMs, Username};

/// A message is stored. It comes before the sender's own `chat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Ack {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The message's room.
    pub room: RoomName,
    /// The nonce of the message.
    pub nonce: Nonce,
    /// Its position in the room.
    pub seq: Seq,
    /// When it was stored.
    pub ts: TimestampMs,
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HistoryPage {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The room.
    pub room: RoomName,
    /// The messages are as they were at this seq: apply events above it.
    pub as_of: Seq,
    /// The messages, each a `chat` frame.
    #[serde(with = "chat_frames")]
    #[cfg_attr(feature = "ts", ts(type = "Array<{ type: \"chat\" } & ChatEvent>"))]
    pub messages: Vec<ChatEvent>,
    /// Whether there are older ones.
    pub more_before: bool,
    /// Whether there are newer ones.
    pub more_after: bool,
}

/// A page of events, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EventsPage {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The room.
    pub room: RoomName,
    /// The events, as a resume would have sent them.
    pub events: Vec<ServerFrame>,
    /// Whether there are more.
    pub more: bool,
}

/// The results of a search, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ResultsPage {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The messages as they are now, each a `chat` frame.
    #[serde(with = "chat_frames")]
    #[cfg_attr(feature = "ts", ts(type = "Array<{ type: \"chat\" } & ChatEvent>"))]
    pub messages: Vec<ChatEvent>,
    /// Asks for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cursor: Option<String>,
}

/// A page of public rooms, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoomsPage {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The rooms.
    pub rooms: Vec<RoomListing>,
    /// Whether there are more.
    pub more: bool,
}

/// A public room as anyone sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RoomListing {
    /// Its name.
    pub room: RoomName,
    /// Its topic.
    pub topic: String,
    /// How many members it has.
    pub members: u64,
    /// The seq of its last event.
    pub last_seq: Seq,
    /// Whether the user is in it.
    pub joined: bool,
}

/// A page of members, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MembersPage {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The room.
    pub room: RoomName,
    /// The members.
    pub members: Vec<MemberInfo>,
    /// Whether there are more.
    pub more: bool,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MemberInfo {
    /// The username.
    pub username: Username,
    /// The display name.
    pub display_name: String,
    /// The path of their picture on this server.
    pub avatar: String,
    /// Their role.
    pub role: Role,
    /// Whether they are online.
    pub online: bool,
    /// Whether they are a bot.
    pub bot: bool,
    /// Whether they may only read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub muted: bool,
}

/// Messages in a page are `chat` frames, with their `type`.
mod chat_frames {
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::protocol::ChatEvent;

    #[derive(Serialize)]
    #[serde(tag = "type", rename = "chat")]
    struct Tagged<'a> {
        #[serde(flatten)]
        chat: &'a ChatEvent,
    }

    pub(super) fn serialize<S: Serializer>(
        messages: &[ChatEvent],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(messages.len()))?;
        for chat in messages {
            seq.serialize_element(&Tagged { chat })?;
        }
        seq.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<ChatEvent>, D::Error> {
        Vec::deserialize(deserializer)
    }
}
