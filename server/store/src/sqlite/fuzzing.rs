//! What fuzz targets need of this store's inside.

use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};
use chat_shared::{RoomName, Seq, Username};
use rusqlite::Connection;

use super::indexing::Change;
use super::migrations::migrate;
use super::rows::decode_body;
use super::search::find;
use crate::{Search, StoreError};

/// The index of words of an empty database in memory.
#[derive(Debug)]
pub struct SearchIndex(Connection);

impl SearchIndex {
    /// Makes the database.
    ///
    /// # Errors
    /// [`StoreError`] if SQLite fails.
    pub fn new() -> Result<Self, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        migrate(&mut conn)?;
        Ok(Self(conn))
    }

    /// Whether a search finds the text as a message of `sender` in the lobby. The index is empty
    /// again afterwards.
    ///
    /// # Errors
    /// [`StoreError`] if SQLite fails, which would be a fault of the statement.
    pub fn finds(
        &mut self,
        text: &str,
        sender: &Username,
        search: &Search,
    ) -> Result<bool, StoreError> {
        let message = LogEvent {
            seq: 1,
            ts: 1,
            id: EventId(String::new()),
            sender: sender.clone(),
            nonce: EventNonce::from_seq(1),
            messages: 1,
            body: EventBody::Message {
                text: text.to_owned(),
                reply_to: None,
                bot: false,
                mentions: Vec::new(),
            },
        };
        // Dropped, it is rolled back.
        let undone = self.0.transaction()?;
        if let Some(change) = Change::of(&message) {
            change.store(&undone, &RoomName::lobby())?;
        }
        Ok(!find(&undone, search)?.messages.is_empty())
    }
}

/// Reads the body of a stored event.
///
/// # Errors
/// [`StoreError`] if this version can't read it.
pub fn read_body(room: &RoomName, seq: Seq, body: &str) -> Result<EventBody, StoreError> {
    decode_body(room, seq, body)
}
