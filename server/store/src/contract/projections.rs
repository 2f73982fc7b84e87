//! The contract of every store about projections of the log: rooms, members and mentions.

use chat_shared::protocol::RoomKind;

use super::{created, event, put, put_refused, room, said, user};
use crate::{Append, PageLimit, PublicRoom, SharedStore};
use chat_server_rules::{EventBody, EventNonce};

async fn check_rooms_of(store: &SharedStore, name: &str, expect: &[&str]) {
    let mut rooms = store.rooms_of(&user(name)).await.unwrap();
    rooms.sort();
    let rooms: Vec<_> = rooms.iter().map(|room| room.as_str()).collect();
    assert_eq!(rooms, expect, "rooms of {name}");
}

async fn names(store: &SharedStore, prefix: &str, after: &str, limit: usize) -> Vec<String> {
    let rooms = store.public_rooms(prefix, after, limit).await.unwrap();
    rooms.into_iter().map(|listed| listed.room.into()).collect()
}

async fn listed(store: &SharedStore, name: &str) -> Option<PublicRoom> {
    let rooms = store.public_rooms(name, "", 10).await.unwrap();
    rooms
        .into_iter()
        .find(|listed| listed.room.as_str() == name)
}

pub(crate) async fn members_come_and_go(store: &SharedStore) {
    let rust = room("rust");
    let check = |members, last_seq| async move {
        let expect = PublicRoom {
            room: room("rust"),
            kind: RoomKind::Public,
            topic: "about rust".into(),
            members,
            last_seq,
        };
        assert_eq!(listed(store, "rust").await, Some(expect));
    };
    put(
        store,
        &rust,
        0,
        "ann",
        [created(RoomKind::Public, "about rust")],
    )
    .await;
    check(1, 1).await;
    check_rooms_of(store, "ann", &["rust"]).await;

    put(store, &rust, 1, "bob", [EventBody::Joined, said("hi")]).await;
    check(2, 3).await;
    check_rooms_of(store, "bob", &["rust"]).await;
    // To join twice is to join; who leaves and was not there changes nothing.
    put(store, &rust, 3, "bob", [EventBody::Joined]).await;
    put(store, &rust, 4, "eve", [EventBody::Left { heir: None }]).await;
    check(2, 5).await;

    put(
        store,
        &rust,
        5,
        "bob",
        [
            EventBody::Left { heir: None },
            EventBody::Joined,
            EventBody::Left { heir: None },
        ],
    )
    .await;
    check(1, 8).await;
    check_rooms_of(store, "bob", &[]).await;
    check_rooms_of(store, "Ann", &[]).await;

    put(
        store,
        &room("go"),
        0,
        "ann",
        [created(RoomKind::Private, ""), EventBody::Joined],
    )
    .await;
    put(
        store,
        &room("@1"),
        0,
        "ann",
        [created(RoomKind::Direct, "")],
    )
    .await;
    check_rooms_of(store, "ann", &["@1", "go", "rust"]).await;
}

pub(crate) async fn a_refused_event_projects_nothing(store: &SharedStore) {
    let rust = room("rust");
    put(
        store,
        &rust,
        0,
        "ann",
        [created(RoomKind::Public, "t"), said("x")],
    )
    .await;
    let before = listed(store, "rust").await;
    let joined = |seq| event(seq, "bob", EventBody::Joined);

    let outcome = store.append(&rust, 0, vec![joined(1)]).await.unwrap();
    assert_eq!(outcome, Append::Lost);
    assert_eq!(listed(store, "rust").await, before);

    let mut refused = event(4, "ann", EventBody::Left { heir: None });
    refused.nonce = EventNonce::from_seq(2);
    let existing = Box::new(
        store
            .events(&rust, 1, PageLimit::rows(1))
            .await
            .unwrap()
            .events
            .remove(0),
    );
    let taken = |index| Append::NonceTaken {
        index,
        existing: existing.clone(),
    };
    let kept = put_refused(store, &rust, 2, vec![joined(3), refused], 1, taken).await;
    let bob: &[&str] = if kept.is_empty() { &[] } else { &["rust"] };
    let expect = before.map(|before| PublicRoom {
        members: 1 + bob.len() as u64,
        last_seq: 2 + kept.len() as u64,
        ..before
    });
    assert_eq!(listed(store, "rust").await, expect);
    check_rooms_of(store, "bob", bob).await;
    check_rooms_of(store, "ann", &["rust"]).await;
}

