//! Every question that the store asks, and the index that serves it in MongoDB.
//!
//! FerretDB scans on all but `_id`, so this can't be measured here. The list is held both ways: a
//! question that is not in it fails, and so does a line that no question is of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chat_shared::protocol::RoomKind;
use chat_shared::{Emoji, RoomName, Username};
use mongodb::bson::{Bson, Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;

use super::mongo_server::TestDatabase;
use super::shapes_list::SHAPES;
use crate::mongo::indexes::INDEXES;
use crate::mongo::{MongoStore, Timeouts, connect};
use crate::{
    Avatar, NewPassword, NewUser, PageLimit, PasswordEpoch, PasswordRecord, ReadMark, SESSIONS_MAX,
    Search, SharedStore, Snapshot,
};
use chat_rules::{EventBody, EventId, EventNonce, LogEvent};

type Seen = Arc<Mutex<BTreeSet<String>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn every_question_has_an_index() {
    let database = TestDatabase::new();
    let seen = Seen::default();
    let mut options = connect::options(&database.url, Timeouts::default())
        .await
        .unwrap();
    let noting = Arc::clone(&seen);
    options.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event {
            let shapes = shapes(&started.command);
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
    let store: SharedStore = Arc::new(first);
    ask_everything(&store).await;
    // What is in the log by now is looked through by the next start.
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
            return fields == "all" && ["chatRoomUsers", "demoNames"].contains(&collection);
        }
        ("_id", _) => &["_id"],
        (_, Some(index)) => index.fields,
        (_, None) => return false,
    };
    let fields: Vec<(&str, &str)> = fields
        .split(", ")
        .map(|field| field.split_once(' ').unwrap_or((field, "")))
        .collect();
    let is_equal = |key: &str| fields.contains(&(key, "="));
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
        "insert" | "createIndexes" | "ping" | "getMore" | "endSessions" | "killCursors" => {
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

/// Each method, in a way that asks all that it may ask.
async fn ask_everything(store: &SharedStore) {
    let rust = RoomName::parse("rust").unwrap();
    let ann = Username::existing("Ann");
    let event = |seq, body| LogEvent {
        seq,
        ts: seq,
        id: EventId(format!("{seq:032x}")),
        sender: ann.clone(),
        nonce: EventNonce::from_seq(seq),
        messages: seq,
        body,
    };
    let created = EventBody::Created {
        room_kind: RoomKind::Public,
        topic: String::new(),
        with: None,
    };
    store
        .append(&rust, 7, vec![event(8, EventBody::Joined)])
        .await
        .unwrap();
    store
        .append(&rust, 0, vec![event(1, created)])
        .await
        .unwrap();
    for seq in 2..=3 {
        store
            .append(
                &rust,
                seq - 1,
                vec![event(seq, EventBody::Left { heir: None })],
            )
            .await
            .unwrap();
    }
    store
        .append(&rust, 1, vec![event(2, EventBody::Joined)])
        .await
        .unwrap();
    let mut taken = event(4, EventBody::Joined);
    taken.nonce = EventNonce::from_seq(1);
    store.append(&rust, 3, vec![taken]).await.unwrap();
    store.events(&rust, 0, PageLimit::rows(10)).await.unwrap();
    store
        .messages_before(&rust, 9, PageLimit::rows(10))
        .await
        .unwrap();
    store
        .messages_after(&rust, 0, PageLimit::rows(10))
        .await
        .unwrap();
    store
        .event_by_nonce(&rust, &ann, &EventNonce::from_seq(1))
        .await
        .unwrap();
    let said = EventBody::Message {
        text: "a crab".into(),
        reply_to: None,
        bot: false,
        mentions: vec![ann.clone()],
    };
    let edited = EventBody::Edited {
        target: 4,
        text: "a crab".into(),
        mentions: Vec::new(),
    };
    let topic = EventBody::Topic { topic: "t".into() };
    let deleted = EventBody::Deleted { target: 4 };
    let reacted = EventBody::Reacted {
        target: 4,
        emoji: Emoji::parse("🦀").unwrap(),
        on: true,
    };
    let conversation = [said, edited, reacted];
    let events: Vec<_> = (4..)
        .zip(conversation)
        .map(|(seq, body)| event(seq, body))
        .collect();
    for event in events {
        store
            .append(&rust, event.seq - 1, vec![event])
            .await
            .unwrap();
    }
    let search = Search {
        phrases: vec![vec!["crab".into()]],
        rooms: vec![rust.clone()],
        from: Some(ann.clone()),
        limit: 5,
        ..Search::default()
    };
    store.search(&search).await.unwrap();
    let cursor = Some("9.x".to_owned());
    store
        .search(&Search {
            cursor,
            from: None,
            ..search
        })
        .await
        .unwrap();
    store.event(&rust, 4).await.unwrap();
    for as_of in [4, 6] {
        let said = store.events(&rust, 3, PageLimit::rows(1)).await.unwrap();
        let states = store.message_states(&rust, said.events, as_of, 9_999);
        states.await.unwrap();
    }
    for (seq, body) in (7..).zip([deleted, topic]) {
        let last = vec![event(seq, body)];
        store.append(&rust, seq - 1, last).await.unwrap();
    }
    store.scrub(&rust, 4).await.unwrap();
    store.unscrubbed(9).await.unwrap();
    for seq in [2, 3] {
        let mark = ReadMark { seq, messages: 1 };
        store.mark_read(&rust, &ann, mark).await.unwrap();
    }
    store.read_marks(&rust).await.unwrap();
    store.mentions_above(&rust, &ann, 0).await.unwrap();
    store.mentions_of(&ann, 9).await.unwrap();
    store.rooms_of(&ann).await.unwrap();
    store.public_rooms("", "", 10).await.unwrap();
    for seq in [5, 6] {
        let snapshot = Snapshot {
            rules_version: 1,
            seq,
            state: Vec::new(),
        };
        store.save_snapshot(&rust, snapshot).await.unwrap();
    }
    store.snapshot(&rust).await.unwrap();

    let password = PasswordRecord::Argon2id("$argon2id$".into());
    let new = NewUser {
        username: ann.clone(),
        password: password.clone(),
        bot: false,
        created: 1,
    };
    for _ in 0..2 {
        store.create_user(new.clone()).await.unwrap();
    }
    for name in ["Ann", "ann", "Demo", "demo", "eve"] {
        store.find_user(name).await.unwrap();
    }
    store.users_after("", 10).await.unwrap();
    store.count_users().await.unwrap();
    store.plain_passwords(10).await.unwrap();
    store
        .convert_password(&Username::existing("Demo"), "x", "$argon2id$")
        .await
        .unwrap();
    let new = NewPassword {
        record: password,
        epoch: PasswordEpoch("e".into()),
    };
    store
        .set_password(&ann, None, new, Some("x"))
        .await
        .unwrap();
    store.set_banned(&ann, Some(7), Some(1)).await.unwrap();
    let avatar = Avatar {
        name: "a".into(),
        png: vec![1],
    };
    for _ in 0..2 {
        store.set_avatar(&ann, avatar.clone()).await.unwrap();
    }
    store.avatar("a").await.unwrap();
    store.sessions_of(&ann, 9).await.unwrap();
    store.revoke_sessions_of(&ann, Some("x")).await.unwrap();
    for n in 0..=SESSIONS_MAX {
        let session = crate::contract::session(&format!("s{n}"), "ann");
        store.create_session(session).await.unwrap();
    }
    store.session("s").await.unwrap();
    store.renew_session("s", 3).await.unwrap();
    store.revoke_session("s").await.unwrap();
    store.purge_sessions(9).await.unwrap();
    store.insert_if_absent("k", "v").await.unwrap();
    store.value("k").await.unwrap();
}
