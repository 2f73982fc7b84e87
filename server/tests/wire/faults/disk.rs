//! A disk that takes no more, here by the limit of a file's size.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{LINES_MAX, drill, message};
use crate::support::{PASSWORD, Server, note, runs, text_of};

/// Without the trap, the system would end a program that writes over the limit.
const WRAPPER: [&str; 3] = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// Limits the size of the files that the server writes.
fn limit(server: &Server, bytes: &str) {
    let limited = Command::new("prlimit")
        .args(["--pid", &server.pid().to_string()])
        .arg(format!("--fsize={bytes}:unlimited"))
        .status();
    assert!(limited.expect("prlimit of util-linux").success());
}

#[tokio::test]
async fn a_disk_that_takes_no_more_is_logged_once_and_recovers_by_itself() {
    if !runs("prlimit", &["--version"]) {
        return note("no prlimit here: a disk that takes no more is not tested");
    }
    let server = Server::start_under(&WRAPPER, &[], &["--rate-limit", "off"]).await;
    if server.database().is_some() {
        return;
    }
    drill(
        &server,
        || limit(&server, "1024"),
        || limit(&server, "unlimited"),
    )
    .await;
}

/// Mounts a small disk on the data directory, in a namespace of the server alone.
const SMALL_DISK: [&str; 5] = [
    "unshare",
    "-rm",
    "sh",
    "-c",
    "mount -t tmpfs -o size=40m small \"$HOME\" && exec \"$0\" \"$@\"",
];

#[tokio::test]
async fn what_needs_room_is_refused_before_the_disk_is_full() {
    if !runs("unshare", &["-rm", "true"]) {
        return note("no namespaces here: the disk's reserve is not tested");
    }
    let server = Server::start_under(&SMALL_DISK, &[], &["--disk-reserve", "16"]).await;
    if server.database().is_some() {
        return;
    }
    let (ann, mut said) = server.newcomer("ann").await;
    let first = said.say("lobby", "first").await["seq"].clone();
    let skipped = server.log.lines().len();

    let data = server.data_dir();
    let root = format!("/proc/{}/root", server.pid());
    let filler = Path::new(&root)
        .join(data.strip_prefix("/").unwrap())
        .join("filler");
    std::fs::write(&filler, vec![0; 28 << 20]).unwrap();
    server.log.until(skipped, "the disk is almost full").await;
    let unsent = message();
    let refused = said.refused(unsent.clone(), &["unavailable"]).await;
    assert!(
        text_of(&refused).contains("disk is almost full"),
        "{refused}"
    );
    let newcomer = json!({"username": "bob", "password": PASSWORD});
    let answer = server
        .post("/register", &[], &newcomer)
        .await
        .refused(&[503]);
    assert!(answer.contains("disk is almost full"), "{answer}");
    // The store works, and what needs no room goes on.
    assert_eq!(server.readiness().await, 200);
    server.sign_in("ann").await;
    let delete = json!({"type": "delete", "room": "lobby", "seq": first});
    said.done(delete, "ok").await;
    let metrics = server.get("/metrics", &[]).await.body;
    let free = metrics
        .lines()
        .find_map(|line| line.strip_prefix("chat_disk_free_bytes "));
    let free: f64 = free.unwrap().parse().unwrap();
    assert!(free < f64::from(16 << 20), "{free}");

    std::fs::remove_file(&filler).unwrap();
    server.log.until(skipped, "the disk has room again").await;
    said.done(unsent, "ack").await;
    server.enter(&ann).await;
    let lines = server.log.lines().split_off(skipped);
    assert!(lines.len() <= LINES_MAX, "{lines:#?}");
}
