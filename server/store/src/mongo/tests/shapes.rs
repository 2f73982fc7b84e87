//! Every question that the store asks, and the index that serves it in MongoDB.
//!
//! FerretDB scans on all but `_id`, so this can't be measured here. The list is held both ways: a
//! question that is not in it fails, and so does a line that no question is of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use mongodb::bson::{Bson, Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;

use super::mongo_server::TestDatabase;
use super::questions::ask_everything;
use super::shapes_list::SHAPES;
use crate::SharedStore;
use crate::mongo::index_list::INDEXES;
use crate::mongo::{MongoStore, Timeouts, connect};

/// A start reads all of these through one cursor, however long that takes.
const READS_OF_A_START: [&str; 2] = [
    "chatRoomUsers: chatServer.passwordKind =",
    "rooms: all; sort _id",
];

type Seen = Arc<Mutex<BTreeSet<String>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn every_question_has_an_index() {
    let database = TestDatabase::new();
    let seen = Seen::default();
    let mut options = connect::options(&database.url, Timeouts::default())
        .await
        .unwrap();
    let endless = Seen::default();
    let (noting, noting_endless) = (Arc::clone(&seen), Arc::clone(&endless));
    options.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event {
            let shapes = shapes(&started.command);
            if may_run_on(&started.command) {
                noting_endless.lock().unwrap().extend(shapes.clone());
            }
            noting.lock().unwrap().extend(shapes);
        }
    }));
    let demo = database
        .open()
        .await
        .collection::<Document>("chatRoomUsers");
    demo.insert_one(doc! { "username": "Demo", "password": "x" })
        .await
        .unwrap();
    let open = || MongoStore::open_with(options.clone(), &database.name, Timeouts::default());
    let first = open().await.unwrap();
    // Memory would answer the searches.
    first.shared.recent.disable();
    let store: SharedStore = Arc::new(first);
    ask_everything(&store).await;
    // An older server left the version and what it had projected; the next start goes on there.
    let raw = database.open().await;
    for (collection, set) in [
        ("schema", doc! { "version": 1, "oldestReader": 1 }),
        ("rooms", doc! { "projected": 0_i64 }),
    ] {
        let collection = raw.collection::<Document>(collection);
        let update = collection.update_one(doc! {}, doc! { "$set": set });
        update.await.unwrap();
    }
    drop(open().await.unwrap());

    let seen = seen.lock().unwrap().clone();
    let listed: BTreeSet<_> = SHAPES
        .iter()
        .map(|(shape, _)| (*shape).to_owned())
        .collect();
    let unlisted: Vec<_> = seen.difference(&listed).collect();
    assert!(
        unlisted.is_empty(),
        "asked and not in the list: {unlisted:#?}"
    );
    let unasked: Vec<_> = listed.difference(&seen).collect();
    assert!(
        unasked.is_empty(),
        "in the list and not asked: {unasked:#?}"
    );
    let endless = endless.lock().unwrap().clone();
    let of_starts = READS_OF_A_START.map(str::to_owned);
    assert_eq!(
        endless,
        BTreeSet::from(of_starts),
        "MongoDB would go on after nobody waits"
    );
}

/// Whether it is a read that MongoDB need not end. One document by its `_id` takes no time.
fn may_run_on(command: &Document) -> bool {
    let (name, _) = command.iter().next().unwrap();
    let filter = command.get_document("filter");
    let is_by_id = filter.is_ok_and(|filter| filter.get_str("_id").is_ok());
    ["find", "aggregate", "count"].contains(&name.as_str())
        && !is_by_id
        && !command.contains_key("maxTimeMS")
}

#[test]
fn each_index_serves_its_shape() {
    for (shape, index) in SHAPES {
        assert!(serves(shape, index), "{index} does not serve {shape}");
    }
    for (shape, index) in [
        ("log: room =, nonce =", "by_nonce"),
        ("log: seq range", "by_message"),
        ("log: room =, isMessage =, seq range; sort ts", "by_message"),
        ("log: all", "all"),
        ("sessions: username =", "by_expires"),
    ] {
        assert!(!serves(shape, index), "{index} serves {shape}?");
    }
}

