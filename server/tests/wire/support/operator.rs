//! `chat-server admin` beside a server, or on what one left behind.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::server::{Server, binary, mongo_flags};

/// What a command printed, and whether it succeeded.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// What it printed, where it succeeded.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The JSON that it printed, a value a line.
    pub(crate) fn rows(self) -> Vec<Value> {
        let stdout = self.done();
        let rows = stdout.lines();
        rows.map(|row| serde_json::from_str(row).expect("a row of JSON"))
            .collect()
    }

    /// The sentence with which it failed.
    pub(crate) fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        let last = self.stderr.lines().next_back().unwrap_or_default();
        last.to_owned()
    }
}

impl Server {
    /// Runs `chat-server admin` with these words on the server's data, whether it runs or not.
    pub(crate) async fn admin(&self, words: &[&str]) -> Ran {
        let mut flags = Vec::new();
        if let Some(database) = self.database() {
            flags.extend(mongo_flags(&database.url, database));
        }
        admin_with(&self.data_dir(), &flags, words).await
    }
}

/// As [`Server::admin`], with these flags before `admin`.
pub(crate) async fn admin_with(data: &Path, flags: &[&str], words: &[&str]) -> Ran {
    let mut command = Command::new(binary());
    command
        .env_clear()
        .env("HOME", data)
        .arg("--data-dir")
        .arg(data)
        .args(flags)
        .arg("admin")
        .args(words);
    let ran = tokio::task::spawn_blocking(move || command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = ran.await.expect("a thread").expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran {
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}
