//! What other nodes and crashes leave, made by hand.

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};
use mongodb::bson::doc;

use super::open_new;
use crate::mongo::MongoStore;
use crate::mongo::documents::LogDoc;
use crate::{
    AccountStore, Append, LogStore, NewPassword, PageLimit, PasswordEpoch, PasswordRecord,
};
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};

fn rust() -> RoomName {
    RoomName::parse("rust").unwrap()
}

fn event(seq: Seq, sender: &str, body: EventBody) -> LogEvent {
    LogEvent {
        seq,
        ts: seq,
        id: EventId(format!("{sender}{seq}")),
        sender: Username::existing(sender),
        nonce: EventNonce::from_seq(seq),
        messages: 0,
        body,
    }
}

fn created() -> EventBody {
    EventBody::Created {
        room_kind: RoomKind::Public,
        topic: "t".into(),
        with: None,
    }
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn another_node_wins_a_number_in_the_middle() {
    let (_database, store) = open_new().await;
    store
        .append(&rust(), 0, vec![event(1, "ann", created())])
        .await
        .unwrap();
    let theirs = event(3, "eve", EventBody::Joined);
    store
        .shared
        .log
        .insert_one(LogDoc::new(&rust(), &theirs))
        .await
        .unwrap();
    let batch: Vec<_> = (2..=4)
        .map(|seq| event(seq, "bob", EventBody::Joined))
        .collect();
    let outcome = store.append(&rust(), 1, batch.clone()).await.unwrap();
    assert_eq!(outcome, Append::Prefix { stored: 1 });
    let log = store
        .events(&rust(), 1, PageLimit::rows(10))
        .await
        .unwrap()
        .events;
    assert_eq!(log, [batch[0].clone(), theirs]);
    // What stands is projected, what does not is not.
    assert_eq!(
        store.rooms_of(&Username::existing("bob")).await.unwrap(),
        [rust()]
    );
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn an_append_that_was_done_already_is_done() {
    let (_database, store) = open_new().await;
    store
        .append(&rust(), 0, vec![event(1, "ann", created())])
        .await
        .unwrap();
    // The answer to a part of it was lost, and it is sent again.
    let batch: Vec<_> = (2..=200)
        .map(|seq| event(seq, "bob", EventBody::Joined))
        .collect();
    for done in &batch[..70] {
        store
            .shared
            .log
            .insert_one(LogDoc::new(&rust(), done))
            .await
            .unwrap();
    }
    assert_eq!(
        store.append(&rust(), 1, batch.clone()).await.unwrap(),
        Append::Stored
    );
    assert_eq!(
        store
            .events(&rust(), 1, PageLimit::rows(500))
            .await
            .unwrap()
            .events,
        batch
    );
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn projections_that_a_crash_left_behind_are_repaired_at_start() {
    let (database, store) = open_new().await;
    let log = [
        event(1, "ann", created()),
        event(2, "bob", EventBody::Joined),
        event(3, "eve", EventBody::Joined),
        event(4, "bob", EventBody::Left { heir: None }),
    ];
    store.shared.announce(&rust()).await.unwrap();
    for event in &log {
        store
            .shared
            .log
            .insert_one(LogDoc::new(&rust(), event))
            .await
            .unwrap();
    }
    assert_eq!(store.public_rooms("", "", 9).await.unwrap(), []);
    let again = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    let rooms = again.public_rooms("", "", 9).await.unwrap();
    let rooms: Vec<_> = rooms
        .iter()
        .map(|r| (r.topic.as_str(), r.members, r.last_seq))
        .collect();
    assert_eq!(rooms, [("t", 2, 4)]);
    for (name, is_member) in [("ann", true), ("bob", false), ("eve", true)] {
        let found = again.rooms_of(&Username::existing(name)).await.unwrap();
        assert_eq!(!found.is_empty(), is_member, "{name}");
    }
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn what_another_node_did_not_project_is_projected_with_the_next() {
    let (_database, store) = open_new().await;
    store
        .append(&rust(), 0, vec![event(1, "ann", created())])
        .await
        .unwrap();
    let theirs = event(2, "eve", EventBody::Joined);
    store
        .shared
        .log
        .insert_one(LogDoc::new(&rust(), &theirs))
        .await
        .unwrap();
    store
        .append(&rust(), 2, vec![event(3, "bob", EventBody::Joined)])
        .await
        .unwrap();
    for name in ["eve", "bob"] {
        assert_eq!(
            store.rooms_of(&Username::existing(name)).await.unwrap(),
            [rust()],
            "{name}"
        );
    }
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_conversion_does_not_undo_a_change() {
    let (database, _) = open_new().await;
    let users = database.open().await.collection("chatRoomUsers");
    users
        .insert_one(doc! { "username": "Kim", "password": "old" })
        .await
        .unwrap();
    let store = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    let kim = Username::existing("Kim");
    let plain = store.plain_passwords(9).await.unwrap();
    assert_eq!(plain.len(), 1);
    let new = PasswordRecord::Argon2id("$argon2id$new".into());
    let change = NewPassword {
        record: new.clone(),
        epoch: PasswordEpoch("e".into()),
    };
    store.set_password(&kim, None, change, None).await.unwrap();
    store
        .convert_password(&kim, "old", "$argon2id$old")
        .await
        .unwrap();
    assert!(store.find_user("kim").await.unwrap().unwrap().password == new);
    assert_eq!(store.plain_passwords(9).await.unwrap(), []);
}
