//! A server that a test starts with flags of its own, where [`super::Server`] would choose them.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::PATIENCE;
use super::server::{Log, binary, listening, signal};

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Bare {
    child: Child,
    pub(crate) log: Arc<Log>,
}

impl Bare {
    /// Starts a server, behind `wrapper` if there is one, with these flags and variables alone.
    pub(crate) fn start(wrapper: &[&str], flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let server = binary();
        let mut command = match wrapper.split_first() {
            None => Command::new(&server),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(server);
                command
            }
        };
        command.env_clear().envs(variables.iter().copied());
        command
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let log = Arc::<Log>::default();
        drop(log.read(&mut child));
        Self { child, log }
    }

    /// Waits for a line of the log with this text, and returns it.
    pub(crate) async fn logged(&self, text: &str) -> String {
        self.log.until(0, text).await
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("the server can be waited for");
    }

    /// Where the server listens, once it does.
    pub(crate) async fn address(&self) -> SocketAddr {
        let line = self.logged("listening").await;
        listening(&line).unwrap_or_else(|| panic!("{line}"))
    }

    /// Sends a signal, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Asks the server to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.signal("TERM");
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "it runs on: {}", self.log.tail());
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
