//! The operator's copies: a backup under load, put back elsewhere, and what clients then notice.

use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::basics::all_events;
use crate::support::{PATIENCE, Server, User, kind_of, mongo_flags, run_to_end};

/// Flags of servers that keep everything in SQLite, whatever the other tests use.
const ON_SQLITE: [&str; 4] = ["--rate-limit", "off", "--mongo-url", ""];

/// Messages that are acknowledged before the backup begins.
const BEFORE: usize = 500;

/// People who talk while the backup is made.
const TALKERS: usize = 3;

#[tokio::test]
async fn a_restored_backup_has_all_that_was_acked_and_clients_notice() {
    let mut server = Server::start_for_restarts_with(&ON_SQLITE).await;
    let (ann, mut speaker) = server.newcomer("ann").await;
    speaker.say_many("lobby", BEFORE).await;
    let log = speaker.welcome["log"].clone();
    let backups = tempfile::tempdir().unwrap();
    let file = backups.path().join("chat.db");
    let acked = backed_up_under_load(&server, &file).await;
    // The original goes on: what bob has now is not in the backup.
    let (bob, _) = server.newcomer("bob").await;
    let lost = speaker.say_many("lobby", 200).await;
    let original = all_events(&mut speaker, "lobby", 500).await;
    server.kill();

    empty(&server.data_dir());
    let (status, said) = command(&server.data_dir(), "restore", &file).await;
    assert!(status.success(), "{said}");
    server.restart().await;
    let back = server.sign_in("ann").await;
    let mut ws = server.enter(&back).await;
    ws.check(ws.welcome["log"] != log, "the log has another id");
    let restored = all_events(&mut ws, "lobby", 500).await;
    let last = restored.last().unwrap()["seq"].as_u64().unwrap();
    ws.check(
        last >= acked && last < lost,
        &format!("{acked} ≤ {last} < {lost}"),
    );
    ws.check(original.starts_with(&restored), "the same events");
    check_signed_out(&server, &[&ann, &bob]).await;

    // Cursors into the old log are reset, also if the new log has come as far.
    ws.say_many("lobby", usize::try_from(lost - last).unwrap() + 1)
        .await;
    let from = json!({"log": log, "resume": {"lobby": lost}});
    let mut resumed = server.enter_with(&back, from).await;
    let limited = resumed.expect_next("limited").await;
    resumed.check(limited["reset"] == true, &limited.to_string());
    let next = ws.say("lobby", "said after it").await;
    resumed.check(resumed.welcome["log"] == ws.welcome["log"], "one log");
    assert_eq!(resumed.expect("chat").await["seq"], next["seq"]);
}

/// Makes a backup while people talk, and returns the last seq that was acknowledged before.
async fn backed_up_under_load(server: &Server, file: &Path) -> u64 {
    let (is_over, acked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut talkers = Vec::new();
    for n in 0..TALKERS {
        let (_, mut ws) = server.newcomer(&format!("talker{n}")).await;
        let (is_over, acked) = (Arc::clone(&is_over), Arc::clone(&acked));
        talkers.push(tokio::spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let seq = ws.say_many("lobby", 20).await;
                acked.fetch_max(seq, Ordering::Relaxed);
            }
        }));
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while acked.load(Ordering::Relaxed) == 0 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = acked.load(Ordering::Relaxed);
    let (status, said) = command(&server.data_dir(), "backup", file).await;
    is_over.store(true, Ordering::Relaxed);
    for talker in talkers {
        talker.await.unwrap();
    }
    assert!(status.success(), "{said}");
    assert!(said.contains("made and verified"), "{said}");
    before
}

async fn check_signed_out(server: &Server, users: &[&User]) {
    for user in users {
        let hello = json!({"type": "hello", "version": 1, "token": user.token});
        let mut ws = server.open(&user.name, &[]).await.unwrap();
        ws.send(&hello).await;
        let (code, _) = ws.closed().await;
        assert_eq!(code, 4401, "{} is signed out", user.name);
    }
}

