//! Runs other programs without standard input and with a limit on every wait.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::output::Output;

/// Longest a single program may run: a full build on a slow machine, with room.
const RUN_TIME_MAX: Duration = Duration::from_secs(40 * 60);
/// Longest that a program may take to print something short, such as its version.
const ASK_TIME_MAX: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(20);

/// A command to be run.
pub(crate) struct Run {
    command: Command,
    shown: String,
}

impl Run {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let shown = Path::new(program.as_ref())
            .file_name()
            .unwrap_or(program.as_ref())
            .to_string_lossy()
            .into_owned();
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(must_not_reach_children) {
                command.env_remove(name);
            }
        }
        Self { command, shown }
    }

    /// The cargo that started this program.
    pub(crate) fn cargo() -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown = format!("{} {}", self.shown, arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it with its output shown. Where nobody watches at a terminal, what it said of a failure
    /// is kept for [`crate::output::take_failures`]; a terminal gets it with its colours.
    ///
    /// # Errors
    /// If it does not succeed, or takes too long.
    pub(crate) fn show(mut self) -> anyhow::Result<()> {
        crate::say(&format!("$ {self}"));
        let shown = self.shown.clone();
        let output = if std::io::stdout().is_terminal() {
            None
        } else {
            let (output, input) = std::io::pipe()?;
            self.command.stdout(input.try_clone()?).stderr(input);
            Some(Output::follow(output))
        };
        let outcome = self.wait(RUN_TIME_MAX).and_then(|status| {
            ensure!(status.success(), "`{shown}` ended with {status}");
            Ok(())
        });
        if let (Err(_), Some(output)) = (&outcome, output) {
            output.fail(shown);
        }
        outcome
    }

    /// Runs it with its output, both streams, in a file.
    ///
    /// # Errors
    /// If it can't be started, or takes longer than `time_max`.
    pub(crate) fn save(mut self, log: &Path, time_max: Duration) -> anyhow::Result<ExitStatus> {
        let file = File::create(log)?;
        self.command.stdout(file.try_clone()?).stderr(file);
        self.wait(time_max)
    }

    fn wait(self, time_max: Duration) -> anyhow::Result<ExitStatus> {
        let (mut child, shown) = self.spawn()?;
        let deadline = Instant::now() + time_max;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                bail!("`{shown}` was stopped after {} s", time_max.as_secs());
            }
            std::thread::sleep(POLL_EVERY);
        }
    }

    /// Starts it, and closes this process's ends of its pipes.
    fn spawn(mut self) -> anyhow::Result<(Child, String)> {
        let child = self.command.spawn();
        let child = child.with_context(|| format!("`{self}` can't be started"))?;
        Ok((child, self.shown))
    }

    /// Runs it and returns its standard output.
    pub(crate) fn read(mut self) -> anyhow::Result<String> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self
            .command
            .spawn()
            .with_context(|| format!("`{self}` can't be started"))?;
        let (sender, output) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let output = output
            .recv_timeout(ASK_TIME_MAX)
            .with_context(|| format!("`{self}` gave no answer in {ASK_TIME_MAX:?}"))??;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            bail!("`{self}` ended with {}: {}", output.status, message.trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether a variable is removed for child processes: `cargo run` sets some for this package that
/// make build scripts run again, and `MONGO_URL` may name somebody's database.
fn must_not_reach_children(variable: &str) -> bool {
    const PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    const NAMES: [&str; 4] = [
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "OUT_DIR",
        "MONGO_URL",
    ];
    NAMES.contains(&variable) || PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}
