//! Signals that end the program or bring it back.

use std::io;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Leave, with this exit code.
    Leave(u8),
    /// The program was stopped and goes on.
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
        // Fails only where no handler can be set; the keys still work then.
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

        /// The next signal. Cancelling it loses none.
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

/// Stops the program and what was started with it, as Ctrl-Z does.
#[cfg(unix)]
pub(crate) fn stop() -> io::Result<()> {
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
    Ok(())
}
