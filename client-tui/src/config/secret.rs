//! Finds the password to sign in with.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::messages::program as messages;
use crate::update::Password;

/// The longest output of a command or password file, in bytes.
const BYTES_MAX: usize = 4_096;

/// Where a password comes from. It is read only if there is no saved sign-in.
#[derive(Clone, Default)]
pub(crate) struct PasswordSource {
    pub(crate) command: Option<String>,
    pub(crate) file: Option<PathBuf>,
}

/// Omits the command, which may contain a secret.
impl std::fmt::Debug for PasswordSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordSource").finish_non_exhaustive()
    }
}

impl PasswordSource {
    /// Returns `self` if it names a command or a file, else a copy of `other`.
    pub(crate) fn or(self, other: &Self) -> Self {
        if self.command.is_some() || self.file.is_some() {
            self
        } else {
            other.clone()
        }
    }

    /// Reads the password from CHAT_PASSWORD, the command or the file, in this order.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Password>> {
        if let Some(password) = std::env::var("CHAT_PASSWORD")
            .ok()
            .filter(|it| !it.is_empty())
        {
            return Ok(Some(Password(password)));
        }
        if let Some(command) = &self.command {
            return from_command(command).map(Some);
        }
        self.file.as_deref().map(from_file).transpose()
    }
}

fn from_command(command: &str) -> anyhow::Result<Password> {
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    // The command may ask for a passphrase: its prompt is shown, and it reads from the terminal.
    let run = Command::new(shell)
        .args([flag, command])
        .stderr(Stdio::inherit())
        .output()
        .context(messages::COMMAND_NOT_RUN)?;
    if !run.status.success() {
        bail!(messages::command_failed(run.status));
    }
    first_line(run.stdout).context("password_command")
}

fn from_file(path: &Path) -> anyhow::Result<Password> {
    let error_context = || messages::password_file(path);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = std::fs::metadata(path).with_context(error_context)?;
        let mode = file.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            bail!(messages::password_file_is_public(path, mode));
        }
    }
    first_line(std::fs::read(path).with_context(error_context)?).with_context(error_context)
}

fn first_line(bytes: Vec<u8>) -> anyhow::Result<Password> {
    if bytes.len() > BYTES_MAX {
        bail!(messages::OUTPUT_TOO_LONG);
    }
    let text = String::from_utf8(bytes).context(messages::NOT_UTF8)?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Password(line.to_owned())),
        _ => bail!(messages::NO_PASSWORD),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "correct horse\nmore\n").unwrap();
        let chmod = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        chmod(0o640);
        let refused = from_file(&path).unwrap_err().to_string();
        assert!(refused.contains("can be read by others") && refused.contains("chmod 600"));
        assert!(!refused.contains("horse"));
        chmod(0o600);
        assert_eq!(
            from_file(&path).unwrap(),
            Password("correct horse".to_owned())
        );
    }

    #[test]
    fn the_first_line_of_a_commands_output_is_the_password() {
        let check = |command: &str| from_command(command).ok().map(|password| password.0);
        assert_eq!(check("printf 'a b\\nc'").as_deref(), Some("a b"));
        assert_eq!(check("true"), None);
        assert_eq!(check("echo x; exit 3"), None);
        assert_eq!(check("head -c 5000 /dev/zero"), None);
    }
}
