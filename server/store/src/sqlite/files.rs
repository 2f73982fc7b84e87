//! Notices that the database's files were removed or replaced while they are open.
//!
//! The system lets a program write to a file that has no name any more, and all of that is gone
//! when it closes the file.

use std::path::{Path, PathBuf};

use crate::StoreError;

/// The files of an open database, and which files they were when it was opened.
#[derive(Debug)]
pub(super) struct Files(Vec<(PathBuf, FileId)>);

impl Files {
    /// Remembers the files of an open database: its own, and its write-ahead log.
    pub(super) fn of(database: &Path) -> Self {
        let files = [database.to_owned(), wal_path(database)];
        let known = files.into_iter().filter_map(|path| {
            let id = file_id(&path)?;
            Some((path, id))
        });
        Self(known.collect())
    }

    /// # Errors
    /// [`StoreError::Unavailable`] where one of them is not at its place any more.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let gone = |(path, id): &&(PathBuf, FileId)| file_id(path).as_ref() != Some(id);
        match self.0.iter().find(gone) {
            None => Ok(()),
            Some((path, _)) => Err(StoreError::Unavailable(format!(
                "{} was removed or replaced while the server runs; put it back, or stop the server, \
                 put back a backup, and start it",
                path.display()
            ))),
        }
    }
}

/// The -wal file of a database, by the name that SQLite gives it.
pub(super) fn wal_path(database: &Path) -> PathBuf {
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    wal.into()
}

/// Device and inode.
#[cfg(unix)]
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere a file that is open can be neither removed nor replaced.
#[cfg(not(unix))]
type FileId = ();

#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}
