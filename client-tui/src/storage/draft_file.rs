//! The file in which one running instance keeps its drafts and unsent messages.
//!
//! Several instances of one user may run at a time, so each has a file of its own and holds a lock
//! as long as it runs. An instance that starts adopts the files of instances that have ended, also
//! of those that were killed: it merges them into its own file and removes them. A file whose lock
//! is held belongs to a running instance and is left alone.
//!
//! ```text
//! drafts/SERVER~USER~ID.json   what instance ID keeps; absent if it keeps nothing
//! drafts/SERVER~USER.json      the file of versions that knew one instance only; adopted
//! locks/SERVER~USER~ID.lock    locked while instance ID runs
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chat_shared::client::ServerUrl;

use super::{Storage, file_name, make_private_dir, read_up_to, remove};
use crate::messages::program as messages;
use crate::state::Saved;

/// The largest file of drafts and unsent messages, in bytes: as much as the SDK holds.
const SAVED_BYTES_MAX: u64 = 32 << 20;

/// The drafts and unsent messages of one running instance.
#[derive(Debug)]
pub(crate) struct DraftFile {
    storage: Storage,
    path: PathBuf,
    lock_path: PathBuf,
    /// Locked until the instance ends.
    _lock: File,
}

/// The files that an instance finds when it starts.
#[derive(Debug, Default)]
pub(crate) struct Adopted {
    pub(crate) saved: Saved,
    /// Sentences about files that could not be read; they stay where they are.
    pub(crate) warnings: Vec<String>,
}

impl Storage {
    /// Opens this instance's file and adopts the files of instances that have ended.
    pub(crate) fn open_drafts(
        &self,
        server: &ServerUrl,
        user: &str,
    ) -> anyhow::Result<(DraftFile, Adopted)> {
        let name = format!("{}~{}", file_name(&server.to_string()), file_name(user));
        let (drafts, locks) = (self.dir.join("drafts"), self.dir.join("locks"));
        let create = || -> io::Result<(File, PathBuf)> {
            make_private_dir(&self.dir)?;
            make_private_dir(&drafts)?;
            make_private_dir(&locks)?;
            let lock = tempfile::Builder::new()
                .prefix(&format!("{name}~"))
                .suffix(".lock")
                .tempfile_in(&locks)?;
            let (lock, path) = lock.keep().map_err(|error| error.error)?;
            // Where locks are not supported, every instance adopts every file, as if alone.
            let _ = lock.try_lock();
            Ok((lock, path))
        };
        let (lock, lock_path) = create().with_context(|| messages::cant_write(&locks))?;
        let stem = lock_path.file_stem().unwrap_or_default().to_string_lossy();
        let file = DraftFile {
            storage: self.clone(),
            path: drafts.join(format!("{stem}.json")),
            lock_path,
            _lock: lock,
        };
        let adopted = file.adopt(&name)?;
        Ok((file, adopted))
    }
}

impl DraftFile {
    /// Replaces the file's content. Not synced to disk, because it is written often.
    pub(crate) fn save(&self, saved: &Saved) -> anyhow::Result<()> {
        self.write(saved, false)
    }

    fn write(&self, saved: &Saved, durably: bool) -> anyhow::Result<()> {
        if saved.is_empty() {
            return remove(&self.path);
        }
        let text = serde_json::to_string(saved)?;
        self.storage.write_to(&self.path, &text, durably)
    }

    /// Merges the files of ended instances into this one's, and only then removes them.
    fn adopt(&self, name: &str) -> anyhow::Result<Adopted> {
        let mut adopted = Adopted::default();
        let mut done = Vec::new();
        for (path, lock_path) in self.others(name)? {
            let Some(lock) = lock_of_ended(&lock_path) else {
                continue;
            };
            match read_saved(&path) {
                Ok(saved) => {
                    adopted.saved.merge(saved);
                    done.push((path, lock_path, lock));
                }
                Err(error) => adopted.warnings.push(messages::sentence(&error)),
            }
        }
        if !done.is_empty() {
            self.write(&adopted.saved, true)?;
        }
        for (path, lock_path, _lock) in &done {
            remove(path)?;
            remove(lock_path)?;
        }
        Ok(adopted)
    }

    /// The files of this user's other instances with the paths of their locks, in a stable order.
    fn others(&self, name: &str) -> anyhow::Result<Vec<(PathBuf, PathBuf)>> {
        let drafts = self.path.parent().unwrap_or(&self.storage.dir);
        let locks = self.lock_path.parent().unwrap_or(&self.storage.dir);
        let list = || -> io::Result<Vec<PathBuf>> {
            let paths = fs::read_dir(drafts)?.map(|entry| entry.map(|entry| entry.path()));
            paths.collect()
        };
        let mut paths = list().with_context(|| messages::cant_read(drafts))?;
        paths.sort();
        let of_user = |path: &PathBuf| {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let id = stem.and_then(|stem| stem.strip_prefix(name));
            let is_json = path.extension().is_some_and(|ending| ending == "json");
            is_json
                && *path != self.path
                && id.is_some_and(|id| id.is_empty() || id.starts_with('~'))
        };
        let found = paths.into_iter().filter(of_user).map(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let lock = locks.join(format!("{stem}.lock"));
            (path, lock)
        });
        Ok(found.collect())
    }
}

