//! The password in MongoDB's URL is in no log, error or process title that the server writes.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::mongo_server::TestDatabase;

pub(crate) const SECRET: &str = "hunter42";

/// The driver gives up well before that, also where names are looked up and nobody answers. A server
/// that keeps waiting fails the test.
const END_PATIENCE: Duration = Duration::from_secs(60);

/// Starts a server with this `MONGO_URL`, expects it to end by itself, and returns its standard
/// error.
fn refused_by(url: &str) -> String {
    let Ended::ByItself(output) = run(url) else {
        panic!("the server runs on {}", url.replace(SECRET, "…"));
    };
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains(SECRET), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

/// The last line of what a server says that is refused a start with this `MONGO_URL`.
pub(crate) async fn last_line(url: String) -> String {
    let stderr = tokio::task::spawn_blocking(move || refused_by(&url)).await;
    stderr.unwrap().lines().next_back().unwrap().to_owned()
}

enum Ended {
    ByItself(Output),
    Killed(Output),
}

fn run(url: &str) -> Ended {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_chat-server"))
        .env_clear()
        .env("HOME", home.path())
        .env("MONGO_URL", url)
        .env("RUST_LOG", "trace")
        .args([
            "--listen",
            "127.0.0.1:0",
            "--mongo-database",
            "chat_test_secrets",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Read meanwhile, because a full pipe would stop the server.
    let mut pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let stderr = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut pipes.1, &mut bytes).unwrap();
        bytes
    });
    let deadline = Instant::now() + END_PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        check_title(child.id());
        if Instant::now() > deadline {
            child.kill().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let ended = child.wait().unwrap();
    let mut stdout = Vec::new();
    std::io::Read::read_to_end(&mut pipes.0, &mut stdout).unwrap();
    let output = Output {
        status: status.unwrap_or(ended),
        stdout,
        stderr: stderr.join().unwrap(),
    };
    match status {
        Some(_) => Ended::ByItself(output),
        None => Ended::Killed(output),
    }
}

/// Checks the process title, on systems that show it in a file.
fn check_title(pid: u32) {
    for file in ["cmdline", "comm"] {
        let path = format!("/proc/{pid}/{file}");
        if let Ok(title) = std::fs::read(Path::new(&path)) {
            assert!(!String::from_utf8_lossy(&title).contains(SECRET), "{path}");
        }
    }
}

#[test]
fn an_unreachable_mongodb_ends_the_start_with_one_sentence() {
    let stderr = refused_by(&format!("mongodb://ann:{SECRET}@127.0.0.1:1,127.0.0.1:2/"));
    let last = stderr.lines().next_back().unwrap();
    assert!(
        last.contains("MongoDB at 127.0.0.1:1, 127.0.0.1:2 does not answer"),
        "{stderr}"
    );
    assert!(last.contains("MONGO_URL"), "{stderr}");
}

#[test]
fn an_invalid_url_is_refused_without_its_password() {
    for url in [
        SECRET.to_owned(),
        format!("ann:{SECRET}@host"),
        format!("mongodb://ann:{SECRET}@"),
        format!("mongodb://ann:{SECRET}/x@host/"),
        format!("mongodb://ann:{SECRET}@host:{SECRET}/"),
        format!("mongodb://ann:{SECRET}@host/?tls={SECRET}"),
    ] {
        let stderr = refused_by(&url);
        let last = stderr.lines().next_back().unwrap();
        assert!(last.contains("MONGO_URL"), "{stderr}");
    }
    let stderr = refused_by(&format!("mongodb+srv://ann:{SECRET}@nowhere.invalid/"));
    assert!(
        stderr.lines().next_back().unwrap().contains("DNS"),
        "{stderr}"
    );
}

#[test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
fn the_password_is_in_no_log_of_a_server_that_connects() {
    let database = TestDatabase::new();
    let (scheme, rest) = database.url.split_once("://").unwrap();
    let host = rest.rsplit('@').next().unwrap();
    let output = match run(&format!("{scheme}://ann:{SECRET}@{host}")) {
        Ended::ByItself(output) | Ended::Killed(output) => output,
    };
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains(SECRET), "{stderr}");
    assert!(
        stderr.contains("MongoDB at "),
        "it said which one: {stderr}"
    );
}
