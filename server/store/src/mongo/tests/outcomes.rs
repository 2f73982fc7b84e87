//! What a replica set may answer, played by a proxy: no open outcome is taken for a rejection.

use std::time::Duration;

use chat_shared::RoomName;
use mongodb::bson::{Document, doc};
use tokio::time::Instant;

use super::open_behind_proxy;
use super::proxy::Fault;
use crate::contract::{event, said};
use crate::mongo::{MongoStore, OpenError};
use crate::{Append, LogStore, PageLimit, StoreError};
use chat_server_rules::EventBody;

/// An append gives up after two seconds. The limit is for a machine that has other work, and below
/// the time after which the driver gives up.
const ENDS_MAX: Duration = Duration::from_secs(20);

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
    let (_database, proxy, store) = open_behind_proxy().await;
    let first = vec![event(1, "ann", said("one"))];
    store.append(&rust(), 0, first).await.unwrap();
    let duplicate = doc! { "index": 0, "code": 11_000, "errmsg": "E11000 duplicate key" };
    let duplicate = doc! { "ok": 1.0, "n": 0, "writeErrors": [duplicate] };
    proxy.play("insert", Some("log"), usize::MAX, Fault::Answer(duplicate));
    let begun = Instant::now();
    let second = event(2, "ann", said("two"));
    let outcome = store.append(&rust(), 1, vec![second.clone()]).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{outcome:?}"
    );
    assert!(begun.elapsed() < ENDS_MAX, "{:?}", begun.elapsed());
    proxy.heal();
    assert_eq!(
        store.append(&rust(), 1, vec![second]).await.unwrap(),
        Append::Stored
    );
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn an_append_without_any_answer_ends_in_time() {
    let (_database, proxy, store) = open_behind_proxy().await;
    store
        .append(&rust(), 0, vec![event(1, "ann", said("one"))])
        .await
        .unwrap();
    for fault in [Fault::Swallow, Fault::CutAfter, Fault::write_concern(64)] {
        let tip = store.tip(&rust()).await.unwrap();
        proxy.play("insert", Some("log"), usize::MAX, fault.clone());
        proxy.play("find", Some("log"), usize::MAX, Fault::Swallow);
        let begun = Instant::now();
        let next = event(tip + 1, "ann", said("more"));
        let outcome = store.append(&rust(), tip, vec![next.clone()]).await;
        let took = begun.elapsed();
        assert!(
            matches!(outcome, Err(StoreError::Unavailable(_))),
            "{outcome:?}"
        );
        assert!(took < ENDS_MAX, "{fault:?}: {took:?}");
        proxy.heal();
        let page = store
            .events(&rust(), tip, PageLimit::rows(9))
            .await
            .unwrap();
        assert_eq!(page.events, [next], "{fault:?}: it was stored all the same");
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
