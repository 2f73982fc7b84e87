//! The documents of each collection.

use chat_shared::{RoomName, Seq, Username};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, RawDocumentBuf, deserialize_from_slice, doc};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::log::{check_format, unreadable};
use crate::{Avatar, PasswordEpoch, SecretHash, Session, Snapshot, StoreError};
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};

/// The highest number that an `_id` of the log has digits for; no room gets there.
pub(super) const SEQ_MAX: Seq = 9_999_999_999_999_999;

/// An event's `_id`. In its order, a room's events are together and in sequence.
pub(super) fn log_id(room: &RoomName, seq: Seq) -> String {
    format!("{room}:{seq:016}")
}

/// A filter by `_id` on the log. It names the room too, so that a log that is sharded by room is
/// asked on one shard.
pub(super) fn in_log(room: &RoomName, id: impl Into<Bson>) -> Document {
    doc! { "_id": id.into(), "room": room.as_str() }
}

/// Converts a number to BSON's. No seq, time or count comes near its limit.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    room: RoomName,
    seq: Seq,
    ts: u64,
    event: EventId,
    sender: Username,
    nonce: EventNonce,
    messages: u64,
    is_message: bool,
    /// The message that it changes. It is absent where it is 0, so that a message costs no entry in
    /// the index.
    #[serde(default, skip_serializing_if = "is_zero")]
    target: Seq,
    /// The people whom its text mentions. It is absent where there are none, as `target` is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<Username>,
    /// The oldest version of the events' format whose readers understand it.
    #[serde(default = "first_format")]
    format: u32,
    body: StoredBody,
}

fn is_zero(seq: &Seq) -> bool {
    *seq == 0
}

/// The format of an event that has no field for it: all were of the first format then.
fn first_format() -> u32 {
    1
}

/// An event's body, or the kind of one that this version can't read. A document with an unknown
/// body is still read, so that the error names its event.
#[derive(Debug, Clone, PartialEq)]
enum StoredBody {
    Known(EventBody),
    Unknown { kind: Option<String> },
}

impl Serialize for StoredBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(body) => body.serialize(serializer),
            Self::Unknown { .. } => Err(S::Error::custom("a body that was not read")),
        }
    }
}

impl<'de> Deserialize<'de> for StoredBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawDocumentBuf::deserialize(deserializer)?;
        Ok(match deserialize_from_slice(raw.as_bytes()) {
            Ok(body) => Self::Known(body),
            Err(_) => Self::Unknown {
                kind: raw.get_str("kind").ok().map(str::to_owned),
            },
        })
    }
}

impl LogDoc {
    pub(super) fn new(room: &RoomName, event: &LogEvent) -> Self {
        Self {
            id: log_id(room, event.seq),
            room: room.clone(),
            seq: event.seq,
            ts: event.ts,
            event: event.id.clone(),
            sender: event.sender.clone(),
            nonce: event.nonce.clone(),
            messages: event.messages,
            is_message: event.body.is_message(),
            target: event.body.target().unwrap_or(0),
            mentions: event.body.mentions().to_vec(),
            format: event.body.format(),
            body: StoredBody::Known(event.body.clone()),
        }
    }
}

impl LogDoc {
    pub(super) fn room(&self) -> &RoomName {
        &self.room
    }

    pub(super) fn seq(&self) -> Seq {
        self.seq
    }
}

impl TryFrom<LogDoc> for LogEvent {
    type Error = StoreError;

    fn try_from(doc: LogDoc) -> Result<Self, StoreError> {
        check_format(&doc.room, doc.seq, doc.format)?;
        let body = match doc.body {
            StoredBody::Known(body) => body,
            StoredBody::Unknown { kind } => {
                let reason = "a body of an unknown shape";
                return Err(unreadable(&doc.room, doc.seq, kind.as_deref(), reason));
            }
        };
        Ok(Self {
            seq: doc.seq,
            ts: doc.ts,
            id: doc.event,
            sender: doc.sender,
            nonce: doc.nonce,
            messages: doc.messages,
            body,
        })
    }
}

/// The events of documents, in their order.
pub(super) fn events(docs: Vec<LogDoc>) -> Result<Vec<LogEvent>, StoreError> {
    docs.into_iter().map(LogEvent::try_from).collect()
}

/// A room. It is written before the room's first event, so that every log has its room here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomDoc {
    #[serde(rename = "_id")]
    pub(super) room: RoomName,
    /// [`NO_KIND`] until the log has an event.
    pub(super) kind: String,
    pub(super) topic: String,
    /// The event that `kind` and `topic` are of.
    pub(super) shape_seq: Seq,
    /// Every event up to here is projected. Version 2 counted in another field, without the states
    /// of messages.
    #[serde(default)]
    pub(super) projected: Seq,
    /// Every event up to here is in the search.
    #[serde(default)]
    pub(super) searched: Seq,
}