/// The lock releases itself with the process; its file is removed so that none is left behind.
impl Drop for DraftFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// Takes the lock of an instance; `None` if the instance still runs.
fn lock_of_ended(path: &Path) -> Option<File> {
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .ok()?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => None,
        Ok(()) | Err(TryLockError::Error(_)) => Some(lock),
    }
}

fn read_saved(path: &Path) -> anyhow::Result<Saved> {
    let read = || -> anyhow::Result<Saved> {
        let Some(text) = read_up_to(path, SAVED_BYTES_MAX)? else {
            // Another instance adopted it, or it belongs to another program.
            return Ok(Saved::default());
        };
        let saved: Saved = serde_json::from_str(&text)?;
        anyhow::ensure!(saved.is_readable(), messages::WRITTEN_BY_NEWER);
        Ok(saved)
    };
    read().with_context(|| messages::cant_read_drafts(path))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chat_shared::{Nonce, RoomName, Username};

    use super::*;
    use crate::state::{Chat, Editor, Pending};

    fn server() -> ServerUrl {
        ServerUrl::parse("http://127.0.0.1:8000").unwrap()
    }

    fn storage(home: &tempfile::TempDir) -> Storage {
        Storage {
            dir: home.path().join("chat-tui"),
        }
    }

    fn saved(draft: &str, waiting: &str) -> Saved {
        let mut chat = Chat::new(Username::existing("ann"));
        let room = chat.room_or_new(&RoomName::lobby());
        room.input = Editor::with_text(draft);
        if !waiting.is_empty() {
            room.pending.push(Pending {
                nonce: Nonce::parse(&format!("n-{waiting}")).unwrap(),
                ts: 1,
                text: waiting.to_owned(),
                reply_to: None,
                state: Default::default(),
            });
        }
        Saved::of(&chat)
    }

    /// Every text that is kept.
    fn texts(saved: Saved) -> BTreeSet<String> {
        let mut chat = Chat::new(Username::existing("ann"));
        saved.restore(&mut chat);
        let room = chat.room(&RoomName::lobby()).unwrap();
        let below = room.below.iter().map(|draft| draft.input.text().to_owned());
        let pending = room.pending.iter().map(|line| line.text.clone());
        let all = below.chain(pending).chain([room.input.text().to_owned()]);
        all.filter(|text| !text.is_empty()).collect()
    }

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn two_instances_of_one_user_lose_nothing_of_each_other() {
        let home = tempfile::tempdir().unwrap();
        let storage = storage(&home);
        let open = || storage.open_drafts(&server(), "ann").unwrap();
        let (first, _) = open();
        first.save(&saved("half a", "m1")).unwrap();
        let (second, adopted) = open();
        assert_eq!(texts(adopted.saved), set(&[]), "the first one still runs");
        second.save(&saved("half b", "m2")).unwrap();
        // One whose text is sent must not remove what the other keeps.
        second.save(&Saved::default()).unwrap();
        second.save(&saved("half b", "m2")).unwrap();
        drop((first, second));
        let (third, adopted) = open();
        let all = set(&["half a", "half b", "m1", "m2"]);
        assert_eq!(texts(adopted.saved), all);
        // It is kept by the third, should that be killed at once.
        drop(third);
        assert_eq!(texts(open().1.saved), all);
    }

    #[test]
    fn the_single_file_of_earlier_versions_is_adopted() {
        let home = tempfile::tempdir().unwrap();
        let storage = storage(&home);
        let drafts = storage.dir.join("drafts");
        fs::create_dir_all(&drafts).unwrap();
        let old = drafts.join("http_3a_2f_2f127.0.0.1_3a8000~ann.json");
        let text = r#"{"drafts":{"lobby":"half"},"outbox":[{"room":"lobby","nonce":"n-1","ts":1,"text":"m1","failed":"You are muted."}]}"#;
        fs::write(&old, text).unwrap();
        let (_file, adopted) = storage.open_drafts(&server(), "ann").unwrap();
        assert_eq!(texts(adopted.saved), set(&["half", "m1"]));
        assert!(!old.exists());
        assert!(texts(storage.open_drafts(&server(), "bob").unwrap().1.saved).is_empty());
    }

    #[test]
    fn a_newer_file_is_refused_and_stays() {
        let home = tempfile::tempdir().unwrap();
        let storage = storage(&home);
        let drafts = storage.dir.join("drafts");
        fs::create_dir_all(&drafts).unwrap();
        let newer = drafts.join("http_3a_2f_2f127.0.0.1_3a8000~ann~x.json");
        fs::write(&newer, r#"{"version":99,"drafts":{"lobby":"half"}}"#).unwrap();
        let (_file, adopted) = storage.open_drafts(&server(), "ann").unwrap();
        assert!(adopted.warnings.concat().contains("newer"), "{adopted:?}");
        assert!(newer.exists());
    }
}
