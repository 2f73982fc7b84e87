//! The signals that end the program (HUP, INT, TERM) or continue it after a stop (CONT).

use std::io;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Leave with this exit code.
    Leave(u8),
    /// The program was stopped and continues.
    Continued,
}

#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) -> Signal {
        // Fails only if no handler can be installed; the keys still work then.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Leave(130)
    }
}

#[cfg(unix)]
mod unix {
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use super::{Signal, io};

    #[derive(Debug)]
    pub(crate) struct Signals {
        hang_up: Stream,
        terminate: Stream,
        interrupt: Stream,
        go_on: Stream,
    }

    impl Signals {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self {
                hang_up: signal(SignalKind::hangup())?,
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
                go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            })
        }

        /// Returns the next signal. Cancel safe.
        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.hang_up.recv() => Signal::Leave(129),
                _ = self.interrupt.recv() => Signal::Leave(130),
                _ = self.terminate.recv() => Signal::Leave(143),
                _ = self.go_on.recv() => Signal::Continued,
            }
        }
    }
}

/// Stops the process group, as Ctrl-Z does in the shell.
#[cfg(unix)]
pub(crate) fn stop() -> io::Result<()> {
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
    Ok(())
}