/// Equal fields first, then the one of the order or the range; others that follow only filter what
/// was found, which must be few: of one key, one name, one message, or what is not converted yet.
/// What bears a word is not few, but read in order until a page is full.
fn serves(shape: &str, index: &str) -> bool {
    const FEW: [&str; 6] = [
        "_id",
        "username",
        "chatServer.passwordKind",
        "target",
        "mentions",
        "words",
    ];
    let (collection, rest) = shape.split_once(": ").unwrap();
    let (fields, sort) = rest.split_once("; sort ").unwrap_or((rest, ""));
    let sort = sort.split(", ").next().unwrap_or(sort);
    let sort = sort.trim_start_matches('-');
    let fields_of = INDEXES
        .iter()
        .find(|i| i.collection == collection && i.name == index);
    let keys: &[&str] = match (index, fields_of) {
        ("all", _) => {
            // Whether there are people is asked at start and while there is no admin, and the
            // first person ends it.
            return ["demoNames: all", "chatRoomUsers: chatServer.bot range"].contains(&shape);
        }
        ("_id", _) => &["_id"],
        (_, Some(index)) => index.fields,
        (_, None) => return false,
    };
    let fields: Vec<(&str, &str)> = fields
        .split(", ")
        .map(|field| field.split_once(' ').unwrap_or((field, "")))
        .collect();
    // A list of values is as many equal ones, whose entries MongoDB merges in order.
    let is_equal = |key: &str| ["=", "in"].iter().any(|how| fields.contains(&(key, how)));
    let equal = keys.iter().take_while(|key| is_equal(key)).count();
    let next = keys.get(equal).copied();
    let filters = |key: &str| !keys[..equal].contains(&key) && Some(key) != next;
    let is_few = keys[..keys.len().min(equal + 1)]
        .iter()
        .any(|key| FEW.contains(key));
    let others = fields.iter().any(|(key, _)| *key != "all" && filters(key));
    let in_order = sort.is_empty() || next == Some(sort);
    let begins = equal > 0
        || fields
            .iter()
            .any(|(key, how)| Some(*key) == next && *how != "=");
    in_order && (begins || fields == [("all", "")] && next == Some(sort)) && (!others || is_few)
}

fn shapes(command: &Document) -> Vec<String> {
    let (name, collection) = command.iter().next().unwrap();
    let Some(collection) = collection.as_str() else {
        return Vec::new();
    };
    let list = |key: &str| -> Vec<&Document> {
        let list = command.get_array(key).unwrap();
        list.iter()
            .map(|item| item.as_document().unwrap())
            .collect()
    };
    let shape = |filter: &Document, sort: Option<&Document>| {
        let sort = sort.map_or_else(String::new, |sort| format!("; sort {}", sorting(sort)));
        format!("{collection}: {}{sort}", filtering(filter))
    };
    match name.as_str() {
        "find" => {
            let filter = command.get_document("filter").cloned().unwrap_or_default();
            vec![shape(&filter, command.get_document("sort").ok())]
        }
        "aggregate" => {
            let stages = list("pipeline");
            let filter = stages
                .iter()
                .find_map(|stage| stage.get_document("$match").ok());
            vec![shape(filter.unwrap_or(&doc! {}), None)]
        }
        "update" => list("updates")
            .iter()
            .map(|update| shape(update.get_document("q").unwrap(), None))
            .collect(),
        "delete" => list("deletes")
            .iter()
            .map(|delete| shape(delete.get_document("q").unwrap(), None))
            .collect(),
        "insert" | "createIndexes" | "listIndexes" | "getMore" | "endSessions" | "killCursors" => {
            Vec::new()
        }
        other => vec![format!("{collection}: the command {other}")],
    }
}

fn filtering(filter: &Document) -> String {
    let field = |(key, value): (&String, &Bson)| match value {
        Bson::Document(operators) => {
            let operators: BTreeMap<_, _> = operators.iter().collect();
            let all = |what: &str| operators.keys().all(|operator| *operator == what);
            let how = match (all("$in"), all("$all")) {
                (true, _) => "in",
                (_, true) => "=",
                _ => "range",
            };
            format!("{key} {how}")
        }
        _ => format!("{key} ="),
    };
    match filter.is_empty() {
        true => "all".to_owned(),
        false => filter.iter().map(field).collect::<Vec<_>>().join(", "),
    }
}

fn sorting(sort: &Document) -> String {
    let field = |(key, order): (&String, &Bson)| match order {
        Bson::Int32(1) => key.clone(),
        _ => format!("-{key}"),
    };
    sort.iter().map(field).collect::<Vec<_>>().join(", ")
}
