//! Files that outlive a run, readable by their owner alone.
//!
//! For each server and user there is a session token, and the drafts and messages that are not
//! stored yet; one more file names the server and user of the last run. Each file is replaced as a
//! whole.

mod draft_file;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use chat_shared::client::ServerUrl;
pub(crate) use draft_file::{Adopted, DraftFile};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::messages::program as messages;

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The longest file name, in characters, before a hash replaces its end.
const FILE_NAME_CHARS_MAX: usize = 150;

#[derive(Debug, Clone)]
pub(crate) struct Storage {
    dir: PathBuf,
}

/// The server and the user of the last run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastUsed {
    pub(crate) server: Option<String>,
    pub(crate) user: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SavedSignIn {
    server: String,
    user: String,
    token: String,
}

impl Storage {
    /// Opens the state directory that the XDG specification names, on every system.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let base = etcetera::base_strategy::Xdg::new().context(messages::NO_HOME)?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Ok(Self {
            dir: state.join("chat-tui"),
        })
    }

    pub(crate) fn last_used(&self) -> LastUsed {
        let text = read(&self.dir.join("last.json")).ok().flatten();
        text.and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Returns the token of a saved sign-in.
    pub(crate) fn token(&self, server: &ServerUrl, user: &str) -> anyhow::Result<Option<String>> {
        let path = self.path(server, user);
        let text = read(&path).with_context(|| messages::cant_read(&path))?;
        let session = text.and_then(|text| serde_json::from_str::<SavedSignIn>(&text).ok());
        let ours = session.filter(|s| s.server == server.to_string() && s.user == user);
        Ok(ours.map(|session| session.token))
    }

    pub(crate) fn save(&self, server: &ServerUrl, user: &str, token: &str) -> anyhow::Result<()> {
        let session = SavedSignIn {
            server: server.to_string(),
            user: user.to_owned(),
            token: token.to_owned(),
        };
        let path = self.path(server, user);
        self.write(&path, &serde_json::to_string(&session)?)?;
        self.remember(server, user)
    }

    pub(crate) fn remember(&self, server: &ServerUrl, user: &str) -> anyhow::Result<()> {
        let last = LastUsed {
            server: Some(server.to_string()),
            user: Some(user.to_owned()),
        };
        if self.last_used() == last {
            return Ok(());
        }
        self.write(&self.dir.join("last.json"), &serde_json::to_string(&last)?)
    }

    pub(crate) fn forget(&self, server: &ServerUrl, user: &str) -> anyhow::Result<()> {
        remove(&self.path(server, user))
    }

    fn path(&self, server: &ServerUrl, user: &str) -> PathBuf {
        let name = format!("{}~{}", file_name(&server.to_string()), file_name(user));
        self.dir.join("sessions").join(format!("{name}.json"))
    }

    fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        self.write_to(path, text, true)
    }

    fn write_to(&self, path: &Path, text: &str, durably: bool) -> anyhow::Result<()> {
        let dir = path.parent().unwrap_or(&self.dir);
        let write = || -> io::Result<()> {
            make_private_dir(&self.dir)?;
            make_private_dir(dir)?;
            // `tempfile` creates the file with mode 600.
            let mut file = tempfile::NamedTempFile::new_in(dir)?;
            file.write_all(text.as_bytes())?;
            if durably {
                file.as_file().sync_all()?;
            }
            file.persist(path)?;
            Ok(())
        };
        write().with_context(|| messages::cant_write(path))
    }
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    if fs::metadata(dir)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| messages::cant_remove(path))
        }
        _ => Ok(()),
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    read_up_to(path, FILE_BYTES_MAX)
}

fn read_up_to(path: &Path, bytes_max: u64) -> io::Result<Option<String>> {
    match fs::metadata(path) {
        Ok(file) if file.len() > bytes_max => Ok(None),
        Ok(_) => fs::read_to_string(path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes `text` a part of a file name, a different one for each text even on file systems that fold
/// case: every byte but lower case letters, digits, `.` and `-` becomes `_` and its hexadecimal
/// number.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => name.push(char::from(byte)),
            _ => name.push_str(&format!("_{byte:02x}")),
        }
    }
    if name.len() > FILE_NAME_CHARS_MAX / 2 {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        name.truncate(FILE_NAME_CHARS_MAX / 2 - 17);
        name.push_str(&format!("_{hash:016x}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> ServerUrl {
        ServerUrl::parse("http://127.0.0.1:8000").unwrap()
    }

    #[test]
    fn a_token_is_kept_for_its_server_and_user() {
        let home = tempfile::tempdir().unwrap();
        let storage = Storage {
            dir: home.path().join("chat-tui"),
        };
        let other = ServerUrl::parse("https://127.0.0.1:8000").unwrap();
        assert_eq!(storage.token(&server(), "ann").unwrap(), None);
        storage.save(&server(), "ann", "secret").unwrap();
        storage.save(&server(), "Ann", "other").unwrap();
        assert_eq!(
            storage.token(&server(), "ann").unwrap().as_deref(),
            Some("secret")
        );
        assert_eq!(
            storage.token(&server(), "Ann").unwrap().as_deref(),
            Some("other")
        );
        assert_eq!(storage.token(&other, "ann").unwrap(), None);
        assert_eq!(storage.last_used().user.as_deref(), Some("Ann"));
        storage.forget(&server(), "ann").unwrap();
        storage.forget(&server(), "ann").unwrap();
        assert_eq!(storage.token(&server(), "ann").unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let storage = Storage {
            dir: home.path().join("chat-tui"),
        };
        storage.save(&server(), "ann", "secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = storage.path(&server(), "ann");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(mode(&storage.dir), 0o700);
    }

    #[test]
    fn a_name_never_leaves_the_directory() {
        let check = |text: &str, expect: &str| assert_eq!(file_name(text), expect);
        check("http://a:80", "http_3a_2f_2fa_3a80");
        check("ann", "ann");
        check("../Ann", ".._2f_41nn");
        assert_eq!(file_name(&"ü".repeat(500)).len(), FILE_NAME_CHARS_MAX / 2);
        assert_ne!(file_name(&"ü".repeat(500)), file_name(&"ü".repeat(501)));
    }
}
