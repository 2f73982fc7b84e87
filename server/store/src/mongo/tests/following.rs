//! The search entries follow the log: after failures, in many rooms, and without making a search
//! wait.

use std::time::Duration;

use chat_shared::RoomName;
use futures::future::join_all;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use tokio::time::{Instant, sleep};

use super::proxy::Fault;
use super::{open_behind_proxy, open_new};
use crate::contract::{event, said};
use crate::mongo::MongoStore;
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

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn what_is_said_while_entries_cannot_be_written_is_found_later() {
    let (database, proxy, store) = open_behind_proxy().await;
    let names = ["aa", "bb", "cc"];
    for (command, fault) in [
        ("insert", Fault::error(10_107, &[])),
        ("insert", Fault::write_concern(64)),
        ("update", Fault::CutBefore),
    ] {
        let collection = if command == "insert" {
            "search"
        } else {
            "rooms"
        };
        proxy.play(command, Some(collection), usize::MAX, fault);
        for name in names {
            let tip = store.tip(&room(name)).await.unwrap();
            let said = event(tip + 1, "ann", said("a crab"));
            // The room's own document can't be moved on either; the message is stored all the same.
            store.append(&room(name), tip, vec![said]).await.unwrap();
        }
        // A search finds all of it meanwhile.
        let tips: Vec<u64> =
            join_all(names.map(async |name| store.tip(&room(name)).await.unwrap())).await;
        let found = store.search(&crabs(&names, 99)).await.unwrap();
        assert_eq!(found.messages.len() as u64, tips.iter().sum::<u64>());
        sleep(Duration::from_millis(1_500)).await;
        proxy.heal();
    }
    // Memory answers this store, and the background enters what it could not enter before.
    let raw = database.open().await;
    for name in names {
        entered_until(&raw, name, 3).await;
    }
    assert_eq!(count_entries(&raw).await, 9);
    store.shared.recent.disable();
    let found = store.search(&crabs(&names, 99)).await.unwrap();
    for name in names {
        let in_it = |found: &&(RoomName, u64)| found.0.as_str() == name;
        assert_eq!(found.messages.iter().filter(in_it).count(), 3, "{name}");
    }
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
