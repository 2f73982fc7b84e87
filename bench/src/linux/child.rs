//! Programs that are measured. Each is started on the server's core and killed when its handle is
//! dropped.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::machine::{LOAD_CPU, SERVER_CPU, pin};
use super::usage::CpuClock;

/// How long a program may take until it is ready.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Lines of a program's log that are shown when it fails.
const LOG_LINES_SHOWN: usize = 8;

/// A program that reports on its standard output or error.
#[derive(Debug)]
pub(crate) struct Measured {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    cpu: CpuClock,
}

/// The stream that a program reports on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Talks {
    Stdout,
    Stderr,
}

impl Measured {
    /// Starts a program on the server's core. Its threads stay there.
    pub(crate) fn start(mut command: Command, talks: Talks) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped());
        match talks {
            Talks::Stdout => command.stdout(Stdio::piped()),
            Talks::Stderr => command.stdout(Stdio::null()).stderr(Stdio::piped()),
        };
        pin(SERVER_CPU)?;
        let spawned = command.spawn();
        pin(LOAD_CPU)?;
        let mut child = spawned
            .with_context(|| format!("{} can't be started", command.get_program().display()))?;
        let stream: Box<dyn Read + Send> = match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), _) => Box::new(stdout),
            (None, Some(stderr)) => Box::new(stderr),
            (None, None) => bail!("a program without a stream"),
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                // Nobody reads this any more, but the pipe must not fill.
                let _ = sender.send(line);
            }
        });
        let cpu = CpuClock::of(child.id())?;
        let stdin = child.stdin.take();
        Ok(Self {
            child,
            stdin,
            lines,
            cpu,
        })
    }

    /// Starts one of this program's hidden subcommands.
    pub(crate) fn start_self(args: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(args);
        Self::start(command, Talks::Stdout)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.cpu.now()
    }

    /// Waits for a line for which `read` returns something.
    pub(crate) fn wait_line<T>(
        &self,
        patience: Duration,
        read: impl Fn(&str) -> Option<T>,
    ) -> anyhow::Result<T> {
        let deadline = Instant::now() + patience;
        let mut last = VecDeque::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => match read(&line) {
                    Some(found) => return Ok(found),
                    None => last.push_back(line),
                },
                Err(RecvTimeoutError::Timeout) => {
                    bail!("it did not answer in {patience:?}; it said: {last:?}")
                }
                Err(RecvTimeoutError::Disconnected) => bail!("it ended; it said: {last:?}"),
            }
            if last.len() > LOG_LINES_SHOWN {
                last.pop_front();
            }
        }
    }

    pub(crate) fn wait_ready<T>(&self, read: impl Fn(&str) -> Option<T>) -> anyhow::Result<T> {
        self.wait_line(START_PATIENCE, read)
    }

    pub(crate) fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("a program without stdin")?;
        writeln!(stdin, "{line}")?;
        Ok(stdin.flush()?)
    }

    /// Asks the program to end, as an operator would, and waits until it has.
    pub(crate) fn terminate(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid())?), Signal::SIGTERM)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("it ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
