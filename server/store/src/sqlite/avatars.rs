//! People's pictures in SQLite: each is kept once, however many accounts have it.

use chat_shared::Username;
use rusqlite::Connection;

use super::accounts::of_someone;
use super::rows::{collect, column, execute};
use crate::{Avatar, StoreError};

pub(super) const AVATAR_IN_USE: &str = "SELECT username FROM users WHERE avatar = ?1 LIMIT 1";

/// Keeps the picture, unless the account was erased, and removes the one before if nobody has it.
pub(super) fn set_avatar(
    conn: &Connection,
    username: &Username,
    avatar: Avatar,
) -> Result<(), StoreError> {
    let before = avatar_of(conn, username)?;
    let sql = "UPDATE users SET avatar = ?2 WHERE username = ?1 AND state <> 'erased'";
    let changed = execute(conn, sql, (username.as_str(), &avatar.name))?;
    of_someone(changed, username)?;
    let keep = "INSERT INTO avatars (name, png) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    execute(conn, keep, (&avatar.name, avatar.png))?;
    let Some(before) = before.filter(|name| *name != avatar.name) else {
        return Ok(());
    };
    remove_unused_avatar(conn, &before)
}

/// The name of an account's picture.
pub(super) fn avatar_of(
    conn: &Connection,
    username: &Username,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT avatar FROM users WHERE username = ?1";
    let rows: Vec<Option<String>> = collect(conn, sql, [username.as_str()], |row| column(row, 0))?;
    Ok(rows.into_iter().next().flatten())
}

/// Removes a picture that nobody has.
pub(super) fn remove_unused_avatar(conn: &Connection, name: &str) -> Result<(), StoreError> {
    let owners = collect(conn, AVATAR_IN_USE, [name], |row| column::<String>(row, 0))?;
    if owners.is_empty() {
        execute(conn, "DELETE FROM avatars WHERE name = ?1", [name])?;
    }
    Ok(())
}
