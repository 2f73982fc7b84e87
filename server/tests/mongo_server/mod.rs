//! A MongoDB for tests: the server that `CHAT_TEST_MONGO_URL` names, else a FerretDB that is
//! started for this process and ends with it. `MONGO_URL` is never read.
//!
//! Each test has a database of its own, `chat_test_` and chance, and drops that alone.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use mongodb::Client;
use mongodb::options::ClientOptions;

/// For a database to be dropped.
const DROP_PATIENCE: Duration = Duration::from_secs(20);

/// A database that is dropped in the end.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl TestDatabase {
    /// `None`, and a line that says why, where there is no MongoDB. On CI that is a failure.
    pub(crate) fn new() -> Option<Self> {
        let url = url()?;
        let name = format!("chat_test_{:016x}", chance());
        Some(Self { url, name })
    }

    /// For looking at what is stored, past the server.
    pub(crate) async fn open(&self) -> mongodb::Database {
        let options = ClientOptions::parse(&self.url).await.expect("a URL");
        Client::with_options(options)
            .expect("a client")
            .database(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.url.clone(), self.name.clone());
        // The test's own runtime may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let dropped = async {
                    Client::with_uri_str(url)
                        .await?
                        .database(&name)
                        .drop()
                        .await
                };
                let dropped = tokio::time::timeout(DROP_PATIENCE, dropped).await;
                if !matches!(dropped, Ok(Ok(()))) {
                    say(&format!("the database {name} was not dropped"));
                }
            });
        });
        let _ = dropping.join();
    }
}

/// The server's URL, or none.
pub(crate) fn url() -> Option<String> {
    static SERVER: OnceLock<Result<FerretDb, String>> = OnceLock::new();
    if let Ok(url) = std::env::var("CHAT_TEST_MONGO_URL") {
        return Some(url);
    }
    match SERVER.get_or_init(FerretDb::start) {
        Ok(server) => Some(server.url.clone()),
        Err(why) => {
            let is_ci = std::env::var("CI").is_ok_and(|ci| !matches!(&*ci, "" | "0" | "false"));
            assert!(!is_ci, "no MongoDB to test with: {why}");
            say(&format!("skipped, no MongoDB to test with: {why}"));
            None
        }
    }
}

struct FerretDb {
    url: String,
    /// It ends when its standard input does: with this process, however that ends.
    _process: Mutex<Child>,
}

impl FerretDb {
    fn start() -> Result<Self, String> {
        let mut process = Command::new(binary()?)
            .arg("-until-stdin-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("FerretDB can't be started: {error}"))?;
        let mut url = String::new();
        let stdout = process.stdout.take().ok_or("FerretDB has no output")?;
        BufReader::new(stdout)
            .read_line(&mut url)
            .map_err(|error| format!("FerretDB said nothing: {error}"))?;
        if !url.starts_with("mongodb://") {
            return Err("FerretDB ended at once".to_owned());
        }
        Ok(Self {
            url: url.trim().to_owned(),
            _process: Mutex::new(process),
        })
    }
}

/// Built by `cargo xtask mongo`, here where nobody did before.
fn binary() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    // target/debug/deps/test-…
    let target = own
        .ancestors()
        .nth(3)
        .ok_or("the test lies in no target directory")?;
    let binary = target
        .join("tools")
        .join(format!("ferretdb{}", std::env::consts::EXE_SUFFIX));
    if binary.exists() {
        return Ok(binary);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let built = Command::new(env!("CARGO"))
        .args(["run", "-q", "-p", "xtask", "--", "mongo", "--build"])
        .current_dir(root.ok_or("the package lies in no workspace")?)
        .output();
    match built {
        Ok(built) if built.status.success() => Ok(binary),
        Ok(built) => Err(String::from_utf8_lossy(&built.stdout).trim().to_owned()),
        Err(error) => Err(format!("FerretDB can't be built: {error}")),
    }
}

fn chance() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("chance");
    u64::from_ne_bytes(bytes)
}

/// Past the test harness, which would keep it to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
