//! Configurations with which the server cannot start: it says why in one sentence and exits.

use std::net::TcpListener;
use std::path::Path;

use crate::support::{Server, run_to_end, run_to_end_with};

#[tokio::test]
async fn a_taken_port_ends_the_start_with_one_sentence() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    check(&address, data.path(), &[], &address).await;
}

#[tokio::test]
async fn an_unwritable_data_directory_ends_the_start() {
    // Nobody can create a directory below a file, not even root.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let beneath = file.join("data");
    check("127.0.0.1:0", &beneath, &[], beneath.to_str().unwrap()).await;
    check("127.0.0.1:0", &file, &[], file.to_str().unwrap()).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "in the way");
}

#[tokio::test]
async fn a_data_directory_in_use_ends_the_start() {
    let server = Server::start().await;
    let data = server.data_dir();
    check("127.0.0.1:0", &data, &[], data.to_str().unwrap()).await;
    // The running server was not disturbed.
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say("lobby", "still here").await;
}

#[tokio::test]
async fn invalid_flags_end_the_start() {
    let data = tempfile::tempdir().unwrap();
    for flags in [
        &["--rate-limit", "banana"][..],
        &["--trusted-proxy", "everyone"],
        &["--what"],
    ] {
        let (status, stderr) = run_to_end("127.0.0.1:0", data.path(), flags).await;
        assert!(!status.success(), "{flags:?} must not start:\n{stderr}");
        assert!(
            stderr.contains(flags.last().unwrap()),
            "names what is wrong:\n{stderr}"
        );
        assert!(
            !stderr.contains("panicked"),
            "no panic for {flags:?}:\n{stderr}"
        );
    }
}

#[tokio::test]
async fn a_bus_in_the_environment_ends_the_start() {
    let data = tempfile::tempdir().unwrap();
    let bus = [("CHAT_BUS", "nats://ann:hunter42@127.0.0.1:4222")];
    let (status, stderr) = run_to_end_with("127.0.0.1:0", data.path(), &[], &bus).await;
    assert!(!status.success(), "it must not start:\n{stderr}");
    let last = stderr.lines().next_back().unwrap_or_default();
    assert!(last.ends_with("unset CHAT_BUS."), "{stderr}");
    assert!(!stderr.contains("hunter42"), "{stderr}");
    // The flags of the bus are unknown now.
    let (status, _) = run_to_end("127.0.0.1:0", data.path(), &["--bus", "nats://x"]).await;
    assert!(!status.success());
}

/// Checks that the server exits by itself with one sentence that names `culprit`.
async fn check(listen: &str, data: &Path, flags: &[&str], culprit: &str) {
    let (status, stderr) = run_to_end(listen, data, flags).await;
    assert!(
        !status.success(),
        "expected a failure, got {status}; stderr:\n{stderr}"
    );
    let last = stderr.lines().next_back().unwrap_or_default();
    assert!(
        last.contains(culprit),
        "the last line must name {culprit}; stderr:\n{stderr}"
    );
    assert!(
        last.split_whitespace().count() >= 4,
        "the last line is a sentence; stderr:\n{stderr}"
    );
    let naming = stderr
        .lines()
        .filter(|line| line.contains("rror") || *line == last)
        .count();
    assert_eq!(naming, 1, "one sentence says it all; stderr:\n{stderr}");
    for word in [
        "panicked",
        "backtrace",
        "Caused by",
        "RUST_BACKTRACE",
        "Os {",
        ".rs:",
    ] {
        assert!(
            !stderr.contains(word),
            "stderr must not hold {word:?}:\n{stderr}"
        );
    }
}
