//! Databases and events of other versions, made by hand.

use chat_shared::{RoomName, Username};
use mongodb::bson::{Document, doc};

use super::{mongo_server::TestDatabase, open_new};
use crate::contract::{event, said, session};
use crate::mongo::schema::SCHEMA_VERSION;
use crate::mongo::{MongoStore, OpenError};
use crate::{AccountStore, Append, LogStore, PageLimit, PasswordRecord, Search, StoreError};
use chat_server_rules::EventBody;

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_newer_event_is_distinguished_from_a_corrupt_one() {
    let (database, store) = open_new().await;
    // The background might write the entries before the log is changed.
    store.repairing.abort();
    for name in ["kind", "format", "corrupt", "good"] {
        let log = vec![
            event(1, "ann", said("one crab")),
            event(2, "ann", said("two crabs")),
        ];
        store.append(&room(name), 0, log).await.unwrap();
    }
    let log = database.open().await.collection::<Document>("log");
    let sets = [
        (
            "kind",
            doc! { "body": { "kind": "poll", "question": "secret" } },
        ),
        ("format", doc! { "format": 99 }),
        ("corrupt", doc! { "body": { "kind": "message", "text": 7 } }),
    ];
    for (name, set) in sets {
        let second = doc! { "room": name, "seq": 2 };
        let changed = log.update_one(second, doc! { "$set": set }).await.unwrap();
        assert_eq!(changed.matched_count, 1);
    }
    for name in ["kind", "format"] {
        let outcome = store.events(&room(name), 0, PageLimit::rows(9)).await;
        let Err(StoreError::TooNew(text)) = outcome else {
            panic!("{name}: {outcome:?}")
        };
        assert!(text.starts_with(&format!("event 2 of {name}")), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let corrupt = store.events(&room("corrupt"), 0, PageLimit::rows(9)).await;
    assert!(
        matches!(corrupt, Err(StoreError::Corrupt(_))),
        "{corrupt:?}"
    );

    // None of them keeps the others from being found, nor the store from being opened.
    let again = MongoStore::open(&database.url, &database.name).await;
    let crabs = Search {
        phrases: vec![vec!["crabs".to_owned()]],
        rooms: vec![room("corrupt"), room("good"), room("kind")],
        limit: 9,
        ..Search::default()
    };
    let found = again.unwrap().search(&crabs).await.unwrap();
    assert_eq!(found.messages, [(room("good"), 2)]);
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_newer_schema_is_refused_by_its_version() {
    let (database, store) = open_new().await;
    drop(store);
    let schema = database.open().await.collection::<Document>("schema");
    let found = schema.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(found.get_i64("version").unwrap(), i64::from(SCHEMA_VERSION));
    let set = async |version: i32, oldest_reader: i32| {
        let set = doc! { "version": version, "oldestReader": oldest_reader };
        let update = schema.update_one(doc! {}, doc! { "$set": set });
        update.await.unwrap();
    };
    let ours = SCHEMA_VERSION as i32;
    // A newer one that says that we understand it stays as it is.
    set(ours + 5, ours).await;
    MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    set(ours + 5, ours + 1).await;
    let refused = MongoStore::open(&database.url, &database.name).await;
    let error = refused.unwrap_err();
    assert!(matches!(error, OpenError::TooNew { .. }), "{error}");
    let versions = format!("it has version {} and this one knows {ours}", ours + 5);
    assert!(error.to_string().contains(&versions), "{error}");
}

/// As a server of version 1 left it: no document has a version or a field that came since.
async fn version_1(database: &TestDatabase) {
    let database = database.open().await;
    let insert = async |name: &str, doc: Document| {
        let collection = database.collection::<Document>(name);
        collection.insert_one(doc).await.unwrap();
    };
    insert(
        "rooms",
        doc! {
            "_id": "rust", "kind": "public", "topic": "crabs", "shapeSeq": 1_i64,
            "applied": 3_i64, "searched": 0_i64,
        },
    )
    .await;
    let bodies = [
        doc! { "kind": "created", "room_kind": "public", "topic": "crabs" },
        doc! { "kind": "message", "text": "hello crab" },
        doc! { "kind": "edited", "target": 2_i64, "text": "hello lobster" },
    ];
    for (seq, body) in (1_i64..).zip(bodies) {
        insert(
            "log",
            doc! {
                "_id": format!("rust:{seq:016}"), "room": "rust", "seq": seq, "ts": seq,
                "event": format!("{seq:032x}"), "sender": "ann", "nonce": format!("~{seq}"),
                "messages": seq - 1, "isMessage": seq == 2,
                "target": if seq == 3 { 2_i64 } else { 0 },
                "mentions": [], "body": body,
            },
        )
        .await;
    }
    insert(
        "chatRoomUsers",
        doc! {
            "_id": "ann", "username": "ann", "password": "$argon2id$x",
            "chatServer": {
                "passwordKind": "argon2id", "displayName": "Ann", "bot": false, "created": 1_i64,
            },
        },
    )
    .await;
    insert(
        "sessions",
        doc! { "_id": "s", "username": "ann", "created": 1_i64, "expires": 9_i64 },
    )
    .await;
    let state = mongodb::bson::Binary {
        subtype: mongodb::bson::spec::BinarySubtype::Generic,
        bytes: b"{}".to_vec(),
    };
    insert(
        "snapshots",
        doc! { "_id": "rust", "seq": 2_i64, "state": state },
    )
    .await;
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_database_of_version_1_is_used() {
    let database = TestDatabase::new();
    version_1(&database).await;
    let store = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    let rust = room("rust");
    let log = store
        .events(&rust, 0, PageLimit::rows(9))
        .await
        .unwrap()
        .events;
    assert_eq!(log.len(), 3);
    assert_eq!(log[1].body.text(), Some("hello crab"));
    let hello = Vec::from_iter(store.event(&rust, 2).await.unwrap());
    let states = store.message_states(&rust, hello, 4, 999).await.unwrap();
    assert_eq!(states[0].text, "hello lobster", "it is folded at start");
    let next = event(4, "ann", EventBody::Joined);
    let appended = store.append(&rust, 3, vec![next]).await.unwrap();
    assert_eq!(appended, Append::Stored);
    let ann = store.find_user("ann").await.unwrap().unwrap();
    assert!(ann.password == PasswordRecord::Argon2id("$argon2id$x".into()));
    let kept = store.session("s").await.unwrap().unwrap();
    assert!(kept.is_valid_for(&ann), "{kept:?}");
    assert_eq!((kept.secret_hash, kept.lobby_seq), (None, 0));
    assert_eq!(
        store.snapshot(&rust).await.unwrap().unwrap().rules_version,
        0
    );
    store.create_session(session("new", "ann")).await.unwrap();
    let own = store.sessions_of(&Username::existing("ann"), 9).await;
    assert_eq!(own.unwrap().len(), 2);
    let schema = database.open().await.collection::<Document>("schema");
    let found = schema.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(found.get_i64("version").unwrap(), i64::from(SCHEMA_VERSION));
}
