//! Blocks, quotas and known networks in SQLite.

use chat_shared::{RoomName, TimestampMs, Username};

use super::SqliteStore;
use super::rows::{bound, collect, column, execute};
use crate::policy::QuotaCount;
use crate::{BLOCKED_MAX, KNOWN_NETWORKS_MAX, PolicyStore, QuotaLimits, QuotaUse, StoreError};

pub(super) const BLOCK: &str = "SELECT by FROM blocks WHERE room = ?1 AND whom = ?2";

pub(super) const BLOCKED_BY: &str = "SELECT whom FROM blocks WHERE by = ?1 ORDER BY whom";

pub(super) const QUOTA: &str =
    "SELECT day, today, in_all FROM quotas WHERE username = ?1 AND kind = ?2";

pub(super) const KNOWN_NETWORK: &str = "SELECT used FROM known_networks WHERE network = ?1";

/// An account's networks above a number of newer ones.
pub(super) const OLDEST_NETWORKS: &str = "SELECT network FROM known_networks
     WHERE username = ?1 ORDER BY used DESC LIMIT -1 OFFSET ?2";

#[async_trait::async_trait]
impl PolicyStore for SqliteStore {
    async fn block(
        &self,
        room: &RoomName,
        by: &Username,
        whom: &Username,
    ) -> Result<bool, StoreError> {
        let (room, by, whom) = (room.clone(), by.clone(), whom.clone());
        self.write(move |conn| {
            let all = collect(conn, BLOCKED_BY, [by.as_str()], |row| {
                column::<String>(row, 0)
            })?;
            if all.len() >= BLOCKED_MAX && !all.iter().any(|name| name == whom.as_str()) {
                return Ok(false);
            }
            let sql = "INSERT INTO blocks (room, whom, by) VALUES (?1, ?2, ?3)
                       ON CONFLICT DO NOTHING";
            execute(conn, sql, (room.as_str(), whom.as_str(), by.as_str()))?;
            Ok(true)
        })
        .await
    }

    async fn unblock(&self, room: &RoomName, whom: &Username) -> Result<(), StoreError> {
        let (room, whom) = (room.clone(), whom.clone());
        self.write(move |conn| {
            let sql = "DELETE FROM blocks WHERE room = ?1 AND whom = ?2";
            execute(conn, sql, (room.as_str(), whom.as_str())).map(drop)
        })
        .await
    }

    async fn is_blocked(&self, room: &RoomName, whom: &Username) -> Result<bool, StoreError> {
        let (room, whom) = (room.clone(), whom.clone());
        self.read(move |conn| {
            let key = (room.as_str(), whom.as_str());
            let found = collect(conn, BLOCK, key, |row| column::<String>(row, 0))?;
            Ok(!found.is_empty())
        })
        .await
    }

    async fn blocked_by(&self, by: &Username) -> Result<Vec<Username>, StoreError> {
        let by = by.clone();
        self.read(move |conn| {
            collect(conn, BLOCKED_BY, [by.as_str()], |row| {
                Ok(Username::existing(&column::<String>(row, 0)?))
            })
        })
        .await
    }

    async fn use_quota(
        &self,
        username: &Username,
        kind: &str,
        day: u64,
        limits: QuotaLimits,
    ) -> Result<QuotaUse, StoreError> {
        let (username, kind) = (username.clone(), kind.to_owned());
        self.write(move |conn| {
            let key = (username.as_str(), kind.as_str());
            let found = collect(conn, QUOTA, key, |row| {
                Ok(QuotaCount {
                    day: column(row, 0)?,
                    today: column(row, 1)?,
                    in_all: column(row, 2)?,
                })
            })?;
            let before = found.into_iter().next().unwrap_or_default();
            let after = match before.one_more(day, limits) {
                Ok(after) => after,
                Err(spent) => return Ok(spent),
            };
            let sql = "INSERT INTO quotas (username, kind, day, today, in_all)
                       VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT DO UPDATE SET day = ?3, today = ?4, in_all = ?5";
            let (day, today, in_all) = (bound(after.day), bound(after.today), bound(after.in_all));
            execute(conn, sql, (username.as_str(), kind, day, today, in_all))?;
            Ok(QuotaUse::Counted)
        })
        .await
    }

    async fn remember_network(
        &self,
        username: &Username,
        network: &str,
        now: TimestampMs,
    ) -> Result<(), StoreError> {
        let (username, network) = (username.clone(), network.to_owned());
        self.write(move |conn| {
            let sql = "INSERT INTO known_networks (network, username, used) VALUES (?1, ?2, ?3)
                       ON CONFLICT DO UPDATE SET used = ?3";
            execute(conn, sql, (&network, username.as_str(), bound(now)))?;
            let newer = bound(KNOWN_NETWORKS_MAX as u64);
            let key = (username.as_str(), newer);
            let oldest = collect(conn, OLDEST_NETWORKS, key, |row| column::<String>(row, 0))?;
            for network in oldest {
                let sql = "DELETE FROM known_networks WHERE network = ?1";
                execute(conn, sql, [network])?;
            }
            Ok(())
        })
        .await
    }

    async fn knows_network(&self, network: &str) -> Result<bool, StoreError> {
        let network = network.to_owned();
        self.read(move |conn| {
            let found = collect(conn, KNOWN_NETWORK, [network], |row| column::<i64>(row, 0))?;
            Ok(!found.is_empty())
        })
        .await
    }
}
