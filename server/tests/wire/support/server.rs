//! The real server binary as a child process: starting, killing, stopping, restarting, and reading
//! its log.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::PATIENCE;
use super::mongo_server::TestDatabase;

/// How long a start may take: a debug build on a busy machine, with a large log to read.
const START_PATIENCE: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(5);

/// The server's standard error, and secrets that must never be in it.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    secrets: Mutex<Vec<String>>,
}

impl Log {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The last lines, for a failure's message.
    pub(crate) fn tail(&self) -> String {
        let lines = self.lines();
        lines[lines.len().saturating_sub(15)..].join("\n    ")
    }

    /// Waits for a line after the first `skipped` that has this text, and returns it.
    pub(crate) async fn until(&self, skipped: usize, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut lines = self.lines().into_iter().skip(skipped);
            if let Some(line) = lines.find(|line| line.contains(text)) {
                return line;
            }
            assert!(Instant::now() < deadline, "{text:?}: {}", self.tail());
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// From now on a log line with this text is a failure.
    pub(crate) fn keep_secret(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    pub(super) fn read(self: &Arc<Self>, child: &mut Child) -> std::thread::JoinHandle<()> {
        let stderr = child.stderr.take().expect("stderr is piped");
        let log = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.lines.lock().unwrap().push(without_colours(&line));
            }
        })
    }

    fn check(&self) {
        let secrets = self.secrets.lock().unwrap().clone();
        for line in self.lines() {
            assert!(
                !line.contains("panicked"),
                "the server panicked: {line}\n    {}",
                self.tail()
            );
            for secret in &secrets {
                assert!(!line.contains(secret), "the log holds a secret: {line}");
            }
        }
    }
}

/// A server's address and log. Cheap to clone into tasks.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) log: Arc<Log>,
}

/// A running server with a store of its own: a data directory, or a MongoDB database if
/// `CHAT_TEST_STORE` is `mongo`. Dropping it kills the server and checks that its log holds neither
/// a panic nor a secret.
#[derive(Debug)]
pub(crate) struct Server {
    site: Site,
    child: Child,
    flags: Vec<String>,
    around: Around,
    data: TempDir,
    // Dropped last, after the server has ended.
    database: Option<TestDatabase>,
}

/// Whether the servers of these tests keep everything in a MongoDB.
fn on_mongo() -> bool {
    std::env::var("CHAT_TEST_STORE").is_ok_and(|store| store == "mongo")
}

/// Whether that MongoDB is a FerretDB, which scans a whole collection for all but an `_id`. The
/// example `mongo-front` marks its URL.
pub(crate) fn on_ferretdb() -> bool {
    let url = std::env::var("CHAT_TEST_MONGO_URL").ok();
    on_mongo() && url.is_none_or(|url| url.contains("appName=FerretDB"))
}

impl Deref for Server {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Server {
    /// A server without rate limits, on a port of its choice.
    pub(crate) async fn start() -> Self {
        Self::start_with(&["--rate-limit", "off"]).await
    }

    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        Self::start_on("127.0.0.1:0", flags).await
    }

    /// A server that can be restarted on its port.
    pub(crate) async fn start_for_restarts() -> Self {
        Self::start_for_restarts_with(&["--rate-limit", "off"]).await
    }

    pub(crate) async fn start_for_restarts_with(flags: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{}", port_for_restarts());
        Self::start_on(&listen, flags).await
    }

    /// A server started by another program, if `wrapper` names one, and with these environment
    /// variables.
    pub(crate) async fn start_under(
        wrapper: &[&str],
        variables: &[(&str, &str)],
        flags: &[&str],
    ) -> Self {
        Self::start_around("127.0.0.1:0", flags, Around::new(wrapper, variables)).await
    }

    async fn start_on(listen: &str, flags: &[&str]) -> Self {
        Self::start_around(listen, flags, Around::default()).await
    }

    async fn start_around(listen: &str, flags: &[&str], around: Around) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let is_chosen = flags.iter().any(|flag| flag == "--mongo-url");
        let database = (on_mongo() && !is_chosen).then(TestDatabase::new);
        if let Some(database) = &database {
            flags.extend(mongo_flags(&database.url, database).map(str::to_owned));
        }
        let log = Arc::default();
        let (child, address) = spawn(listen, data.path(), &flags, &around, &log).await;
        Self {
            site: Site { address, log },
            child,
            flags,
            around,
            data,
            database,
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// The database, if data is not kept in the data directory.
    pub(crate) fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("the server can be waited for");
    }

