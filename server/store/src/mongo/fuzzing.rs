//! What fuzz targets need of this store's inside.

use chat_server_rules::LogEvent;
use chat_shared::RoomName;
use mongodb::bson::{Document, deserialize_from_slice, serialize_to_vec};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::documents::{LogDoc, UserDoc};
use super::passwords::{decode_password, encode_password};
use super::users::user_of;
use crate::{PasswordRecord, StoreError, User};

/// Reads the account of documents of `chatRoomUsers`, as the driver reads them from the server.
/// `None` if one is no document of a user.
///
/// # Errors
/// [`StoreError`] if the password is kept in no way that is known.
pub fn read_user(documents: &[Document]) -> Option<Result<User, StoreError>> {
    let documents: Option<Vec<UserDoc>> = documents.iter().map(through_bson).collect();
    documents.map(user_of)
}

/// Writes a password and reads it again. `None` if it can't be written.
///
/// # Errors
/// [`StoreError`] if it can't be read.
pub fn reread_password(password: &PasswordRecord) -> Option<Result<PasswordRecord, StoreError>> {
    let (kind, value) = encode_password(password).ok()?;
    let written = mongodb::bson::doc! {
        "_id": "ann", "username": "ann", "password": value, "chatServer": { "passwordKind": kind },
    };
    Some(decode_password("ann", &through_bson(&written)?))
}

/// Writes an event and reads it again. `None` if a number in it is above what BSON holds.
///
/// # Errors
/// [`StoreError`] if it can't be read.
pub fn reread_event(room: &RoomName, event: &LogEvent) -> Option<Result<LogEvent, StoreError>> {
    let document: LogDoc = through_bson(&LogDoc::new(room, event))?;
    Some(LogEvent::try_from(document))
}

/// Reads an event from a document of the log. `None` if it is none.
///
/// # Errors
/// [`StoreError`] if this version can't read it.
pub fn read_event(document: &Document) -> Option<Result<LogEvent, StoreError>> {
    through_bson::<LogDoc>(document).map(LogEvent::try_from)
}

fn through_bson<T: DeserializeOwned>(value: &impl Serialize) -> Option<T> {
    let bytes = serialize_to_vec(value).ok()?;
    deserialize_from_slice(&bytes).ok()
}
