//! Direct rooms.

use serde_json::json;

use crate::support::{Server, kind_of};

#[tokio::test]
async fn a_direct_room_is_only_for_its_two_people() {
    let server = Server::start().await;
    let (_, mut root) = server.newcomer("root").await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let made = ann
        .done(json!({"type": "dm", "username": "BOB"}), "room")
        .await;
    let room = made["room"]["room"].as_str().unwrap().to_owned();
    assert!(room.starts_with('@'), "{made}");
    let brief = |room: &serde_json::Value| {
        json!([room["kind"], room["with"], room["role"], room["members"]])
    };
    assert_eq!(brief(&made["room"]), json!(["direct", "bob", "member", 2]));
    let told = bob.expect("room").await;
    assert_eq!(
        (brief(&told["room"]), &told["room"]["last_seq"]),
        (json!(["direct", "ann", "member", 2]), &json!(0))
    );
    ann.say(&room, "psst").await;
    assert_eq!(bob.expect("chat").await["message"], "psst");
    // A repeated `dm`, from either side, returns the same room.
    bob.say(&room, "what?").await;
    let again = bob
        .done(json!({"type": "dm", "username": "ann"}), "room")
        .await;
    assert_eq!(
        (&again["room"]["room"], &again["room"]["last_seq"]),
        (&json!(room), &json!(3))
    );

    // For the admin it does not exist.
    for command in [
        json!({"type": "join", "room": room}),
        json!({"type": "history", "room": room}),
        json!({"type": "send", "room": room, "text": "hi", "nonce": "n"}),
        json!({"type": "delete", "room": room, "seq": 2}),
        json!({"type": "members", "room": room}),
    ] {
        root.refused(command, &["not_found"]).await;
    }
    for command in [
        json!({"type": "invite", "room": room, "username": "root"}),
        json!({"type": "kick", "room": room, "username": "bob"}),
        json!({"type": "role", "room": room, "username": "bob", "role": "owner"}),
        json!({"type": "topic", "room": room, "topic": "x"}),
        json!({"type": "leave", "room": room}),
        json!({"type": "delete", "room": room, "seq": 3}),
    ] {
        ann.refused(command, &["forbidden"]).await;
    }
    ann.refused(json!({"type": "dm", "username": "nobody"}), &["not_found"])
        .await;
    ann.refused(json!({"type": "dm", "username": "ann"}), &["bad_field"])
        .await;
    // The account log has such a name, and nobody can reach it.
    for command in [
        json!({"type": "history", "room": "@server"}),
        json!({"type": "join", "room": "@server"}),
    ] {
        root.refused(command, &["not_found"]).await;
    }
    let back = server.enter(&bob_user).await;
    let rooms = back.welcome["rooms"].as_array().unwrap();
    assert!(
        rooms
            .iter()
            .any(|told| told["room"] == json!(room) && told["with"] == "ann"),
        "{rooms:?}"
    );
    let listed = root.done(json!({"type": "rooms"}), "rooms").await;
    assert!(!listed.to_string().contains(&room), "{listed}");
    assert_eq!(kind_of(&listed), "rooms");
}
