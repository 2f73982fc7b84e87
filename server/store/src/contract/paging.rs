//! The contract of every store about pages.

use super::{event, put, room, said, seqs, whole_log};
use crate::{Append, PageLimit, SharedStore};
use chat_server_rules::EventBody;

pub(crate) async fn events_in_pages(store: &SharedStore) {
    let rust = room("rust");
    let log = put(
        store,
        &rust,
        0,
        "ann",
        (0..25).map(|n| said(&n.to_string())),
    )
    .await;
    put(store, &room("rus"), 0, "ann", [said("before")]).await;
    put(store, &room("rust0"), 0, "ann", [said("behind")]).await;
    let mut paged = Vec::new();
    loop {
        let after = paged.len() as u64;
        let page = store
            .events(&rust, after, PageLimit::rows(10))
            .await
            .unwrap()
            .events;
        assert_eq!(page.len() as u64, (25 - after).min(10));
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, log);
}

pub(crate) async fn messages_between_other_events(store: &SharedStore) {
    let rust = room("rust");
    // Messages are 3, 6, 9 … 60.
    for seq in 1..=60 {
        let body = match seq % 3 {
            0 => said("m"),
            1 => EventBody::Joined,
            _ => EventBody::Left { heir: None },
        };
        let outcome = store
            .append(&rust, seq - 1, vec![event(seq, "ann", body)])
            .await
            .unwrap();
        assert_eq!(outcome, Append::Stored);
    }
    let log = whole_log(store, &rust).await;

    for (before, limit, expect) in [
        (61, 3, &[54, 57, 60][..]),
        (60, 3, &[51, 54, 57]),
        (59, 2, &[54, 57]),
        (7, 10, &[3, 6]),
        (4, 10, &[3]),
        (3, 10, &[]),
        (1, 10, &[]),
    ] {
        let page = store
            .messages_before(&rust, before, PageLimit::rows(limit))
            .await
            .unwrap()
            .events;
        assert_eq!(seqs(&page), expect, "before {before}, {limit}");
        for message in page {
            assert_eq!(message, log[message.seq as usize - 1]);
        }
    }
    for (after, limit, expect) in [
        (0, 3, &[3, 6, 9][..]),
        (3, 3, &[6, 9, 12]),
        (4, 2, &[6, 9]),
        (53, 10, &[54, 57, 60]),
        (59, 10, &[60]),
        (60, 10, &[]),
        (99, 10, &[]),
    ] {
        let page = store
            .messages_after(&rust, after, PageLimit::rows(limit))
            .await
            .unwrap()
            .events;
        assert_eq!(seqs(&page), expect, "after {after}, {limit}");
        for message in page {
            assert_eq!(message, log[message.seq as usize - 1]);
        }
    }
}

pub(crate) async fn bounds_of_pages(store: &SharedStore) {
    let rust = room("rust");
    let events = async |after, rows| {
        let page = store.events(&rust, after, PageLimit::rows(rows)).await;
        page.unwrap().events
    };
    let before = async |seq, rows| {
        let page = store.messages_before(&rust, seq, PageLimit::rows(rows));
        page.await.unwrap().events
    };
    let after = async |seq, rows| {
        let page = store.messages_after(&rust, seq, PageLimit::rows(rows));
        page.await.unwrap().events
    };
    assert_eq!(events(0, 10).await, []);
    assert_eq!(before(10, 10).await, []);
    assert_eq!(after(0, 10).await, []);

    let log = put(store, &rust, 0, "ann", [said("1"), said("2")]).await;
    assert_eq!(events(0, 0).await, []);
    assert_eq!(before(9, 0).await, []);
    assert_eq!(after(0, 0).await, []);
    // Cursors above what any database counts to.
    assert_eq!(events(u64::MAX, 10).await, []);
    assert_eq!(after(u64::MAX, 10).await, []);
    assert_eq!(before(u64::MAX, 10).await, log);
    assert_eq!(before(0, 10).await, []);
    assert_eq!(events(0, usize::MAX).await, log);
}

pub(crate) async fn pages_are_bounded_in_bytes(store: &SharedStore) {
    let rust = room("rust");
    let long = "x".repeat(10_000);
    put(store, &rust, 0, "ann", (0..6).map(|_| said(&long))).await;
    for (bytes, expect) in [(0, 1), (1, 1), (25_000, 2), (35_000, 3), (99_000, 6)] {
        let limit = PageLimit { rows: 6, bytes };
        let after = store.events(&rust, 0, limit).await.unwrap();
        assert_eq!(
            (after.events.len(), after.more),
            (expect, expect < 6),
            "{bytes}"
        );
        let newer = store.messages_after(&rust, 0, limit).await.unwrap();
        assert_eq!(newer, after);
        let older = store.messages_before(&rust, 7, limit).await.unwrap();
        let newest: Vec<u64> = (7 - expect as u64..7).collect();
        assert_eq!(seqs(&older.events), newest);
        assert_eq!(older.more, expect < 6);
    }
    for (rows, more) in [(0, true), (5, true), (6, false), (7, false)] {
        let page = store.events(&rust, 0, PageLimit::rows(rows)).await.unwrap();
        assert_eq!(page.more, more, "{rows}");
    }
}
