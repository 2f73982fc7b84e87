//! A process that only commits rows like those of the server's log.
//!
//! It reads lines of `ROWS MILLISECONDS` and answers each with `ROWS_A_SECOND COMMIT_P99_MS`.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use chat_server_rules::EventBody;
use chat_server_store::sqlite::SqliteStore;
use rusqlite::{Connection, TransactionBehavior, params};
use tempfile::TempDir;

use super::chat::{MESSAGE, Site};
use super::child::Measured;
use super::stats::quantile;

/// Name of the hidden subcommand.
pub(crate) const SUBCOMMAND: &str = "commit-loop";

/// The server's database file, whose tables are used.
const DATABASE_FILE: &str = "chat.db";

/// The name of the server's database file.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL;
     PRAGMA synchronous = FULL;
     PRAGMA fullfsync = ON;
     PRAGMA checkpoint_fullfsync = ON;
     PRAGMA foreign_keys = ON;
     PRAGMA secure_delete = ON;
     PRAGMA journal_size_limit = 67108864;";

const INSERT: &str =
    "INSERT INTO events (room, seq, ts, id, sender, nonce, messages, is_message, body)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const ROOMS: usize = 8;

#[derive(Debug)]
pub(crate) struct Commits {
    process: Measured,
    _data: TempDir,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Committed {
    pub(crate) rows_a_second: f64,
    pub(crate) commit_p99_ms: f64,
}

impl Commits {
    pub(crate) fn start(site: &Site) -> anyhow::Result<Self> {
        let data = site.temporary_directory()?;
        // The tables are created by the store's own code.
        drop(SqliteStore::open(data.path())?);
        let directory = data.path().to_str().context("a directory's name")?;
        let process = Measured::start_self(&[SUBCOMMAND, directory])?;
        Ok(Self {
            process,
            _data: data,
        })
    }

    pub(crate) fn round(&mut self, rows: usize, round: Duration) -> anyhow::Result<Committed> {
        self.process
            .tell(&format!("{rows} {}", round.as_millis()))?;
        self.process.wait_line(round * 10, |line| {
            let (rate, p99) = line.split_once(' ')?;
            Some(Committed {
                rows_a_second: rate.parse().ok()?,
                commit_p99_ms: p99.parse().ok()?,
            })
        })
    }
}

/// Runs the process that is measured.
pub(crate) fn run_loop(directory: &Path) -> anyhow::Result<()> {
    let mut conn = Connection::open(directory.join(DATABASE_FILE))?;
    conn.execute_batch(PRAGMAS)?;
    let mut seq = 0;
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (rows, ms) = line.split_once(' ').context("ROWS MILLISECONDS")?;
        let round = Duration::from_millis(ms.parse()?);
        let done = commit_for(&mut conn, rows.parse()?, round, &mut seq)?;
        writeln!(out, "{} {}", done.rows_a_second, done.commit_p99_ms)?;
        out.flush()?;
    }
    Ok(())
}

fn commit_for(
    conn: &mut Connection,
    rows: usize,
    round: Duration,
    seq: &mut u64,
) -> anyhow::Result<Committed> {
    let body = serde_json::to_string(&EventBody::Message {
        text: MESSAGE.to_owned(),
        reply_to: None,
        bot: false,
        mentions: Vec::new(),
    })?;
    let started = Instant::now();
    let mut commits = Vec::new();
    while started.elapsed() < round {
        let begun = Instant::now();
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for n in 0..rows {
            *seq += 1;
            let ts = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
            transaction.prepare_cached(INSERT)?.execute(params![
                format!("room-{}", n % ROOMS),
                *seq,
                ts,
                format!("{seq:032x}"),
                format!("u{n:05}"),
                format!("n{seq}"),
                *seq,
                true,
                body,
            ])?;
        }
        transaction.commit()?;
        commits.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Committed {
        rows_a_second: (commits.len() * rows) as f64 / started.elapsed().as_secs_f64(),
        commit_p99_ms: quantile(&commits, 0.99).context("nothing was committed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_the_servers_tables() {
        let dir = tempfile::tempdir().unwrap();
        drop(SqliteStore::open(dir.path()).unwrap());
        let mut conn = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
        conn.execute_batch(PRAGMAS).unwrap();
        let mut seq = 0;
        let done = commit_for(&mut conn, 10, Duration::from_millis(20), &mut seq).unwrap();
        let rows: u64 = conn
            .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
            .unwrap();
        assert_eq!((rows, rows % 10), (seq, 0));
        assert!(rows > 0 && done.rows_a_second > 0.0 && done.commit_p99_ms > 0.0);
    }

    #[test]
    fn the_pragmas_are_the_servers() {
        let server = include_str!("../../../server/store/src/sqlite/open.rs");
        for pragma in PRAGMAS
            .lines()
            .map(|line| line.trim().trim_end_matches(';'))
        {
            assert!(server.contains(pragma), "{pragma}");
        }
    }
}
