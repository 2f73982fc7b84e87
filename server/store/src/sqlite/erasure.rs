//! Erasing people in SQLite. An account is erased in one transaction.

use chat_shared::{RoomName, Seq, Username};
use rusqlite::Connection;

use super::SqliteStore;
use super::accounts::of_someone;
use super::avatars::{avatar_of, remove_unused_avatar};
use super::rows::{bound, collect, column, execute, room_name};
use crate::{AccountState, ERASED_DISPLAY_NAME, ErasureStore, StoreError};

pub(super) const ROOMS_AFTER: &str =
    "SELECT room FROM rooms WHERE room > ?1 ORDER BY room LIMIT ?2";

pub(super) const MESSAGES_BY: &str =
    "SELECT seq FROM events WHERE room = ?1 AND is_message = 1 AND seq > ?3 AND sender = ?2
     ORDER BY seq LIMIT ?4";

/// The statements that remove the rest of an account, besides its row. No index leads to a person's codes and to the
/// people who blocked them, of which there are few.
const REMOVALS: [&str; 6] = [
    "DELETE FROM sessions WHERE username = ?1",
    "DELETE FROM known_networks WHERE username = ?1",
    "DELETE FROM blocks WHERE by = ?1 OR whom = ?1",
    "DELETE FROM quotas WHERE username = ?1",
    "DELETE FROM read_marks WHERE username = ?1",
    "DELETE FROM codes WHERE by = ?1 OR account = ?1",
];

#[async_trait::async_trait]
impl ErasureStore for SqliteStore {
    async fn rooms_after(&self, after: &str, limit: usize) -> Result<Vec<RoomName>, StoreError> {
        let after = after.to_owned();
        self.read(move |conn| {
            let key = (after, bound(limit as u64));
            collect(conn, ROOMS_AFTER, key, |row| room_name(row, 0))
        })
        .await
    }

    async fn messages_by(
        &self,
        room: &RoomName,
        sender: &Username,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Seq>, StoreError> {
        let (room, sender) = (room.clone(), sender.clone());
        self.read(move |conn| {
            let key = (
                room.as_str(),
                sender.as_str(),
                bound(after),
                bound(limit as u64),
            );
            collect(conn, MESSAGES_BY, key, |row| column(row, 0))
        })
        .await
    }

    async fn erase_user(&self, username: &Username) -> Result<(), StoreError> {
        let username = username.clone();
        self.write(move |conn| erase(conn, &username)).await
    }
}

fn erase(conn: &Connection, username: &Username) -> Result<(), StoreError> {
    let avatar = avatar_of(conn, username)?;
    let sql = "UPDATE users SET password_kind = 'missing', password = '', password_epoch = NULL,
                   display_name = ?2, avatar = NULL, banned_until = NULL, state = ?3
               WHERE username = ?1";
    let erased = AccountState::Erased.name();
    let changed = execute(conn, sql, (username.as_str(), ERASED_DISPLAY_NAME, erased))?;
    of_someone(changed, username)?;
    for sql in REMOVALS {
        execute(conn, sql, [username.as_str()])?;
    }
    match avatar {
        Some(avatar) => remove_unused_avatar(conn, &avatar),
        None => Ok(()),
    }
}
