//! Opening a data directory: its lock, its permissions, damaged and foreign files.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::Store as _;
use crate::sqlite::OpenError;
use crate::{
    AccountStore, Append, LogStore, NewUser, PageLimit, PasswordRecord, Session, Snapshot,
    StoreError,
};

fn session(id: &str) -> Session {
    crate::contract::session(id, "ann")
}

#[tokio::test]
async fn data_is_found_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (rust, ann) = (room("rust"), Username::existing("ann"));
    let snapshot = Snapshot {
        rules_version: 1,
        seq: 2,
        state: b"state".to_vec(),
    };
    let log = [
        said(1, "one"),
        LogEvent {
            body: EventBody::Joined,
            ..said(2, "")
        },
    ];
    let user = NewUser {
        username: ann.clone(),
        password: PasswordRecord::Missing,
        bot: false,
        created: 7,
    };
    let store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(
        store.append(&rust, 0, log.to_vec()).await.unwrap(),
        Append::Stored
    );
    store.save_snapshot(&rust, snapshot.clone()).await.unwrap();
    store.create_user(user).await.unwrap();
    store.create_session(session("s")).await.unwrap();
    store.insert_if_absent("key", "value").await.unwrap();
    drop(store);

    // Once after a drop, once after a close.
    for _ in 0..2 {
        let store = SqliteStore::open(dir.path()).unwrap();
        assert_eq!(
            store
                .events(&rust, 0, PageLimit::rows(10))
                .await
                .unwrap()
                .events,
            log
        );
        assert_eq!(
            store.rooms_of(&ann).await.unwrap(),
            std::slice::from_ref(&rust)
        );
        assert_eq!(store.snapshot(&rust).await.unwrap(), Some(snapshot.clone()));
        assert_eq!(store.find_user("ANN").await.unwrap().unwrap().created, 7);
        assert_eq!(store.session("s").await.unwrap(), Some(session("s")));
        assert_eq!(
            store.insert_if_absent("key", "other").await.unwrap(),
            "value"
        );
        assert_eq!(
            store.append(&rust, 0, vec![said(1, "x")]).await.unwrap(),
            Append::Lost
        );
        store.close().await;
    }
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (dir, store) = open_new();
    assert!(dir.path().join("chat.db-wal").exists());
    store.close().await;
    // SQLite removes it when all of it is in the database.
    assert!(!dir.path().join("chat.db-wal").exists());
    let unavailable = |error| matches!(error, StoreError::Unavailable(_));
    assert!(unavailable(
        store
            .events(&room("rust"), 0, PageLimit::rows(1))
            .await
            .unwrap_err()
    ));
    assert!(unavailable(
        store.insert_if_absent("key", "value").await.unwrap_err()
    ));
    store.close().await;
}

#[tokio::test]
async fn a_directory_is_one_servers() {
    let (dir, store) = open_new();
    let held = || {
        let error = SqliteStore::open(dir.path()).unwrap_err();
        assert!(matches!(error, OpenError::Held { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains(&dir.path().display().to_string()),
            "{error}"
        );
    };
    held();
    // The refused attempt has not taken the lock away.
    held();
    drop(store);
    let store = SqliteStore::open(dir.path()).unwrap();
    held();
    store.close().await;
    SqliteStore::open(dir.path()).unwrap();
}

#[test]
fn directories_that_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let check = |dir: &Path| {
        let error = SqliteStore::open(dir).unwrap_err();
        assert!(matches!(error, OpenError::Directory { .. }), "{error}");
        assert!(
            error.to_string().contains(&dir.display().to_string()),
            "{error}"
        );
    };
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    check(&file);
    check(&file.join("below"));
    // A directory is where a file should be.
    for name in ["chat.db", "chat.lock"] {
        let dir = dir.path().join(format!("with-{name}"));
        fs::create_dir_all(dir.join(name)).unwrap();
        check(&dir);
    }
    // The -wal can't be made.
    let dir = dir.path().join("with-wal");
    fs::create_dir_all(dir.join("chat.db-wal")).unwrap();
    check(&dir);
}

#[test]
fn a_newer_database_is_left_alone() {
    let (dir, store) = open_new();
    drop(store);
    let path = dir.path().join("chat.db");
    let set = |version: u32| {
        let conn = Connection::open(&path).unwrap();
        let found: u32 = conn.pragma_query_one(None, "user_version").unwrap();
        conn.pragma_update(None, "user_version", version).unwrap();
        found
    };
    let current = set(1_000);
    let error = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::TooNew { found: 1_000, known, .. } if known == current));
    assert!(error.to_string().contains("newer chat-server"), "{error}");
    assert_eq!(set(current), 1_000);
    SqliteStore::open(dir.path()).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.db");
    let text = "This is a letter, and no database at all. ".repeat(200);
    fs::write(&path, &text).unwrap();
    let error = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn an_emptied_database_is_not_taken_for_a_new_one() {
    let (dir, store) = open_new();
    drop(store);
    let path = dir.path().join("chat.db");
    fs::write(&path, "").unwrap();
    for _ in 0..2 {
        let error = SqliteStore::open(dir.path()).unwrap_err();
        assert!(matches!(error, OpenError::Emptied { .. }), "{error}");
        assert!(error.to_string().contains("is empty"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    SqliteStore::open(dir.path()).unwrap();
    // A new directory may hold an empty file, as `mktemp` and Docker volumes make them.
    let new = tempfile::tempdir().unwrap();
    fs::write(new.path().join("chat.db"), "").unwrap();
    SqliteStore::open(new.path()).unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("made/here");
    let store = SqliteStore::open(&dir).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for name in ["chat.db", "chat.db-wal", "chat.db-shm", "chat.lock"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
    drop(store);
}

#[tokio::test]
async fn a_deleted_text_leaves_the_file() {
    let (dir, mut store) = open_new();
    let marker = "a-session-id-that-stands-nowhere-else";
    for stays in [true, false] {
        if stays {
            store.create_session(session(marker)).await.unwrap();
        } else {
            store.revoke_session(marker).await.unwrap();
        }
        store.close().await;
        let file = fs::read(dir.path().join("chat.db")).unwrap();
        let found = file
            .windows(marker.len())
            .any(|bytes| bytes == marker.as_bytes());
        assert_eq!(found, stays);
        store = Arc::new(SqliteStore::open(dir.path()).unwrap());
    }
}

#[tokio::test]
async fn settings_of_the_writer() {
    let (_dir, store) = open_new();
    for (pragma, expect) in [
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("fullfsync", 1),
    ] {
        let found = store
            .write(move |conn| Ok(conn.pragma_query_one::<i64>(None, pragma)))
            .await;
        assert_eq!(found.unwrap().unwrap(), expect, "{pragma}");
    }
    let read_only = store
        .read(|conn| Ok(conn.execute("DELETE FROM events", [])))
        .await
        .unwrap();
    assert!(read_only.is_err());
}
