//! The audit in SQLite.

use chat_shared::{RoomName, TimestampMs, Username};
use rusqlite::Row;

use super::SqliteStore;
use super::rows::{bound, collect, column, execute};
use crate::audit::{END, newest};
use crate::{AUDIT_ENTRIES_MAX, AuditClass, AuditEntry, AuditId, AuditStore, StoreError};

pub(super) const AUDIT: &str =
    "SELECT id, ts, action, by, username, room, network, detail FROM audit
     WHERE class = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

pub(super) const AUDIT_AT: &str =
    "SELECT id FROM audit WHERE class = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2";

pub(super) const AUDIT_BEFORE: &str = "DELETE FROM audit WHERE class = ?1 AND id < ?2";

#[async_trait::async_trait]
impl AuditStore for SqliteStore {
    async fn add_audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.write(move |conn| {
            for entry in &entries {
                let sql = "INSERT INTO audit
                             (class, id, ts, action, by, username, room, network, detail)
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
                let row = (
                    entry.class.name(),
                    &entry.id.0,
                    bound(entry.ts),
                    &entry.action,
                    entry.by.as_ref().map(Username::as_str),
                    entry.username.as_ref().map(Username::as_str),
                    entry.room.as_ref().map(RoomName::as_str),
                    &entry.from,
                    &entry.detail,
                );
                execute(conn, sql, row)?;
            }
            Ok(())
        })
        .await
    }

    async fn audit(
        &self,
        before: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let before = before.map_or(END, |id| &id.0).to_owned();
        self.read(move |conn| {
            let mut entries = Vec::new();
            for class in AuditClass::ALL {
                let key = (class.name(), &before, bound(limit as u64));
                entries.extend(collect(conn, AUDIT, key, |row| decode(class, row))?);
            }
            Ok(newest(entries, limit))
        })
        .await
    }

    async fn purge_audit(&self, before: TimestampMs) -> Result<(), StoreError> {
        self.write(move |conn| {
            for class in AuditClass::ALL {
                let name = class.name();
                let key = (name, bound(AUDIT_ENTRIES_MAX as u64 - 1));
                let oldest_kept = collect(conn, AUDIT_AT, key, |row| column::<String>(row, 0))?;
                let bounds = oldest_kept.into_iter().chain([AuditId::at(before)]);
                for bound in bounds {
                    execute(conn, AUDIT_BEFORE, (name, bound))?;
                }
            }
            Ok(())
        })
        .await
    }
}

fn decode(class: AuditClass, row: &Row<'_>) -> Result<AuditEntry, StoreError> {
    let text = |index| column::<Option<String>>(row, index);
    let name = |index| Ok::<_, StoreError>(text(index)?.map(|it| Username::existing(&it)));
    Ok(AuditEntry {
        id: AuditId(column(row, 0)?),
        class,
        ts: column(row, 1)?,
        action: column(row, 2)?,
        by: name(3)?,
        username: name(4)?,
        room: text(5)?.and_then(|it| RoomName::parse(&it).ok()),
        from: text(6)?,
        detail: text(7)?,
    })
}
