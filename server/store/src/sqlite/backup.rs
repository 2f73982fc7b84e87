//! Backups for an operator: copied beside a server that runs, verified, and put back.
//!
//! A backup is one SQLite file in the state of a single moment. To put one back, [`Restore::stage`]
//! copies it into a directory inside the data directory, the caller changes what must differ from
//! the original, and [`Restore::finish`] moves it into place. Until then, the data directory has no
//! database, so that no server starts on a copy that is half done.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tempfile::{NamedTempFile, TempDir};

use super::SqliteStore;
use super::files::wal_path;
use super::open::{BUSY_TIMEOUT, DATABASE_FILE, OpenDir, OpenError};

/// Suffixes of the files that SQLite keeps beside a database. It would read those of an earlier
/// database as part of a restored one.
const COMPANIONS: [&str; 3] = ["", "-wal", "-journal"];

/// Pages that a backup copies in one step: all of them. Copying in several steps begins again at
/// every write of a server, so that it would not end while people talk.
const ALL_PAGES: i32 = -1;

/// Why a backup can't be made or put back. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The data directory has no database.
    #[error(
        "There is no database in the data directory {}. Name the server's directory with \
         --data-dir.", .dir.display()
    )]
    NoDatabase {
        /// The data directory.
        dir: PathBuf,
    },
    /// The backup's file exists, and may be an earlier backup.
    #[error("{} exists already. Name a file that does not.", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The data directory to restore into is in use.
    #[error(
        "{} exists already. Move the database out of the data directory, or name another directory \
         with --data-dir.", .path.display()
    )]
    Occupied {
        /// The file in the way.
        path: PathBuf,
    },
    /// The copy can't be written.
    #[error("{} can't be written: {reason}. Nothing was kept of the copy.", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of SQLite or the operating system.
        reason: String,
    },
    /// The file to copy can't be read, is damaged, or is no database of a server.
    #[error("{} can't be used as a database: {reason}.", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The fault that was found.
        reason: String,
    },
    /// The data directory can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Copies the database in `dir` to the new file `to`, whether a server uses it or not, verifies the
/// copy, and returns its size in bytes.
///
/// It blocks. The copy has everything that was acknowledged before the call.
///
/// # Errors
/// [`BackupError`]; `to` does not exist then, unless it did before.
pub fn back_up(dir: &Path, to: &Path) -> Result<u64, BackupError> {
    let from = dir.join(DATABASE_FILE);
    if !from.exists() {
        return Err(BackupError::NoDatabase { dir: dir.into() });
    }
    if to.exists() {
        return Err(BackupError::Exists { path: to.into() });
    }
    let parent = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Its name is random, its owner alone can read it, and it goes away with an error.
    let partial = NamedTempFile::new_in(parent).map_err(|error| unwritable(to, error))?;
    copy(&from, partial.path()).map_err(|error| error.between(&from, to))?;
    verify(partial.path()).map_err(|reason| unwritable(to, reason))?;
    let file = partial
        .persist_noclobber(to)
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists { path: to.into() },
            _ => unwritable(to, error.error),
        })?;
    sync_directory(parent).map_err(|error| unwritable(to, error))?;
    Ok(file.metadata().map_or(0, |metadata| metadata.len()))
}

/// A backup on its way into a data directory, which no server can use meanwhile.
#[derive(Debug)]
pub struct Restore {
    dir: PathBuf,
    staging: TempDir,
    _lock: File,
}

