//! A room that this server can't read is set aside, and the others work on.

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use crate::support::{Server, text_of};

/// Gives the first message of a room another kind, as only a newer server would write it.
async fn change_kind(server: &Server, room: &str, kind: &str) {
    let changed = if let Some(database) = server.database() {
        let log = database.open().await.collection::<Document>("log");
        let first = doc! { "room": room, "isMessage": true };
        let set = doc! { "$set": { "body.kind": kind } };
        let update = log.update_one(first, set).await.expect("an update");
        usize::try_from(update.matched_count).unwrap()
    } else {
        let file = server.data_dir().join("chat.db");
        let database = rusqlite::Connection::open(file).expect("the database opens");
        let set = "UPDATE events SET body = json_set(body, '$.kind', ?2)
             WHERE room = ?1 AND is_message = 1";
        database.execute(set, [room, kind]).expect("an update")
    };
    assert_eq!(changed, 1, "{room} has one message");
}

fn rooms(welcome: &Value) -> Vec<&str> {
    let rooms = welcome["rooms"].as_array().unwrap();
    let mut names: Vec<_> = rooms
        .iter()
        .filter_map(|room| room["room"].as_str())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_room_of_a_newer_server_keeps_nobody_out_of_the_others() {
    let mut server = Server::start_for_restarts().await;
    let (user, mut ann) = server.newcomer("ann").await;
    for room in ["newer", "rust"] {
        ann.done(json!({"type": "create", "room": room}), "room")
            .await;
        ann.say(room, "hello").await;
    }
    server.kill();
    change_kind(&server, "newer", "poll").await;
    server.restart().await;

    let mut ann = server.enter(&user).await;
    assert_eq!(rooms(&ann.welcome), ["lobby", "rust"]);
    ann.say("rust", "still here").await;
    ann.say("lobby", "still here").await;
    for command in [
        json!({"type": "send", "room": "newer", "text": "x", "nonce": "0123456789abcdef"}),
        json!({"type": "history", "room": "newer"}),
        json!({"type": "join", "room": "newer"}),
    ] {
        let error = ann.refused(command, &["unavailable"]).await;
        assert!(text_of(&error).contains("newer version"), "{error}");
    }

    server.kill();
    change_kind(&server, "newer", "message").await;
    server.restart().await;
    let mut ann = server.enter(&user).await;
    assert_eq!(rooms(&ann.welcome), ["lobby", "newer", "rust"]);
    ann.say("newer", "back again").await;
}