pub(crate) async fn the_lobby_is_everyones(store: &SharedStore) {
    assert_eq!(listed(store, "lobby").await, None);
    put(
        store,
        &room("lobby"),
        0,
        "ann",
        [said("hello"), EventBody::Joined, said("x")],
    )
    .await;
    let expect = PublicRoom {
        room: room("lobby"),
        kind: RoomKind::Public,
        topic: String::new(),
        members: 0,
        last_seq: 3,
    };
    assert_eq!(listed(store, "lobby").await, Some(expect));
    check_rooms_of(store, "ann", &[]).await;
}

pub(crate) async fn public_rooms_alone_are_listed(store: &SharedStore) {
    for (name, kind) in [
        ("open", RoomKind::Public),
        ("hidden", RoomKind::Private),
        ("@1a", RoomKind::Direct),
        ("also-open", RoomKind::Public),
    ] {
        put(store, &room(name), 0, "ann", [created(kind, "")]).await;
    }
    put(store, &room("no-beginning"), 0, "ann", [said("x")]).await;
    assert_eq!(names(store, "", "", 100).await, ["also-open", "open"]);
    for hidden in ["hidden", "@", "@1a", "no-beginning"] {
        assert_eq!(names(store, hidden, "", 100).await, [""; 0], "{hidden}");
    }
}

/// Creates a public room.
async fn put_public(store: &SharedStore, name: &str) {
    let created = [created(RoomKind::Public, "")];
    put(store, &room(name), 0, "ann", created).await;
}

pub(crate) async fn prefixes_are_no_patterns(store: &SharedStore) {
    for name in ["a", "a-b", "ab", "abc", "b", "zz"] {
        put_public(store, name).await;
    }
    let check = |prefix: &'static str, expect: &'static [&str]| async move {
        assert_eq!(names(store, prefix, "", 100).await, expect, "{prefix:?}");
    };
    check("", &["a", "a-b", "ab", "abc", "b", "zz"]).await;
    check("a", &["a", "a-b", "ab", "abc"]).await;
    check("ab", &["ab", "abc"]).await;
    check("abc", &["abc"]).await;
    check("abcd", &[]).await;
    check("zz", &["zz"]).await;
    for pattern in [
        "%", "_", "a%", "a_", "a*", "a?", "[a]", ".", "^a", "a.*", "(", "\\", "'", "A", "\0", "🦀",
    ] {
        check(pattern, &[]).await;
    }
}

pub(crate) async fn public_rooms_in_pages(store: &SharedStore) {
    let mut all: Vec<_> = (0..30).map(|n| format!("r{n}")).collect();
    all.extend(["q".into(), "s".into()]);
    for name in &all {
        put_public(store, name).await;
    }
    all.sort();
    for (prefix, limit) in [("", 7), ("r", 7), ("r1", 3), ("", 1), ("r2", 100)] {
        let expect: Vec<_> = all
            .iter()
            .filter(|name| name.starts_with(prefix))
            .cloned()
            .collect();
        let mut paged: Vec<String> = Vec::new();
        loop {
            let after = paged.last().map_or("", String::as_str);
            let page = names(store, prefix, after, limit).await;
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
            assert!(paged.len() <= expect.len(), "{paged:?}");
        }
        assert_eq!(paged, expect, "{prefix:?} by {limit}");
    }
    // A cursor before, among and behind what the prefix finds, of a room or of none.
    assert_eq!(names(store, "r", "a", 2).await, ["r0", "r1"]);
    assert_eq!(names(store, "r2", "r1", 1).await, ["r2"]);
    assert_eq!(names(store, "r2", "r29z", 2).await, [""; 0]);
    assert_eq!(
        names(store, "r", "r28a", 5).await,
        ["r29", "r3", "r4", "r5", "r6"]
    );
    assert_eq!(names(store, "q", "r", 5).await, [""; 0]);
    assert_eq!(names(store, "", "", 0).await, [""; 0]);
    assert_eq!(names(store, "", "", usize::MAX).await, all);
}
