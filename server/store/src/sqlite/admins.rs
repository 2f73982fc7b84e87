//! The list of admins in SQLite: one row, replaced in one transaction.

use chat_shared::Username;
use rusqlite::Connection;

use super::SqliteStore;
use super::rows::{bound, collect, column, execute};
use crate::{AdminList, AdminStore, StoreError};

pub(super) const ADMINS: &str =
    "SELECT version, names FROM admin_lists ORDER BY version DESC LIMIT 1";

#[async_trait::async_trait]
impl AdminStore for SqliteStore {
    async fn admins(&self) -> Result<AdminList, StoreError> {
        self.read(read).await
    }

    async fn replace_admins(&self, version: u64, names: Vec<Username>) -> Result<bool, StoreError> {
        let names = serde_json::to_string(&names)
            .map_err(|error| StoreError::Refused(format!("a list of admins: {error}")))?;
        self.write(move |conn| {
            if read(conn)?.version != version {
                return Ok(false);
            }
            execute(conn, "DELETE FROM admin_lists", [])?;
            let sql = "INSERT INTO admin_lists (version, names) VALUES (?1, ?2)";
            execute(conn, sql, (bound(version + 1), names))?;
            Ok(true)
        })
        .await
    }
}

fn read(conn: &Connection) -> Result<AdminList, StoreError> {
    let rows = collect(conn, ADMINS, [], |row| {
        Ok((column::<u64>(row, 0)?, column::<String>(row, 1)?))
    })?;
    let Some((version, names)) = rows.into_iter().next() else {
        return Ok(AdminList::default());
    };
    let names = serde_json::from_str(&names)
        .map_err(|error| StoreError::Corrupt(format!("the list of admins: {error}")))?;
    Ok(AdminList { version, names })
}
