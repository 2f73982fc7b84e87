//! From a directory to connections: its lock, its database file, its settings, its version.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::migrations::{Migrated, migrate};

const DATABASE_FILE: &str = "chat.db";
const LOCK_FILE: &str = "chat.lock";

/// How long a statement waits for another process, an operator's `sqlite3` say.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared; more than there are.
const STATEMENTS_KEPT: usize = 64;

/// Why the store can't be opened. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "Another chat-server uses the data directory {}. Stop it first, or give this one a \
         directory of its own with --data-dir.", .dir.display()
    )]
    Held { dir: PathBuf },
    #[error(
        "The data directory {} can't be used: {reason}. Let this user write there, or name \
         another with --data-dir.", .dir.display()
    )]
    Directory { dir: PathBuf, reason: String },
    #[error(
        "The database {} was made by a newer chat-server: it has version {found} and this one \
         knows {known}. Start the newer one, or name another directory with --data-dir.",
        .path.display()
    )]
    TooNew {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error(
        "The database {} can't be read: {reason}. Put back a backup of it, or name another \
         directory with --data-dir.", .path.display()
    )]
    Corrupt { path: PathBuf, reason: String },
}

/// A data directory that is this process's alone.
pub(super) struct OpenDir<'a> {
    dir: &'a Path,
    database: PathBuf,
}

impl<'a> OpenDir<'a> {
    /// Makes the directory where there is none, and takes its lock. Who drops the file gives the
    /// lock back.
    pub(super) fn lock(dir: &'a Path) -> Result<(Self, File), OpenError> {
        let open = Self {
            dir,
            database: dir.join(DATABASE_FILE),
        };
        make_dir(dir).map_err(|error| open.unusable(&error))?;
        let lock = make_file(&dir.join(LOCK_FILE)).map_err(|error| open.unusable(&error))?;
        match lock.try_lock() {
            Ok(()) => Ok((open, lock)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Held { dir: dir.into() }),
            Err(TryLockError::Error(error)) => Err(open.unusable(&error)),
        }
    }

    /// The connection that writes, its database at this binary's version.
    pub(super) fn writer(&self) -> Result<Connection, OpenError> {
        // SQLite would make it with the umask's permissions, and gives its -wal and -shm the same.
        make_file(&self.database).map_err(|error| self.unusable(&error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = self.connect(flags)?;
        let mode: String = conn
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(|error| self.failed(&error))?;
        if mode != "wal" {
            return Err(self.unusable(&"its file system can't share memory (SQLite's WAL)"));
        }
        conn.execute_batch(synchronous())
            .map_err(|error| self.failed(&error))?;
        // fullfsync is for macOS, whose fsync leaves data in the drive's cache.
        conn.execute_batch(
            "PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON;
             PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(|error| self.failed(&error))?;
        match migrate(&mut conn).map_err(|error| self.failed(&error))? {
            Migrated::Current => {
                // A text that was blanked before a crash is in the database file until then. What
                // stands in the way is found again when something is written.
                let _ = conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
                Ok(conn)
            }
            Migrated::TooNew { found, known } => Err(OpenError::TooNew {
                path: self.database.clone(),
                found,
                known,
            }),
        }
    }

    /// A connection that reads. The writer's comes first.
    pub(super) fn reader(&self) -> Result<Connection, OpenError> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, OpenError> {
        let conn = Connection::open_with_flags(&self.database, flags)
            .map_err(|error| self.failed(&error))?;
        conn.busy_timeout(BUSY_TIMEOUT)
            .map_err(|error| self.failed(&error))?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(conn)
    }

    pub(super) fn unusable(&self, reason: &dyn std::fmt::Display) -> OpenError {
        OpenError::Directory {
            dir: self.dir.into(),
            reason: reason.to_string(),
        }
    }

    fn failed(&self, error: &rusqlite::Error) -> OpenError {
        use ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, FileLockingProtocolFailed,
            OutOfMemory, PermissionDenied, ReadOnly, SystemIoFailure,
        };
        match error.sqlite_error_code() {
            Some(
                CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | FileLockingProtocolFailed
                | OutOfMemory
                | PermissionDenied
                | ReadOnly
                | SystemIoFailure,
            ) => self.unusable(error),
            _ => OpenError::Corrupt {
                path: self.database.clone(),
                reason: error.to_string(),
            },
        }
    }
}

/// A commit is on the disk before it is answered. A debug build can be told to break that, so that
/// the test that watches for it is seen to fail; no other build can.
fn synchronous() -> &'static str {
    #[cfg(debug_assertions)]
    if std::env::var_os("CHAT_TEST_SYNCHRONOUS_OFF").is_some() {
        return "PRAGMA synchronous = OFF";
    }
    "PRAGMA synchronous = FULL"
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn make_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