#[tokio::test]
async fn clients_notice_data_that_was_restored_by_other_means() {
    let mut server = Server::start_for_restarts().await;
    let (ann, mut ws) = server.newcomer("ann").await;
    let seq = ws.say_many("lobby", 3).await;
    let log = ws.welcome["log"].clone();
    server.kill();
    let database = server.database();
    let store = database.map_or_else(Vec::new, |it| mongo_flags(&it.url, it).to_vec());
    let renew = [store, vec!["renew-log"]].concat();
    let (status, said) = run_to_end("127.0.0.1:0", &server.data_dir(), &renew).await;
    assert!(status.success(), "{said}");
    server.restart().await;
    check_signed_out(&server, &[&ann]).await;
    let back = server.sign_in("ann").await;
    let from = json!({"log": log, "resume": {"lobby": seq}});
    let mut ws = server.enter_with(&back, from).await;
    ws.check(ws.welcome["log"] != log, "the log has another id");
    assert_eq!(ws.expect_next("limited").await["reset"], true);
    let events = all_events(&mut ws, "lobby", 500).await;
    let messages = events.iter().filter(|event| kind_of(event) == "chat");
    assert_eq!(messages.count(), 3, "nothing else is lost");
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_leaves_nothing() {
    let server = Server::start_with(&ON_SQLITE).await;
    let data = server.data_dir();
    let backups = tempfile::tempdir().unwrap();
    let taken = backups.path().join("taken");
    std::fs::write(&taken, "an earlier backup").unwrap();
    refuses(&data, "backup", &taken, "exists already").await;
    assert_eq!(
        std::fs::read_to_string(&taken).unwrap(),
        "an earlier backup"
    );
    let nowhere = backups.path().join("no such directory").join("chat.db");
    refuses(&data, "backup", &nowhere, "can't be written").await;
    let other = tempfile::tempdir().unwrap();
    refuses(
        other.path(),
        "backup",
        &backups.path().join("none"),
        "no database",
    )
    .await;
    assert_eq!(names_in(backups.path()), ["taken"]);

    // Nothing is put over a server's data, nor beside a part of it.
    let backup = backups.path().join("chat.db");
    let (status, said) = command(&data, "backup", &backup).await;
    assert!(status.success(), "{said}");
    refuses(&data, "restore", &backup, "Another chat-server uses").await;
    drop(server);
    for left in ["chat.db", "chat.db-wal"] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(left), "of an earlier server").unwrap();
        refuses(dir.path(), "restore", &backup, left).await;
        assert_eq!(names_in(dir.path()), [left, "chat.lock"]);
    }
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_not_restored() {
    let server = Server::start_with(&ON_SQLITE).await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say_many("lobby", 200).await;
    let backups = tempfile::tempdir().unwrap();
    let backup = backups.path().join("chat.db");
    let (status, said) = command(&server.data_dir(), "backup", &backup).await;
    assert!(status.success(), "{said}");
    let mut bytes = std::fs::read(&backup).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 8_192].fill(0x5a);
    let write = |name: &str, bytes: &[u8]| {
        let path = backups.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for file in [
        write("damaged", &bytes),
        write("cut", &bytes[..half]),
        write(
            "text",
            b"this is no database, but long enough to be looked at",
        ),
        write("empty", b""),
        backups.path().join("missing"),
    ] {
        let dir = TempDir::new().unwrap();
        refuses(dir.path(), "restore", &file, "can't be used as a database").await;
        assert_eq!(names_in(dir.path()), ["chat.lock"]);
    }
}

async fn refuses(data: &Path, name: &str, file: &Path, reason: &str) {
    let (status, said) = command(data, name, file).await;
    assert!(!status.success(), "{name} {}: {said}", file.display());
    let last = said.lines().next_back().unwrap_or_default();
    assert!(last.contains(reason), "{name} {}: {said}", file.display());
    assert!(!said.contains("panicked"), "{said}");
}

async fn command(data: &Path, name: &str, file: &Path) -> (ExitStatus, String) {
    let file = file.to_str().unwrap();
    run_to_end("127.0.0.1:0", data, &["--mongo-url", "", name, file]).await
}

/// Removes a server's database, as the loss of a disk would.
fn empty(data: &Path) {
    for name in names_in(data) {
        std::fs::remove_file(data.join(name)).unwrap();
    }
}

/// The names of a directory's files, sorted.
fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
