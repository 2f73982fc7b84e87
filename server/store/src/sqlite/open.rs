//! From a directory to connections: its lock, its database file, its settings, its version.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::migrations::{Migrated, migrate};

/// The database in the data directory.
pub(super) const DATABASE_FILE: &str = "chat.db";
const LOCK_FILE: &str = "chat.lock";

/// How long a statement waits for another process, an operator's `sqlite3` say.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared; more than there are.
const STATEMENTS_KEPT: usize = 64;

/// Why the store can't be opened. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the directory.
    #[error(
        "Another chat-server uses the data directory {}. Stop it first, or give this one a \
         directory of its own with --data-dir.", .dir.display()
    )]
    Held {
        /// The data directory.
        dir: PathBuf,
    },
    /// The directory can't be created, read or written.
    #[error(
        "The data directory {} can't be used: {reason}. Let this user write there, or name \
         another with --data-dir.", .dir.display()
    )]
    Directory {
        /// The data directory.
        dir: PathBuf,
        /// The error of SQLite or the operating system.
        reason: String,
    },
    /// A newer chat-server wrote the database.
    #[error(
        "The database {} was made by a newer chat-server: it has version {found} and this one \
         knows {known}. Start the newer one, or name another directory with --data-dir.",
        .path.display()
    )]
    TooNew {
        /// The database's file.
        path: PathBuf,
        /// The version in the database.
        found: u32,
        /// The newest version that this server reads.
        known: u32,
    },
    /// The file is empty in a directory that was in use, so that its data was lost.
    #[error(
        "The database {} is empty, but its directory was used before. Put back a backup of it, or \
         delete the empty file to start without data.", .path.display()
    )]
    Emptied {
        /// The database's file.
        path: PathBuf,
    },
    /// The file is not a database that can be read.
    #[error(
        "The database {} can't be read: {reason}. Put back a backup of it, or name another \
         directory with --data-dir.", .path.display()
    )]
    Corrupt {
        /// The database's file.
        path: PathBuf,
        /// The error of SQLite or the operating system.
        reason: String,
    },
}

/// A data directory that is this process's alone.
pub(super) struct OpenDir<'a> {
    dir: &'a Path,
    database: PathBuf,
}

impl<'a> OpenDir<'a> {
    /// Creates the directory if there is none, and takes its lock. Dropping the file releases it.
    pub(super) fn lock(dir: &'a Path) -> Result<(Self, File), OpenError> {
        let was_used = dir.join(LOCK_FILE).exists();
        let (open, lock) = Self::lock_unused(dir)?;
        if was_used && is_empty_file(&open.database) {
            let path = open.database;
            return Err(OpenError::Emptied { path });
        }
        Ok((open, lock))
    }

    /// As [`OpenDir::lock`], but the database may be empty in a directory that was in use.
    pub(super) fn lock_unused(dir: &'a Path) -> Result<(Self, File), OpenError> {
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

    /// The database's file.
    pub(super) fn database(&self) -> &Path {
        &self.database
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
        // A commit is on the disk before it is answered. fullfsync is for macOS, whose fsync leaves
        // data in the drive's cache.
        conn.execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON;
             PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(|error| self.failed(&error))?;
        match migrate(&mut conn).map_err(|error| self.failed(&error))? {
            Migrated::Current => {
                // A text that was blanked before a crash is in the database file until then. An error
                // is met again by the next write.
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

    /// A connection that moves pages into the database file and writes nothing else. The writer's
    /// comes first.
    pub(super) fn checkpointer(&self) -> Result<Connection, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = self.connect(flags)?;
        conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON;")
            .map_err(|error| self.failed(&error))?;
        Ok(conn)
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

/// Whether it is a file of no bytes, as a restore that failed leaves it.
fn is_empty_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0)
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
