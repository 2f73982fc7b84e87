//! The configuration file of a real server.

use std::path::Path;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{Bare, run_to_end};

fn write(dir: &Path, text: &str) -> String {
    let file = dir.join("chat.toml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A file that lets a server listen somewhere, with a level of the log.
fn settings(dir: &Path, level: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\ndata-dir = {:?}\nlog-format = \"journald\"\nlog-level = {level:?}\n",
        dir.join("data")
    )
}

#[tokio::test]
async fn a_server_starts_from_a_file_and_reads_the_log_level_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), &settings(dir.path(), "info"));
    let server = Bare::start(&[], &[], &[("CHAT_CONFIG", &file)]);
    let address = server.address().await;
    let is_detail = |line: &String| line.starts_with("<7>");
    assert!(!server.log.lines().iter().any(is_detail));
    write(dir.path(), &settings(dir.path(), "debug"));
    server.signal("HUP");
    server
        .logged("<6>SIGHUP: the log's level was read again level=debug")
        .await;
    write(dir.path(), "log-level = info");
    server.signal("HUP");
    server.logged("all stays as it was").await;
    // A client that speaks no HTTP is a detail.
    let mut stranger = TcpStream::connect(address).await.unwrap();
    stranger.write_all(b"hello?\r\n\r\n").await.unwrap();
    server.logged("<7>").await;
}

#[tokio::test]
async fn a_configuration_can_be_checked_without_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let check = async |text: &str| {
        let file = write(dir.path(), text);
        let flags = ["--config", &file, "config", "check"];
        run_to_end("127.0.0.1:0", &dir.path().join("data"), &flags).await
    };
    let (status, said) = check("rate-limit = 10\n").await;
    assert!(status.success(), "{said}");
    assert!(said.contains("the configuration can be used"), "{said}");
    assert!(!dir.path().join("data").exists(), "nothing is made");
    for (text, mention) in [
        ("rate-limt = 10", "\"rate-limit\" may be meant"),
        (
            "tls-cert = \"/nowhere\"\ntls-key = \"/nowhere\"",
            "/nowhere",
        ),
        ("web-dir = \"/nowhere\"", "/nowhere"),
        ("tls-cert = \"/nowhere\"", "--tls-key"),
    ] {
        let (status, said) = check(text).await;
        assert!(!status.success(), "{text}");
        let last = said.lines().next_back().unwrap_or_default();
        assert!(last.contains(mention), "{text}: {said}");
    }
}
