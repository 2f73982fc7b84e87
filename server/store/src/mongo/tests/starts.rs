//! What a start does to a database: the indexes that it makes, and no write without need.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;

use super::mongo_server::TestDatabase;
use super::proxy::Proxy;
use crate::LogStore;
use crate::contract::{event, said};
use crate::mongo::MongoStore;
use chat_server_rules::EventBody;
use chat_shared::RoomName;

/// Commands that write nothing.
const READS: [&str; 8] = [
    "endSessions",
    "find",
    "getMore",
    "hello",
    "isMaster",
    "listIndexes",
    "saslContinue",
    "saslStart",
];

fn index(keys: Document, name: &str, unique: bool) -> IndexModel {
    let options = IndexOptions::builder()
        .name(name.to_owned())
        .unique(unique)
        .build();
    IndexModel::builder().keys(keys).options(options).build()
}

async fn names_of(database: &TestDatabase, collection: &str) -> BTreeSet<String> {
    let collection = database.open().await.collection::<Document>(collection);
    let all: Vec<IndexModel> = collection
        .list_indexes()
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let name = |index: IndexModel| index.options.unwrap().name.unwrap();
    all.into_iter().map(name).collect()
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn an_index_with_the_same_keys_under_another_name_is_used() {
    for (name, is_unique) in [("username_1", false), ("chat_by_username", true)] {
        let database = TestDatabase::new();
        let users = database
            .open()
            .await
            .collection::<Document>("chatRoomUsers");
        let theirs = index(doc! { "username": 1 }, name, is_unique);
        users.create_index(theirs).await.unwrap();
        MongoStore::open(&database.url, &database.name)
            .await
            .unwrap();
        let names = names_of(&database, "chatRoomUsers").await;
        let expected = ["_id_", "chat_by_password_kind", name].map(str::to_owned);
        assert_eq!(names, BTreeSet::from(expected));
    }
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn indexes_of_an_older_version_are_replaced() {
    let database = TestDatabase::new();
    let log = database.open().await.collection::<Document>("log");
    for (keys, name) in [
        (doc! { "room": 1, "target": 1, "seq": 1 }, "by_target"),
        (doc! { "mentions": 1, "ts": 1 }, "by_mention"),
    ] {
        log.create_index(index(keys, name, false)).await.unwrap();
    }
    MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    let names = names_of(&database, "log").await;
    let expected = [
        "_id_",
        "by_change",
        "by_mentioned",
        "by_mentioned_in_room",
        "by_message",
        "by_nonce",
    ];
    assert_eq!(names, BTreeSet::from(expected.map(str::to_owned)));
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_first_start_builds_the_indexes_of_a_collection_in_one_command() {
    let database = TestDatabase::new();
    let proxy = Proxy::start(&database.url).await;
    MongoStore::open(&proxy.url(), &database.name)
        .await
        .unwrap();
    let mut builds: BTreeMap<String, usize> = BTreeMap::new();
    for command in proxy.take_passed() {
        if command.name == "createIndexes" {
            *builds.entry(command.collection).or_default() += 1;
        }
    }
    assert!(builds.contains_key("log"), "{builds:?}");
    // FerretDB has no partial indexes, and is asked again without.
    assert!(builds.values().all(|builds| *builds <= 2), "{builds:?}");
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_start_on_a_database_that_is_up_to_date_writes_nothing() {
    let database = TestDatabase::new();
    let proxy = Proxy::start(&database.url).await;
    let url = proxy.url();
    let open = || MongoStore::open(&url, &database.name);
    let store = open().await.unwrap();
    let rust = RoomName::parse("rust").unwrap();
    let log = vec![
        event(1, "ann", EventBody::Joined),
        event(2, "ann", said("hi")),
    ];
    store.append(&rust, 0, log).await.unwrap();
    drop(store);
    proxy.take_passed();

    drop(open().await.unwrap());
    let passed = proxy.take_passed();
    assert!(!passed.is_empty());
    let writes: Vec<_> = passed
        .iter()
        .filter(|command| !READS.contains(&command.name.as_str()))
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
}