pub(super) const NO_KIND: &str = "none";

/// A person who was ever a member, and whether they are one as of `seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MembershipDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) room: RoomName,
    pub(super) username: Username,
    pub(super) member: bool,
    pub(super) seq: Seq,
}

pub(super) fn membership_id(room: &RoomName, username: &Username) -> String {
    format!("{room}:{username}")
}

/// A deleted message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DeletionDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) room: RoomName,
    pub(super) target: Seq,
    /// Whether its text is blanked.
    pub(super) scrubbed: bool,
}

/// The seq up to which someone has read a room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ReadMarkDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) room: RoomName,
    pub(super) username: Username,
    pub(super) seq: Seq,
    pub(super) messages: u64,
}

/// The words of a message as of the event `rev`. A deleted message has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SearchDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) room: RoomName,
    pub(super) seq: Seq,
    pub(super) ts: u64,
    pub(super) sender: Username,
    pub(super) words: Vec<String>,
    pub(super) rev: Seq,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AvatarDoc {
    #[serde(rename = "_id")]
    pub(super) name: String,
    pub(super) png: Binary,
}

impl From<Avatar> for AvatarDoc {
    fn from(avatar: Avatar) -> Self {
        Self {
            name: avatar.name,
            png: binary(avatar.png),
        }
    }
}

impl From<AvatarDoc> for Avatar {
    fn from(doc: AvatarDoc) -> Self {
        Self {
            name: doc.name,
            png: doc.png.bytes,
        }
    }
}

fn binary(bytes: Vec<u8>) -> Binary {
    let subtype = BinarySubtype::Generic;
    Binary { subtype, bytes }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SnapshotDoc {
    #[serde(rename = "_id")]
    pub(super) room: RoomName,
    #[serde(default)]
    pub(super) rules_version: u32,
    pub(super) seq: Seq,
    pub(super) state: Binary,
}

impl SnapshotDoc {
    pub(super) fn new(room: &RoomName, snapshot: Snapshot) -> Self {
        let state = binary(snapshot.state);
        Self {
            room: room.clone(),
            rules_version: snapshot.rules_version,
            seq: snapshot.seq,
            state,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) username: Username,
    pub(super) created: u64,
    /// `null` for one that does not expire; the field is there all the same.
    pub(super) expires: Option<u64>,
    /// Absent in a session whose token carries no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) secret_hash: Option<Binary>,
    /// Absent where the account's password was not changed before the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<PasswordEpoch>,
    #[serde(default)]
    pub(super) lobby_seq: Seq,
}

impl From<Session> for SessionDoc {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            username: session.username,
            created: session.created,
            expires: session.expires,
            secret_hash: session.secret_hash.map(|hash| binary(hash.0.to_vec())),
            epoch: session.epoch,
            lobby_seq: session.lobby_seq,
        }
    }
}

impl From<SessionDoc> for Session {
    fn from(doc: SessionDoc) -> Self {
        Self {
            id: doc.id,
            username: doc.username,
            created: doc.created,
            expires: doc.expires,
            // No secret has a hash of another length, so nothing opens such a session.
            secret_hash: doc
                .secret_hash
                .map(|hash| SecretHash(hash.bytes.try_into().unwrap_or_default())),
            epoch: doc.epoch,
            lobby_seq: doc.lobby_seq,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ClaimDoc {
    #[serde(rename = "_id")]
    pub(super) key: String,
    pub(super) value: String,
}

/// The version of the whole database, in a document of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SchemaDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) version: u32,
    /// The oldest version whose servers understand everything in the database.
    pub(super) oldest_reader: u32,
}

/// The name of a user of the demo, and its folded form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DemoNameDoc {
    #[serde(rename = "_id")]
    pub(super) username: Username,
    pub(super) folded: String,
}

/// A document of `chatRoomUsers`: the demo's `{username, password}`, and the server's own fields in
/// `chatServer`. The demo's fields may contain anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct UserDoc {
    /// The folded name of an account of this server, or an ObjectId of the demo's.
    #[serde(rename = "_id")]
    pub(super) id: Bson,
    #[serde(default)]
    pub(super) username: Bson,
    #[serde(default)]
    pub(super) password: Bson,
    #[serde(
        default,
        rename = "chatServer",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) ours: Option<OursDoc>,
}

/// The server's own fields. A document of the demo has `password_kind` at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OursDoc {
    /// It is absent where the password is as the demo kept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display_name: Option<String>,
    pub(super) bot: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) banned_until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_ban_seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password_epoch: Option<String>,
    /// Absent in an account that always was active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
}

pub(super) fn unreadable_password(username: &str) -> StoreError {
    StoreError::Corrupt(format!(
        "the password of {username:?} is kept in no way that is known"
    ))
}
