//! Events that a newer server wrote, and ones that nobody should have.

use super::*;
use crate::{LogStore, PageLimit, Search, StoreError};
use chat_server_rules::EVENT_FORMAT_VERSION;

/// Changes how the room's second event is stored.
async fn change(store: &SqliteStore, set: &'static str, name: &'static str) {
    store
        .write(move |conn| {
            let sql = format!("UPDATE events SET {set} WHERE room = ?1 AND seq = 2");
            conn.execute(&sql, [name]).map(drop).map_err(Into::into)
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_newer_event_is_distinguished_from_a_corrupt_one() {
    let (_dir, store) = open_new();
    for name in ["kind", "format", "corrupt", "good"] {
        let log = vec![said(1, "one crab"), said(2, "two crabs")];
        store.append(&room(name), 0, log).await.unwrap();
    }
    change(
        &store,
        r#"body = '{"kind":"poll","question":"secret"}'"#,
        "kind",
    )
    .await;
    change(&store, "format = 99", "format").await;
    change(&store, r#"body = '{"kind":"message","text":7}'"#, "corrupt").await;

    let read = async |name| store.events(&room(name), 0, PageLimit::rows(9)).await;
    let newer = [
        ("kind", "event 2 of kind is of the kind \"poll\"".to_owned()),
        (
            "format",
            format!(
                "event 2 of format has format 99, and this version reads up to {EVENT_FORMAT_VERSION}"
            ),
        ),
    ];
    for (name, reason) in newer {
        let outcome = read(name).await;
        let Err(StoreError::TooNew(text)) = outcome else {
            panic!("{name}: {outcome:?}")
        };
        assert_eq!(text, reason);
    }
    let corrupt = read("corrupt").await;
    assert!(
        matches!(corrupt, Err(StoreError::Corrupt(_))),
        "{corrupt:?}"
    );
    assert_eq!(read("good").await.unwrap().events.len(), 2);

    // None of them keeps the others from being found.
    let crabs = Search {
        phrases: vec![vec!["crabs".to_owned()]],
        rooms: vec![room("corrupt"), room("good"), room("kind")],
        limit: 9,
        ..Search::default()
    };
    let found = store.search(&crabs).await.unwrap();
    assert_eq!(found.messages, [(room("good"), 2)]);
}
