//! A MongoDB for tests: the server that `CHAT_TEST_MONGO_URL` names, else a FerretDB that is
//! started for this process and ends with it. `MONGO_URL` is never read.
//!
//! Each test has a database of its own, named `chat_test_` and a random number, and drops only that.
//! Tests that need it are `#[ignore]`d, and run by `cargo xtask test mongo`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use mongodb::Client;
use mongodb::options::ClientOptions;

/// How long dropping a database may take.
const DROP_PATIENCE: Duration = Duration::from_secs(20);

/// A database that is dropped with this value.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl TestDatabase {
    /// Names a database that does not exist yet.
    ///
    /// # Panics
    /// If there is no MongoDB, with the reason.
    pub(crate) fn new() -> Self {
        let name = format!("chat_test_{:016x}", random_number());
        Self { url: url(), name }
    }

    /// Opens the database directly, past the chat server.
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

/// The URL of the MongoDB to test with.
fn url() -> String {
    static SERVER: OnceLock<Result<FerretDb, String>> = OnceLock::new();
    if let Ok(url) = std::env::var("CHAT_TEST_MONGO_URL") {
        return url;
    }
    match SERVER.get_or_init(FerretDb::start) {
        Ok(server) => server.url.clone(),
        Err(reason) => panic!("there is no MongoDB to test with: {reason}"),
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

/// Path of the FerretDB that `cargo xtask mongo` builds; builds it first if it is not there.
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

fn random_number() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("random bytes");
    u64::from_ne_bytes(bytes)
}

/// Writes to standard error past the test harness, which would capture the line.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
