//! A program in a pseudoterminal: starting it, typing into it, and waiting for what it draws.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::pty::{Winsize, openpty};

use super::super::machine::{LOAD_CPU, SERVER_CPU, pin};
use super::super::usage::CpuClock;

const SIZE: Winsize = Winsize {
    ws_row: 40,
    ws_col: 120,
    ws_xpixel: 0,
    ws_ypixel: 0,
};

/// How long an expected text may take to be shown.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of output that are kept, so that a text that was cut in two is found.
const KEPT_BYTES: usize = 4_096;

/// A program in a terminal of its own, on the core of the measured program.
pub(super) struct Pty {
    /// The process that `setsid` became.
    child: Child,
    pid: u32,
    cpu: CpuClock,
    keys: File,
    shown: Receiver<(Instant, Vec<u8>)>,
    kept: Vec<u8>,
}

impl Pty {
    pub(super) fn start(mut command: Command) -> anyhow::Result<Self> {
        let ends = openpty(Some(&SIZE), None)?;
        let slave = File::from(ends.slave);
        command
            .stdin(slave.try_clone()?)
            .stdout(slave.try_clone()?)
            .stderr(Stdio::from(slave));
        pin(SERVER_CPU)?;
        let spawned = command.spawn();
        pin(LOAD_CPU)?;
        // Drop the command's copies of the terminal, so that the program's end is noticed.
        drop(command);
        let child = spawned.context("setsid can't be started; it comes with util-linux")?;
        let mut master = File::from(ends.master);
        let keys = master.try_clone()?;
        let (sender, shown) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = master.read(&mut buffer) {
                if sender
                    .send((Instant::now(), buffer[..count].to_vec()))
                    .is_err()
                {
                    return;
                }
            }
        });
        let pid = child.id();
        Ok(Self {
            child,
            pid,
            cpu: CpuClock::of(pid)?,
            keys,
            shown,
            kept: Vec::new(),
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn cpu(&self) -> anyhow::Result<Duration> {
        self.cpu.now()
    }

    /// How often the program's threads went to sleep.
    pub(super) fn sleeps(&self) -> anyhow::Result<u64> {
        let mut sleeps = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let status = std::fs::read_to_string(task?.path().join("status"))?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            sleeps += line
                .context("no voluntary_ctxt_switches")?
                .trim()
                .parse::<u64>()?;
        }
        Ok(sleeps)
    }

    /// Reads output for this long.
    pub(super) fn rest(&mut self, duration: Duration) {
        let end = Instant::now() + duration;
        while self
            .shown
            .recv_timeout(end.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        self.kept.clear();
    }

    /// Waits until `text` is shown, and returns when.
    pub(super) fn wait_for(&mut self, text: &[u8]) -> anyhow::Result<Instant> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let (at, bytes) = match self.shown.recv_timeout(left) {
                Ok(shown) => shown,
                Err(RecvTimeoutError::Disconnected) => bail!("it ended; it showed {}", self.last()),
                Err(RecvTimeoutError::Timeout) => {
                    let text = String::from_utf8_lossy(text);
                    bail!("{text:?} was not shown; the last was {}", self.last())
                }
            };
            self.kept.extend(bytes);
            if self.kept.windows(text.len()).any(|part| part == text) {
                self.kept.clear();
                return Ok(at);
            }
            let forget = self.kept.len().saturating_sub(KEPT_BYTES);
            self.kept.drain(..forget);
        }
    }

    pub(super) fn type_keys(&mut self, keys: &[u8]) -> anyhow::Result<()> {
        Ok(self.keys.write_all(keys)?)
    }

    /// Presses a key and returns how long it took until it was shown.
    pub(super) fn press(&mut self, key: u8) -> anyhow::Result<Duration> {
        while self.shown.try_recv().is_ok() {}
        self.kept.clear();
        let start = Instant::now();
        self.keys.write_all(&[key])?;
        Ok(self.wait_for(&[key])?.duration_since(start))
    }

    fn last(&self) -> String {
        String::from_utf8_lossy(&self.kept)
            .escape_debug()
            .to_string()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
