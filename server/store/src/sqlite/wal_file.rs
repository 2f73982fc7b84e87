//! Makes room in the -wal file before commits need it.
//!
//! A commit that writes into blocks that the file has already is on the disk after one flush. A
//! commit that lengthens the file waits for the file system's journal too, which takes about ten
//! times as long. So the file is lengthened by a large piece of zeros at a time, and one commit in
//! hundreds pays for it. SQLite reads a -wal file up to the first frame that is not valid, and zeros
//! are no valid frame.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::files::wal_path;

/// Bytes by which the file grows.
const STEP_BYTES: usize = 2 << 20;

/// The file grows once fewer bytes than this are left in it: more than most commits write.
const MARGIN_BYTES: u64 = 256 << 10;

/// Bytes of a page in the file: its content and the frame's header.
const FRAME_BYTES: u64 = 4_096 + 24;

/// Bytes that are written at a time.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The -wal file of one database, for the thread that writes it. Nothing else may write the file.
#[derive(Debug)]
pub(super) struct WalFile {
    path: PathBuf,
    /// The file's bytes when it was lengthened last, or 0 if SQLite may have cut it since.
    len: u64,
    /// Pages in the file at the commit before.
    pages: u32,
}

impl WalFile {
    /// The file of a database.
    pub(super) fn of(database: &Path) -> Self {
        Self {
            path: wal_path(database),
            len: 0,
            pages: 0,
        }
    }

    /// Lengthens the file if the `pages` in it nearly fill it. Call it after a commit.
    ///
    /// # Errors
    /// If the file can't be written, as on a full disk. The next commit meets the same.
    pub(super) fn make_room(&mut self, pages: u32) -> io::Result<()> {
        if pages < self.pages {
            // The file was started over, and SQLite cuts one that is very long then.
            self.len = 0;
        }
        self.pages = pages;
        let used = u64::from(pages) * FRAME_BYTES + MARGIN_BYTES;
        if used <= self.len {
            return Ok(());
        }
        // What is appended never lies on frames that another process has written meanwhile.
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        self.len = file.metadata()?.len();
        if used <= self.len {
            return Ok(());
        }
        let wanted = used + STEP_BYTES as u64 - MARGIN_BYTES;
        while self.len < wanted {
            file.write_all(&ZEROS)?;
            self.len += ZEROS.len() as u64;
        }
        Ok(())
    }

    /// SQLite has cut the file to nothing.
    pub(super) fn was_emptied(&mut self) {
        self.len = 0;
        self.pages = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len(file: &WalFile) -> u64 {
        std::fs::metadata(&file.path).unwrap().len()
    }

    #[test]
    fn the_file_grows_before_it_is_full_and_keeps_what_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = WalFile::of(&dir.path().join("chat.db"));
        std::fs::write(&file.path, [7; 5_000]).unwrap();
        file.make_room(1).unwrap();
        let first = len(&file);
        assert!(first >= STEP_BYTES as u64, "{first}");
        let content = std::fs::read(&file.path).unwrap();
        assert!(content[..5_000].iter().all(|byte| *byte == 7));
        assert!(content[5_000..].iter().all(|byte| *byte == 0));
        let fitting = (first - MARGIN_BYTES) / FRAME_BYTES;
        file.make_room(fitting as u32).unwrap();
        assert_eq!(len(&file), first, "there is room");
        file.make_room(fitting as u32 + 1).unwrap();
        assert!(len(&file) > first, "there is none");
    }

    #[test]
    fn a_file_that_was_emptied_grows_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = WalFile::of(&dir.path().join("chat.db"));
        std::fs::write(&file.path, []).unwrap();
        file.make_room(1).unwrap();
        std::fs::write(&file.path, []).unwrap();
        file.was_emptied();
        file.make_room(1).unwrap();
        assert!(len(&file) >= STEP_BYTES as u64);
    }
}
