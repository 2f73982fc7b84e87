//! The writer: shared transactions, failures inside them, full disks, and its end.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::oneshot;

use super::super::open::OpenDir;
use super::super::readers::READERS;
use super::super::writer::{COMMIT_JOBS_MAX, COMMIT_OTHERS_MAX};
use super::*;
use crate::Store as _;
use crate::{AccountStore, Append, LogStore, PageLimit, StoreError};

/// Keeps the writer busy until it is dropped, so that what is written meanwhile goes into one
/// transaction afterwards.
struct Held {
    _release: std::sync::mpsc::Sender<()>,
}

impl Held {
    async fn new(store: &Arc<SqliteStore>) -> Self {
        let (release, released) = std::sync::mpsc::channel();
        let (begin, begun) = oneshot::channel();
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(move |_| {
                    begin.send(()).unwrap();
                    // Ends by the sender's drop.
                    assert!(released.recv().is_err());
                    Ok(())
                })
                .await
        });
        begun.await.unwrap();
        Self { _release: release }
    }
}

/// The commits of a store since it was opened.
#[derive(Clone, Default)]
struct Commits(Arc<AtomicU64>);

impl Commits {
    fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Opens a store whose commits are counted by a hook of SQLite's.
fn open_counted() -> (TempDir, Arc<SqliteStore>, Commits) {
    let dir = tempfile::tempdir().unwrap();
    let (open, lock) = OpenDir::lock(dir.path()).unwrap();
    let mut writer = open.writer().unwrap();
    let commits = Commits::default();
    let counted = commits.clone();
    let count = move || {
        counted.0.fetch_add(1, Ordering::SeqCst);
        // The commit goes on.
        false
    };
    writer.commit_hook(Some(count)).unwrap();
    let store = SqliteStore::start(&open, writer, lock).unwrap();
    (dir, Arc::new(store), commits)
}

async fn log(store: &SqliteStore, name: &str) -> Vec<LogEvent> {
    store
        .events(&room(name), 0, PageLimit::rows(5_000))
        .await
        .unwrap()
        .events
}

#[tokio::test]
async fn a_failure_is_its_own() {
    let (_dir, store, commits) = open_counted();
    let held = Held::new(&store).await;
    let before = commits.count();
    let claim = "INSERT INTO claims (key, value) VALUES ('half', 'done')";
    let (rust, go, zig) = (room("rust"), room("go"), room("zig"));
    let (first, refused, panicked, lost, taken, second, released) = futures::join!(
        store.append(&rust, 0, vec![said(1, "first")]),
        store.write::<()>(move |conn| {
            conn.execute(claim, []).unwrap();
            Err(StoreError::Refused("for a test".into()))
        }),
        store.write::<()>(move |conn| {
            conn.execute(claim, []).unwrap();
            panic!("for a test")
        }),
        store.append(&go, 1, vec![said(2, "a hole")]),
        store.append(
            &zig,
            0,
            vec![
                said(1, "x"),
                LogEvent {
                    seq: 2,
                    ..said(1, "y")
                }
            ]
        ),
        store.append(&rust, 1, vec![said(2, "second")]),
        // Polled last, when all of the others wait.
        async { drop(held) },
    );
    let () = released;
    assert_eq!(first.unwrap(), Append::Stored);
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    assert!(
        matches!(panicked, Err(StoreError::Unavailable(_))),
        "{panicked:?}"
    );
    assert_eq!(lost.unwrap(), Append::Lost);
    assert!(matches!(
        taken.unwrap(),
        Append::NonceTaken { index: 1, .. }
    ));
    assert_eq!(second.unwrap(), Append::Stored);
    // One for what held the writer, one for all of these.
    assert_eq!(commits.count() - before, 2);

    assert_eq!(
        log(&store, "rust").await,
        [said(1, "first"), said(2, "second")]
    );
    assert_eq!(log(&store, "go").await, []);
    assert_eq!(log(&store, "zig").await, []);
    assert_eq!(store.value("half").await.unwrap(), None);
    assert_eq!(
        store.insert_if_absent("half", "whole").await.unwrap(),
        "whole"
    );
}

#[tokio::test]
async fn a_full_disk_is_reported_and_recovered_from() {
    let (_dir, store) = open_new();
    let limit = |pages: u32| {
        let store = store.clone();
        async move {
            let set = format!("PRAGMA max_page_count = {pages}");
            let pages = move |conn: &rusqlite::Connection| {
                Ok(conn
                    .query_row(&set, [], |row| row.get::<_, u32>(0))
                    .unwrap())
            };
            store.write(pages).await.unwrap()
        }
    };
    // SQLite raises it to the pages that there are.
    let pages = limit(1).await;
    limit(pages + 5).await;
    let text = "x".repeat(4_000);
    let mut stored = 0;
    let error = loop {
        match store
            .append(&room("rust"), stored, vec![said(stored + 1, &text)])
            .await
        {
            Ok(outcome) => assert_eq!(outcome, Append::Stored),
            Err(error) => break error,
        }
        stored += 1;
        assert!(stored < 100, "the disk never filled");
    };
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(stored > 0);

    // If one write of a transaction fills the disk, each caller gets the true outcome of its own.
    let held = Held::new(&store).await;
    let (rust, go) = (room("rust"), room("go"));
    let (small, big, lost, ()) = futures::join!(
        store.insert_if_absent("key", "value"),
        store.append(&rust, stored, vec![said(stored + 1, &text)]),
        store.append(&go, 1, vec![said(2, "a hole")]),
        async { drop(held) },
    );
    assert!(matches!(big, Err(StoreError::Unavailable(_))), "{big:?}");
    let claimed = store.value("key").await.unwrap();
    match small {
        Ok(value) => assert_eq!(claimed, Some(value)),
        Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"),
    }
    assert!(matches!(lost, Ok(Append::Lost)), "{lost:?}");
    assert_eq!(log(&store, "rust").await.len() as u64, stored);

    limit(1_000_000).await;
    let outcome = store
        .append(&room("rust"), stored, vec![said(stored + 1, &text)])
        .await;
    assert_eq!(outcome.unwrap(), Append::Stored);
    assert_eq!(log(&store, "rust").await.len() as u64, stored + 1);
}

/// As a full disk or an I/O error may do to it.
#[tokio::test]
async fn a_transaction_that_is_given_up_takes_nobody_in() {
    let (_dir, store) = open_new();
    let held = Held::new(&store).await;
    let (before, during, after, ()) = futures::join!(
        store.insert_if_absent("before", "x"),
        store.write::<()>(|conn| {
            conn.execute_batch("ROLLBACK").unwrap();
            Err(StoreError::Unavailable("for a test".into()))
        }),
        store.insert_if_absent("after", "x"),
        async { drop(held) },
    );
    assert!(
        matches!(before, Err(StoreError::Unavailable(_))),
        "{before:?}"
    );
    assert!(
        matches!(during, Err(StoreError::Unavailable(_))),
        "{during:?}"
    );
    assert_eq!(after.unwrap(), "x");
    assert_eq!(store.value("before").await.unwrap(), None);
    assert_eq!(store.value("after").await.unwrap().as_deref(), Some("x"));
}

#[tokio::test]
async fn a_failed_commit_fails_every_write_in_it() {
    let (_dir, store) = open_new();
    let held = Held::new(&store).await;
    let (good, bad, ()) = futures::join!(
        store.insert_if_absent("good", "x"),
        // Found at the commit only.
        store.write(|conn| {
            conn.execute_batch(
                "PRAGMA defer_foreign_keys = ON;
                 INSERT INTO memberships (username, room) VALUES ('ann', 'nowhere');",
            )
            .unwrap();
            Ok(())
        }),
        async { drop(held) },
    );
    assert!(matches!(good, Err(StoreError::Unavailable(_))), "{good:?}");
    assert!(matches!(bad, Err(StoreError::Unavailable(_))), "{bad:?}");
    assert_eq!(store.value("good").await.unwrap(), None);
    assert_eq!(
        store.insert_if_absent("good", "again").await.unwrap(),
        "again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rooms_share_commits() {
    const ROOMS: u64 = 50;
    const APPENDS: u64 = 20;
    let (_dir, store, commits) = open_counted();
    let before = commits.count();
    let writers = (0..ROOMS).map(|n| {
        let (store, room) = (store.clone(), room(&format!("room-{n}")));
        tokio::spawn(async move {
            for after in 0..APPENDS {
                let outcome = store.append(&room, after, vec![said(after + 1, "x")]).await;
                assert_eq!(outcome.unwrap(), Append::Stored);
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    for n in 0..ROOMS {
        assert_eq!(
            log(&store, &format!("room-{n}")).await.len() as u64,
            APPENDS
        );
    }
    let commits = commits.count() - before;
    assert!(commits < ROOMS * APPENDS / 2, "{commits} commits");
}

#[tokio::test]
async fn a_transaction_has_a_bound() {
    let (_dir, store, commits) = open_counted();
    let held = Held::new(&store).await;
    let before = commits.count();
    let appends = (0..COMMIT_JOBS_MAX + 1).map(|n| {
        let store = store.clone();
        let name = room(&format!("room-{n}"));
        async move { store.append(&name, 0, vec![said(1, "x")]).await.unwrap() }
    });
    futures::join!(join_all(appends), async { drop(held) });
    assert_eq!(commits.count() - before, 3);
}

#[tokio::test]
async fn a_message_does_not_wait_for_all_other_writes() {
    // Few enough that tokio lets all of them run in one poll.
    const OTHERS: usize = 4 * COMMIT_OTHERS_MAX;
    let (_dir, store, commits) = open_counted();
    let held = Held::new(&store).await;
    let before = commits.count();
    let mut writes = FuturesUnordered::new();
    for n in 0..OTHERS {
        let store = store.clone();
        let write = async move {
            store.insert_if_absent(&n.to_string(), "x").await.unwrap();
            "other"
        };
        writes.push(write.boxed());
    }
    let message = async {
        let log = vec![said(1, "x")];
        store.append(&room("rust"), 0, log).await.unwrap();
        "message"
    };
    writes.push(message.boxed());
    // Each of them runs until it waits for the writer.
    assert!(futures::poll!(writes.next()).is_pending());
    drop(held);
    // They are answered in the order in which they were stored.
    assert_eq!(writes.next().await, Some("message"));
    assert_eq!(writes.by_ref().count().await, OTHERS);
    let transactions = (OTHERS / COMMIT_OTHERS_MAX) as u64;
    assert_eq!(commits.count() - before, 1 + transactions);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_does_not_stop_the_write() {
    let (_dir, store) = open_new();
    let held = Held::new(&store).await;
    let rust = room("rust");
    let mut append = store.append(&rust, 0, vec![said(1, "x")]);
    assert!(futures::poll!(&mut append).is_pending());
    drop(append);
    drop(held);
    store.insert_if_absent("key", "behind it").await.unwrap();
    assert_eq!(log(&store, "rust").await, [said(1, "x")]);
}

#[tokio::test]
async fn a_close_finishes_what_waits() {
    let (dir, store) = open_new();
    let held = Held::new(&store).await;
    let claims = (0..100).map(|n| {
        let store = store.clone();
        async move { store.insert_if_absent(&n.to_string(), "x").await }
    });
    let (claims, (), ()) = futures::join!(join_all(claims), store.close(), async { drop(held) });
    for claim in claims {
        assert_eq!(claim.unwrap(), "x");
    }
    let store = SqliteStore::open(dir.path()).unwrap();
    for n in 0..100 {
        assert_eq!(
            store.value(&n.to_string()).await.unwrap().as_deref(),
            Some("x"),
            "{n}"
        );
    }
}

#[tokio::test]
async fn a_read_that_panics_gives_its_connection_back() {
    let (_dir, store) = open_new();
    for _ in 0..=READERS {
        let outcome = store.read::<()>(|_| panic!("for a test")).await;
        assert!(
            matches!(outcome, Err(StoreError::Unavailable(_))),
            "{outcome:?}"
        );
    }
    assert_eq!(store.count_users().await.unwrap(), 0);
}

#[tokio::test]
async fn an_error_quotes_no_message() {
    let (_dir, store) = open_new();
    store
        .append(&room("rust"), 0, vec![said(1, "x")])
        .await
        .unwrap();
    store
        .write(|conn| {
            let body = r#"{"kind":"message","text":"hush","reply_to":"my secret"}"#;
            conn.execute("UPDATE events SET body = ?1", [body]).unwrap();
            Ok(())
        })
        .await
        .unwrap();
    let error = store
        .events(&room("rust"), 0, PageLimit::rows(1))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("event 1 of rust") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn the_wal_file_is_begun_again_beside_a_busy_writer() {
    const WRITES: u64 = 1_500;
    const WRITE_BYTES: u64 = 32 << 10;
    let (dir, store) = open_new();
    let create =
        |conn: &rusqlite::Connection| Ok(conn.execute_batch("CREATE TABLE filler (bytes)")?);
    store.write(create).await.unwrap();
    for _ in 0..WRITES {
        let fill = |conn: &rusqlite::Connection| {
            let sql = "INSERT INTO filler (bytes) VALUES (zeroblob(?1))";
            Ok(conn.execute(sql, [WRITE_BYTES])?)
        };
        store.write(fill).await.unwrap();
    }
    let wal = std::fs::metadata(dir.path().join("chat.db-wal")).unwrap();
    let written = WRITES * WRITE_BYTES;
    assert!(wal.len() < written / 2, "{} of {written} bytes", wal.len());
}
