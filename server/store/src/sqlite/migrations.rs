//! The schema's versions, as SQLite's `user_version` has them.

use rusqlite::{Connection, TransactionBehavior};

/// Migration n brings a database of version n−1 to version n. One that was released never changes.
const MIGRATIONS: [&str; 9] = [
    include_str!("migrations/0001_log_and_accounts.sql"),
    include_str!("migrations/0002_conversations.sql"),
    include_str!("migrations/0003_sessions_and_versions.sql"),
    include_str!("migrations/0004_message_states.sql"),
    include_str!("migrations/0005_policies.sql"),
    include_str!("migrations/0006_codes.sql"),
    include_str!("migrations/0007_admins.sql"),
    include_str!("migrations/0008_account_states.sql"),
    include_str!("migrations/0009_audit.sql"),
];

/// The version of a database that all migrations were applied to.
pub(super) const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

pub(super) enum Migrated {
    /// The database has this binary's version.
    Current,
    /// A newer binary made it; nothing was changed.
    TooNew { found: u32, known: u32 },
}

/// Brings the database to this binary's version, each step in a transaction of its own.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<Migrated> {
    let found: u32 = conn.pragma_query_one(None, "user_version")?;
    let steps = (1u32..).zip(MIGRATIONS);
    if found > SCHEMA_VERSION {
        let known = SCHEMA_VERSION;
        return Ok(Migrated::TooNew { found, known });
    }
    for (version, sql) in steps.filter(|(version, _)| *version > found) {
        let step = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(sql)?;
        step.pragma_update(None, "user_version", version)?;
        step.commit()?;
    }
    Ok(Migrated::Current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sqlite/migrations");
        let mut files: Vec<_> = std::fs::read_dir(dir)
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        files.sort();
        let texts: Vec<_> = files
            .iter()
            .map(|f| std::fs::read_to_string(f).unwrap())
            .collect();
        assert_eq!(texts, MIGRATIONS);
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE claims (foreign_one TEXT)")
            .unwrap();
        assert!(migrate(&mut conn).is_err());
        assert_eq!(
            conn.pragma_query_one::<u32>(None, "user_version").unwrap(),
            0
        );
        let tables: u32 = conn
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 1);
    }
}
