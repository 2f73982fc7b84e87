//! The search entries follow the log: after failures, in many rooms, and without making a search
//! wait.

use std::time::Duration;

use chat_server_rules::EventBody;
use chat_shared::RoomName;
use futures::future::join_all;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use tokio::time::{Instant, sleep, timeout};

use super::mongo_server::TestDatabase;
use super::proxy::{Fault, Proxy};
use super::{open_behind_proxy, open_behind_proxy_with, open_new};
use crate::contract::{event, said};
use crate::mongo::{MongoStore, Timeouts};
use crate::{Found, LogStore, Search};

/// How long entries may take to be complete; FerretDB reads whole collections for them.
const PATIENCE: Duration = Duration::from_secs(180);

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn crabs(rooms: &[&str], limit: usize) -> Search {
    Search {
        phrases: vec![vec!["crab".to_owned()]],
        rooms: rooms.iter().map(|name| room(name)).collect(),
        limit,
        ..Search::default()
    }
}

async fn search_until(store: &MongoStore, search: &Search, count: usize) -> Found {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = store.search(search).await.unwrap();
        if found.messages.len() == count {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "{} of {count}",
            found.messages.len()
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until the room's document says that its entries reach `seq`.
async fn entered_until(database: &Database, name: &str, seq: u64) {
    let rooms = database.collection::<Document>("rooms");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let row = rooms.find_one(doc! { "_id": name }).await.unwrap().unwrap();
        let searched = row.get_i64("searched").unwrap().cast_unsigned();
        if searched >= seq {
            return;
        }
        assert!(Instant::now() < deadline, "{name}: {searched} of {seq}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Counts the entries, as the database has them.
async fn count_entries(database: &Database) -> u64 {
    let search = database.collection::<Document>("search");
    search.count_documents(doc! {}).await.unwrap()
}

/// Appends one event to the room.
async fn append(store: &MongoStore, name: &str, body: EventBody) {
    let tip = store.tip(&room(name)).await.unwrap();
    let next = vec![event(tip + 1, "ann", body)];
    store.append(&room(name), tip, next).await.unwrap();
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn what_is_said_while_entries_cannot_be_written_is_found_later() {
    let (database, proxy, store) = open_behind_proxy().await;
    let faults = [
        ("find", "rooms", Fault::error(10_107, &[])),
        ("insert", "search", Fault::error(10_107, &[])),
        ("insert", "search", Fault::write_concern(64)),
        ("update", "rooms", Fault::CutBefore),
    ];
    let mut all = Vec::new();
    for (n, (command, collection, fault)) in faults.into_iter().enumerate() {
        let names = ["aa", "bb", "cc"].map(|name| format!("{name}{n}"));
        // The room is there before the fault, which then meets the follower alone.
        for name in &names {
            append(&store, name, EventBody::Joined).await;
        }
        proxy.heal();
        proxy.play(command, Some(collection), usize::MAX, fault);
        for name in &names {
            append(&store, name, said("a crab")).await;
        }
        // A search finds all of it meanwhile.
        let of_these = crabs(&names.each_ref().map(String::as_str), 99);
        let found = store.search(&of_these).await.unwrap();
        assert_eq!(found.messages.len(), names.len());
        let deadline = Instant::now() + PATIENCE;
        while proxy.played() < names.len() {
            assert!(Instant::now() < deadline, "nobody follows");
            sleep(Duration::from_millis(50)).await;
        }
        proxy.heal();
        all.extend(names);
    }
    // Memory answers this store, and the background enters what it could not enter before.
    let raw = database.open().await;
    for name in &all {
        entered_until(&raw, name, 2).await;
    }
    assert_eq!(count_entries(&raw).await, all.len() as u64);
    store.shared.recent.disable();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    let found = store.search(&crabs(&names, 99)).await.unwrap();
    assert_eq!(found.messages.len(), all.len());
}

/// A store without a background and without recent messages in memory, whose patience is long.
async fn open_for_searches() -> (TestDatabase, Proxy, MongoStore) {
    let endless = Timeouts {
        operation: Duration::from_secs(3_600),
        ..Timeouts::default()
    };
    let (database, proxy, store) = open_behind_proxy_with(endless).await;
    store.repairing.abort();
    store.shared.recent.disable();
    (database, proxy, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_search_is_answered_while_entries_are_still_written() {
    let (_database, proxy, store) = open_for_searches().await;
    append(&store, "rust", said("a crab")).await;
    proxy.play("insert", Some("search"), usize::MAX, Fault::Swallow);
    let answered = timeout(PATIENCE, store.search(&crabs(&["rust"], 9))).await;
    answered.expect("it is answered").unwrap();
    let deadline = Instant::now() + PATIENCE;
    while proxy.played() == 0 {
        assert!(Instant::now() < deadline, "nobody writes entries");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_search_follows_its_own_rooms_alone() {
    let (database, _proxy, store) = open_for_searches().await;
    for name in ["aa", "bb"] {
        append(&store, name, said("a crab")).await;
    }
    search_until(&store, &crabs(&["aa"], 9), 1).await;
    let raw = database.open().await;
    assert_eq!(count_entries(&raw).await, 1, "#bb was followed too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn of_many_searches_of_a_room_one_follows_it() {
    const SEARCHES: usize = 8;
    let (_database, proxy, store) = open_for_searches().await;
    append(&store, "rust", said("a crab")).await;
    // So that all searches find the room behind its log.
    let slow = Fault::Delay(Duration::from_secs(1));
    proxy.play("insert", Some("search"), SEARCHES, slow);
    proxy.take_passed();
    let search = crabs(&["rust"], 9);
    let searches = std::iter::repeat_with(|| store.search(&search)).take(SEARCHES);
    for found in join_all(searches).await {
        found.unwrap();
    }
    // It waits its turn behind the searches' followers.
    store.shared.follow_appended().await.unwrap();
    let passed = proxy.take_passed();
    let inserts = passed
        .iter()
        .filter(|command| command.name == "insert" && command.collection == "search");
    assert_eq!(inserts.count(), 1, "{passed:?}");
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn with_eleven_thousand_rooms_the_start_is_quick_and_the_last_is_searched() {
    const ROOMS: usize = 11_000;
    let (database, store) = open_new().await;
    let last = "zz";
    let log = vec![event(1, "ann", said("a crab"))];
    store.append(&room(last), 0, log).await.unwrap();
    drop(store);
    let raw = database.open().await;
    let rooms = raw.collection::<Document>("rooms");
    let row = |n: usize| {
        doc! {
            "_id": format!("r{n}"), "kind": "public", "topic": "", "shapeSeq": 1_i64,
            "projected": 1_i64, "searched": 1_i64,
        }
    };
    for page in Vec::from_iter(1..=ROOMS).chunks(1_000) {
        let rows = page.iter().map(|n| row(*n));
        rooms.insert_many(rows).await.unwrap();
    }
    let unsearched = doc! { "$set": { "searched": 0_i64 } };
    rooms
        .update_one(doc! { "_id": last }, unsearched)
        .await
        .unwrap();
    raw.collection::<Document>("search")
        .delete_many(doc! {})
        .await
        .unwrap();

    let begun = Instant::now();
    let store = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "ready after {took:?}");
    let begun = Instant::now();
    search_until(&store, &crabs(&[last], 9), 1).await;
    report(&format!(
        "{ROOMS} rooms: ready after {took:.2?}, the last one searched {:.2?} later",
        begun.elapsed()
    ));
}

/// `CHAT_SEARCH_MESSAGES` says how many are sent.
#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_search_behind_many_messages_is_answered_within_a_second() {
    let messages = std::env::var("CHAT_SEARCH_MESSAGES");
    let messages: u64 = messages.map_or(12_000, |count| count.parse().unwrap());
    let (database, store) = open_new().await;
    let log: Vec<_> = (1..=messages)
        .map(|seq| event(seq, "ann", said(&format!("crab {seq}"))))
        .collect();
    let begun = Instant::now();
    for batch in log.chunks(64) {
        let after = batch[0].seq - 1;
        store
            .append(&room("rust"), after, batch.to_vec())
            .await
            .unwrap();
    }
    let appended = begun.elapsed();
    let mut longest = Duration::ZERO;
    for seq in [1, messages / 2, messages] {
        let mut one = crabs(&["rust"], 20);
        one.phrases.push(vec![seq.to_string()]);
        let begun = Instant::now();
        let found = store.search(&one).await.unwrap();
        longest = longest.max(begun.elapsed());
        assert_eq!(found.messages, [(room("rust"), seq)]);
    }
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    let begun = Instant::now();
    let raw = database.open().await;
    entered_until(&raw, "rust", messages).await;
    let entered = begun.elapsed();
    assert_eq!(count_entries(&raw).await, messages);
    report(&format!(
        "{messages} messages in {appended:.1?}; the slowest search took {longest:.2?}; all entries \
         {entered:.1?} later"
    ));
}

#[expect(clippy::print_stderr, reason = "a run reports what it did")]
fn report(line: &str) {
    eprintln!("following: {line}");
}
