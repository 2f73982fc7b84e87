//! A message is on the disk before its sender has the ack: strace shows the order of the system
//! calls. Run by `cargo xtask test sync`.

use std::path::Path;

use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::support::{PATIENCE, Server, kind_of};

const MESSAGES: usize = 5;

/// Sends messages one after the other and returns the server's system calls. `options` are more
/// options of strace.
async fn trace(options: &[&str]) -> String {
    let strace = std::env::var("CHAT_STRACE").unwrap_or_else(|_| "strace".to_owned());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("calls");
    let calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg";
    // With -D the server is this process's child and strace watches it.
    let mut wrapper = vec![strace.as_str(), "-D", "-f", "-qq", "-s", "4096"];
    wrapper.extend(["-e", calls, "-o", file.to_str().unwrap()]);
    wrapper.extend(options);
    let mut server = Server::start_under(&wrapper, &[], &["--rate-limit", "off"]).await;
    let (_, mut ann) = server.newcomer("ann").await;
    for n in 0..MESSAGES {
        let send =
            json!({"type": "send", "room": "lobby", "text": "x", "nonce": format!("sync-{n}")});
        ann.send(&send).await;
        let ack = ann
            .expect_matching("the ack", |frame| kind_of(frame) == "ack")
            .await;
        assert_eq!(ack["nonce"], format!("sync-{n}"));
    }
    server.kill();
    read_whole(&file).await
}

/// Returns strace's output once it is complete.
async fn read_whole(file: &Path) -> String {
    let last = format!("sync-{}", MESSAGES - 1);
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let calls = std::fs::read_to_string(file).unwrap_or_default();
        if calls.contains(&last) {
            return calls;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("strace wrote nothing of the last ack");
}

/// For each ack but the first, whether a sync has returned since the previous ack.
fn synced(calls: &str) -> Vec<bool> {
    let lines: Vec<&str> = calls.lines().collect();
    let ack_of = |n: usize| {
        let nonce = format!("sync-{n}");
        let is_ack = |line: &str| line.contains("ack") && line.contains(&nonce);
        lines.iter().position(|line| is_ack(line)).unwrap()
    };
    let returned = |line: &str| {
        let sync = line.contains("fsync") || line.contains("fdatasync");
        sync && !line.contains("unfinished") && line.trim_end().ends_with("= 0")
    };
    let between = |n| {
        lines[ack_of(n - 1)..ack_of(n)]
            .iter()
            .any(|line| returned(line))
    };
    (1..MESSAGES).map(between).collect()
}

#[tokio::test]
#[ignore = "needs strace; `cargo xtask test sync`"]
async fn the_disk_is_synced_before_the_ack_is_written() {
    let calls = trace(&[]).await;
    assert_eq!(synced(&calls), [true; MESSAGES - 1], "{calls}");
    // The check must fail for a server whose disk is never synced: strace leaves the syncs out and
    // marks them as injected.
    let careless = trace(&["-e", "inject=fsync,fdatasync:retval=0"]).await;
    assert!(synced(&careless).contains(&false), "{careless}");
}
