//! Invites and password resets in SQLite. A use is taken in one transaction.

use chat_shared::{RoomName, TimestampMs, Username};
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::rows::{bound, collect, column, execute};
use crate::{
    CODES_MAX, Code, CodeId, CodeKind, CodeStore, CodeUse, KeptCode, PasswordEpoch, StoreError,
};

pub(super) const CODE: &str =
    "SELECT id, by, created, expires, uses, used, room, account, epoch FROM codes
     WHERE kind = ?1 AND id = ?2";

pub(super) const CODES_OF: &str =
    "SELECT id, by, created, expires, uses, used, room, account, epoch FROM codes WHERE kind = ?1";

pub(super) const EXPIRED_CODES: &str = "DELETE FROM codes WHERE kind = ?1 AND expires < ?2";

/// The value of `by` for codes that the operator made. No account that makes one has this name.
const OPERATOR: &str = "";

fn maker(name: &str) -> Option<Username> {
    (name != OPERATOR).then(|| Username::existing(name))
}

fn decode(kind: CodeKind, row: &Row<'_>) -> Result<KeptCode, StoreError> {
    let name = |index| column::<Option<String>>(row, index);
    let room = match name(6)? {
        Some(text) => Some(
            RoomName::parse(&text)
                .map_err(|_| StoreError::Corrupt(format!("a room named {text:?}")))?,
        ),
        None => None,
    };
    Ok(KeptCode {
        code: Code {
            id: CodeId(column(row, 0)?),
            kind,
            by: maker(&column::<String>(row, 1)?),
            created: column(row, 2)?,
            expires: column(row, 3)?,
            uses: column(row, 4)?,
            room,
            account: name(7)?.map(|name| Username::existing(&name)),
            epoch: name(8)?.map(PasswordEpoch),
        },
        used: column(row, 5)?,
    })
}

fn find(conn: &Connection, kind: CodeKind, id: &CodeId) -> Result<Option<KeptCode>, StoreError> {
    let found = collect(conn, CODE, (kind.name(), &id.0), |row| decode(kind, row))?;
    Ok(found.into_iter().next())
}

#[async_trait::async_trait]
impl CodeStore for SqliteStore {
    async fn add_code(&self, code: Code) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let kind = code.kind.name();
            let expired = (kind, bound(code.created));
            execute(conn, EXPIRED_CODES, expired)?;
            let kept = collect(conn, CODES_OF, [kind], |_| Ok(()))?;
            if kept.len() >= CODES_MAX {
                return Ok(false);
            }
            let sql = "INSERT INTO codes
                         (kind, id, by, created, expires, uses, used, room, account, epoch)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9)";
            let code = (
                kind,
                &code.id.0,
                code.by.as_ref().map_or(OPERATOR, Username::as_str),
                bound(code.created),
                bound(code.expires),
                code.uses,
                code.room.as_ref().map(RoomName::as_str),
                code.account.as_ref().map(Username::as_str),
                code.epoch.as_ref().map(|epoch| &epoch.0),
            );
            execute(conn, sql, code)?;
            Ok(true)
        })
        .await
    }

    async fn code(&self, kind: CodeKind, id: &CodeId) -> Result<Option<KeptCode>, StoreError> {
        let id = id.clone();
        self.read(move |conn| find(conn, kind, &id)).await
    }

    async fn codes(&self, kind: CodeKind) -> Result<Vec<KeptCode>, StoreError> {
        let mut codes = self
            .read(move |conn| collect(conn, CODES_OF, [kind.name()], |row| decode(kind, row)))
            .await?;
        codes.sort_by_key(|kept| std::cmp::Reverse(kept.code.created));
        Ok(codes)
    }

    async fn use_code(
        &self,
        kind: CodeKind,
        id: &CodeId,
        _attempt: &str,
        now: TimestampMs,
    ) -> Result<CodeUse, StoreError> {
        let id = id.clone();
        self.write(move |conn| {
            let Some(KeptCode { code, used }) = find(conn, kind, &id)? else {
                return Ok(CodeUse::Unknown);
            };
            if code.expires <= now {
                return Ok(CodeUse::Expired);
            }
            if used >= code.uses {
                return Ok(CodeUse::UsedUp);
            }
            let sql = "UPDATE codes SET used = used + 1 WHERE kind = ?1 AND id = ?2";
            execute(conn, sql, (kind.name(), &id.0))?;
            Ok(CodeUse::Taken(code))
        })
        .await
    }

    async fn give_code_back(
        &self,
        kind: CodeKind,
        id: &CodeId,
        _attempt: &str,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |conn| {
            let sql = "UPDATE codes SET used = used - 1 WHERE kind = ?1 AND id = ?2 AND used > 0";
            execute(conn, sql, (kind.name(), &id.0)).map(drop)
        })
        .await
    }

    async fn remove_code(&self, kind: CodeKind, id: &CodeId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |conn| {
            let sql = "DELETE FROM codes WHERE kind = ?1 AND id = ?2";
            Ok(execute(conn, sql, (kind.name(), &id.0))? > 0)
        })
        .await
    }

    async fn purge_codes(&self, before: TimestampMs) -> Result<(), StoreError> {
        self.write(move |conn| {
            for kind in CodeKind::ALL {
                execute(conn, EXPIRED_CODES, (kind.name(), bound(before)))?;
            }
            Ok(())
        })
        .await
    }
}