impl Restore {
    /// Verifies the backup `from` and copies it beside its place in the data directory `dir`, which
    /// must have no database.
    ///
    /// It blocks.
    ///
    /// # Errors
    /// [`BackupError`]; the data directory is unchanged then.
    pub fn stage(from: &Path, dir: &Path) -> Result<Self, BackupError> {
        let (_, lock) = OpenDir::lock_unused(dir)?;
        for companion in COMPANIONS {
            let path = dir.join(format!("{DATABASE_FILE}{companion}"));
            if path.metadata().is_ok_and(|file| file.len() > 0) {
                return Err(BackupError::Occupied { path });
            }
        }
        let staging = tempfile::Builder::new()
            .prefix("restore-")
            .tempdir_in(dir)
            .map_err(|error| unwritable(dir, error))?;
        let copied = staging.path().join(DATABASE_FILE);
        copy(from, &copied).map_err(|error| error.between(from, dir))?;
        verify(&copied).map_err(|reason| unusable(from, reason))?;
        Ok(Self {
            dir: dir.into(),
            staging,
            _lock: lock,
        })
    }

    /// Opens the copy as a store, so that it can be changed before it is in place. Close it before
    /// [`Restore::finish`].
    ///
    /// # Errors
    /// [`OpenError`], as when a newer server made the backup.
    pub fn open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(self.staging.path())
    }

    /// Moves the copy, which is closed, into place.
    ///
    /// # Errors
    /// [`BackupError`]; the data directory has no database then.
    pub fn finish(self) -> Result<(), BackupError> {
        let Self {
            dir,
            staging,
            _lock,
        } = self;
        let (copied, place) = (staging.path().join(DATABASE_FILE), dir.join(DATABASE_FILE));
        if wal_path(&copied).exists() {
            return Err(unwritable(&place, "the copy is still open"));
        }
        std::fs::rename(copied, &place)
            .and_then(|()| sync_directory(&dir))
            .map_err(|error| unwritable(&place, error))
    }
}

/// Which side of a copy failed, and why.
enum CopyError {
    Read(String),
    Write(String),
}

impl CopyError {
    /// The error of a copy `from` one place `to` another.
    fn between(self, from: &Path, to: &Path) -> BackupError {
        match self {
            Self::Read(reason) => unusable(from, reason),
            Self::Write(reason) => unwritable(to, reason),
        }
    }
}

/// Copies a server's database as it is at one moment, with what its -wal file holds, into one file.
fn copy(from: &Path, to: &Path) -> Result<(), CopyError> {
    let read = |error: rusqlite::Error| CopyError::Read(error.to_string());
    let write = |error: rusqlite::Error| CopyError::Write(error.to_string());
    let source = open_to_read(from).map_err(read)?;
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('events', 'claims')";
    let tables: u32 = source.query_row(sql, [], |row| row.get(0)).map_err(read)?;
    if tables < 2 {
        return Err(CopyError::Read("no chat-server made it".to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags).map_err(write)?;
    let backup = Backup::new(&source, &mut target).map_err(write)?;
    match backup.step(ALL_PAGES).map_err(write)? {
        StepResult::Done => {}
        _ => return Err(CopyError::Read("another program holds its lock".to_owned())),
    }
    drop(backup);
    // The original's mode is in its header. In this one, the file alone is the database.
    target
        .query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
        .map_err(write)?;
    target.close().map_err(|(_, error)| write(error))
}

/// Checks that every page can be read and that indexes agree with their tables.
fn verify(database: &Path) -> Result<(), String> {
    let check = |conn: Connection| {
        conn.query_row("PRAGMA integrity_check(1)", [], |row| {
            row.get::<_, String>(0)
        })
    };
    match open_to_read(database).and_then(check) {
        Ok(found) if found == "ok" => Ok(()),
        Ok(found) => Err(found),
        Err(error) => Err(error.to_string()),
    }
}

fn open_to_read(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    Ok(conn)
}

fn unwritable(path: &Path, reason: impl std::fmt::Display) -> BackupError {
    BackupError::Write {
        path: path.into(),
        reason: reason.to_string(),
    }
}

fn unusable(path: &Path, reason: String) -> BackupError {
    BackupError::Unusable {
        path: path.into(),
        reason,
    }
}

/// Makes a new name in a directory outlast a power failure.
fn sync_directory(dir: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(dir)?.sync_all(),
        false => Ok(()),
    }
}