    /// Asks the server to stop with SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal, such as `HUP`, to the server.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for the process to end.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            let log = self.log.tail();
            assert!(
                Instant::now() < deadline,
                "still running after {within:?}; log:\n    {log}"
            );
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Starts again on the same port and data directory, after the last process has ended.
    pub(crate) async fn restart(&mut self) {
        let listen = self.address.to_string();
        let (child, address) = spawn(
            &listen,
            self.data.path(),
            &self.flags,
            &self.around,
            &self.site.log,
        )
        .await;
        assert_eq!(
            address, self.site.address,
            "the server listens where it did"
        );
        self.child = child;
    }
}

/// The server's flags that name a database in the MongoDB at `url`.
pub(crate) fn mongo_flags<'a>(url: &'a str, database: &'a TestDatabase) -> [&'a str; 4] {
    ["--mongo-url", url, "--mongo-database", &database.name]
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            self.log.check();
        }
    }
}

/// A port below the range that outgoing connections use, so that it is free for a restart. Each call
/// in this process gets another one, because the server of an earlier one may be down at the moment.
fn port_for_restarts() -> u16 {
    const PORTS: std::ops::Range<u16> = 10_000..32_000;
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new(fastrand::u16(..)));
    for _ in 0..1_000 {
        let port = PORTS.start + next.fetch_add(1, Ordering::Relaxed) % PORTS.len() as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port was found");
}

/// Runs a server that is expected to end by itself. Returns its status and its standard error.
pub(crate) async fn run_to_end(listen: &str, data: &Path, flags: &[&str]) -> (ExitStatus, String) {
    run_to_end_with(listen, data, flags, &[]).await
}

/// As [`run_to_end`], with environment variables.
pub(crate) async fn run_to_end_with(
    listen: &str,
    data: &Path,
    flags: &[&str],
    variables: &[(&str, &str)],
) -> (ExitStatus, String) {
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let around = Around::new(&[], variables);
    let log = Arc::<Log>::default();
    let mut child = command(listen, data, &flags, &around)
        .spawn()
        .expect("the binary runs");
    let reader = log.read(&mut child);
    let deadline = Instant::now() + START_PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!(
                "the server did not end by itself; its stderr:\n{}",
                log.tail()
            );
        }
        tokio::time::sleep(POLL_EVERY).await;
    };
    reader.join().expect("stderr is read");
    (status, log.lines().join("\n"))
}

/// The program that runs the server, and environment variables.
#[derive(Debug, Default)]
struct Around {
    wrapper: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Around {
    fn new(wrapper: &[&str], variables: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            wrapper: wrapper.iter().map(|word| (*word).to_owned()).collect(),
            variables: variables.iter().map(pair).collect(),
        }
    }
}

/// Sends a signal, such as `HUP`.
pub(super) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .expect("kill exists");
    assert!(sent.success(), "SIG{name} could not be sent");
}

/// The server that `CHAT_TEST_SERVER` names, such as a release build; else the one of this build.
pub(super) fn binary() -> OsString {
    let named = std::env::var_os("CHAT_TEST_SERVER");
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_chat-server").into())
}

fn command(listen: &str, data: &Path, flags: &[String], around: &Around) -> Command {
    let server = binary();
    let mut command = match around.wrapper.split_first() {
        None => Command::new(&server),
        Some((wrapper, arguments)) => {
            let mut command = Command::new(wrapper);
            command.args(arguments).arg(server);
            command
        }
    };
    // The server gets nothing of the caller's environment, such as a database's address.
    command
        .env_clear()
        .env("HOME", data)
        .env("RUST_BACKTRACE", "1")
        .envs(around.variables.iter().cloned());
    command
        .args(["--listen", listen])
        .arg("--data-dir")
        .arg(data)
        .args(flags);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

async fn spawn(
    listen: &str,
    data: &Path,
    flags: &[String],
    around: &Around,
    log: &Arc<Log>,
) -> (Child, SocketAddr) {
    let already = log.lines().len();
    let mut child = command(listen, data, flags, around)
        .spawn()
        .expect("the binary runs");
    drop(log.read(&mut child));
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        if let Some(address) = log.lines()[already..]
            .iter()
            .find_map(|line| listening(line))
        {
            return (child, address);
        }
        if let Some(status) = child.try_wait().expect("a child") {
            panic!(
                "the server ended at start with {status}; its stderr:\n    {}",
                log.tail()
            );
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!(
                "the server never said that it listens; its stderr:\n    {}",
                log.tail()
            );
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

pub(super) fn listening(line: &str) -> Option<SocketAddr> {
    if !line.contains("listening") {
        return None;
    }
    let rest = line.split("address=").nth(1)?;
    let address: String = rest
        .chars()
        .take_while(|c| c.is_ascii_digit() || ".:".contains(*c))
        .collect();
    address.parse().ok()
}

fn without_colours(line: &str) -> String {
    let mut clean = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            clean.push(c);
        }
    }
    clean
}
