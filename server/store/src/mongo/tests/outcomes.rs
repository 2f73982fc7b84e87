//! What a replica set may answer, played by a proxy: no open outcome is taken for a rejection.

use std::time::Duration;

use chat_shared::RoomName;
use mongodb::bson::{Document, doc};
use tokio::time::timeout;

use super::proxy::Fault;
use super::{open_behind_proxy, open_behind_proxy_with};
use crate::contract::{event, said};
use crate::mongo::{MongoStore, OpenError, Timeouts};
use crate::{Append, LogStore, PageLimit, StoreError};
use chat_server_rules::{EventBody, LogEvent};

/// An append has little time in all, and any one answer has more than the test waits for: an append
/// that ends heeds its own deadline everywhere.
const ONE_APPEND: Timeouts = Timeouts {
    selection: Duration::from_secs(2),
    connection: Duration::from_secs(3),
    operation: Duration::from_secs(3_600),
    write: Duration::from_millis(1_500),
};

/// Attempts that begin before the deadline, with the store's pause between two of them.
const ATTEMPTS_MAX: usize = 16;

/// How long a test waits for the end of an append.
const PATIENCE: Duration = Duration::from_secs(60);

/// Appends an event to #rust with an outcome that must stay open.
async fn append_in_vain(store: &MongoStore, next: &LogEvent, fault: &str) {
    let rust = rust();
    let appending = store.append(&rust, next.seq - 1, vec![next.clone()]);
    let outcome = timeout(PATIENCE, appending).await;
    assert!(
        matches!(outcome, Ok(Err(StoreError::Unavailable(_)))),
        "{fault}: {outcome:?}"
    );
}

fn rust() -> RoomName {
    RoomName::parse("rust").unwrap()
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn what_may_pass_is_told_as_unavailable() {
    let (_database, proxy, store) = open_behind_proxy().await;
    let faults = [
        (6, &[][..]),
        (133, &[]),
        (134, &[]),
        (189, &[]),
        (365, &[]),
        (462, &[]),
        (10_107, &[]),
        (11_602, &[]),
        (987_654, &["RetryableWriteError"]),
        (987_654, &["TransientTransactionError"]),
        (987_654, &["SystemOverloadedError"]),
    ];
    for (code, labels) in faults {
        proxy.play("find", Some("log"), usize::MAX, Fault::error(code, labels));
        let outcome = store.tip(&rust()).await;
        let is_away = matches!(outcome, Err(StoreError::Unavailable(_)));
        assert!(is_away, "{code} {labels:?}: {outcome:?}");
        proxy.heal();
        assert_eq!(store.tip(&rust()).await.unwrap(), 0, "after {code}");
    }
    // A code that no later attempt changes.
    proxy.play("find", Some("log"), usize::MAX, Fault::error(9, &[]));
    let outcome = store.tip(&rust()).await;
    let Err(StoreError::Refused(text)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(text, "its error is Played (9)");
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_duplicate_that_nobody_can_read_is_an_open_outcome() {
    let (_database, proxy, store) = open_behind_proxy_with(ONE_APPEND).await;
    let first = vec![event(1, "ann", said("one"))];
    store.append(&rust(), 0, first).await.unwrap();
    let duplicate = doc! { "index": 0, "code": 11_000, "errmsg": "E11000 duplicate key" };
    let duplicate = doc! { "ok": 1.0, "n": 0, "writeErrors": [duplicate] };
    proxy.play("insert", Some("log"), usize::MAX, Fault::Answer(duplicate));
    let second = event(2, "ann", said("two"));
    append_in_vain(&store, &second, "a duplicate").await;
    let attempts = proxy.played();
    assert!((1..=ATTEMPTS_MAX).contains(&attempts), "{attempts}");
    proxy.heal();
    assert_eq!(
        store.append(&rust(), 1, vec![second]).await.unwrap(),
        Append::Stored
    );
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn an_append_without_any_answer_ends_in_time() {
    let (_database, proxy, store) = open_behind_proxy_with(ONE_APPEND).await;
    store
        .append(&rust(), 0, vec![event(1, "ann", said("one"))])
        .await
        .unwrap();
    for fault in [Fault::Swallow, Fault::CutAfter, Fault::write_concern(64)] {
        let tip = store.tip(&rust()).await.unwrap();
        let what = format!("{fault:?}");
        proxy.play("insert", Some("log"), usize::MAX, fault);
        proxy.play("find", Some("log"), usize::MAX, Fault::Swallow);
        let next = event(tip + 1, "ann", said("more"));
        append_in_vain(&store, &next, &what).await;
        proxy.heal();
        let page = store
            .events(&rust(), tip, PageLimit::rows(9))
            .await
            .unwrap();
        assert_eq!(page.events, [next], "{what}: it was stored all the same");
    }
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_duplicate_masks_no_write_concern_error() {
    let (database, proxy, store) = open_behind_proxy().await;
    proxy.play(
        "insert",
        Some("rooms"),
        1,
        Fault::duplicate_without_majority(),
    );
    let created = event(1, "ann", EventBody::Joined);
    let outcome = store.append(&rust(), 0, vec![created.clone()]).await;
    let Err(StoreError::Unavailable(text)) = outcome else {
        panic!("the room's row may be rolled back: {outcome:?}");
    };
    assert!(text.contains("majority"), "{text}");
    let stored = store.append(&rust(), 0, vec![created]).await.unwrap();
    assert_eq!(stored, Append::Stored);

    let users = database
        .open()
        .await
        .collection::<Document>("chatRoomUsers");
    let demo = doc! { "username": "Kim", "password": "x" };
    users.insert_one(demo).await.unwrap();
    let fault = Fault::duplicate_without_majority();
    proxy.play("insert", Some("demoNames"), usize::MAX, fault);
    let again = MongoStore::open(&proxy.url(), &database.name).await;
    assert!(matches!(again, Err(OpenError::Away { .. })), "{again:?}");
}
