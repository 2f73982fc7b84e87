//! Acts on rooms: listing them and handing them over.

use serde_json::{Value, json};

use crate::support::{PATIENCE, Server, Ws};

async fn row(server: &Server, room: &str) -> Value {
    let words = ["rooms", "list", room, "--json"];
    let mut rows = server.admin(&words).await.rows();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

async fn role(ws: &mut Ws, name: &str) -> Value {
    let members = json!({"type": "members", "room": "ops"});
    let page = ws.done(members, "members").await;
    let mut members = page["members"].as_array().unwrap().iter();
    let found = members.find(|it| it["username"] == name);
    found.unwrap()["role"].clone()
}

#[tokio::test]
async fn a_room_is_handed_over_on_a_running_server_and_on_a_stopped_one() {
    let mut server = Server::start_for_restarts().await;
    server.register("root", false).await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let create = json!({"type": "create", "room": "ops", "private": true, "topic": "Night shift"});
    ann.done(create, "room").await;
    ann.say("ops", "hello").await;
    let listed = row(&server, "NIGHT").await;
    assert_eq!(
        (&listed["room"], &listed["kind"], &listed["owners"]),
        (&json!("ops"), &json!("private"), &json!(["ann"]))
    );
    assert_eq!(
        (&listed["members"], &listed["messages"]),
        (&json!(1), &json!(1))
    );

    let said = server.admin(&["rooms", "hand-over", "#ops", "BOB"]).await;
    assert_eq!(said.done(), "bob owns #ops.\n");
    if server.database().is_none() {
        assert_eq!(role(&mut bob, "bob").await, "owner");
        assert_eq!(role(&mut bob, "ann").await, "member");
        let topic = json!({"type": "topic", "room": "ops", "topic": "mine"});
        ann.refused(topic, &["forbidden"]).await;
    }
    server.terminate();
    server.ended(PATIENCE).await;
    let said = server.admin(&["rooms", "hand-over", "ops", "ann"]).await;
    assert_eq!(said.done(), "ann owns #ops.\n");
    let listed = row(&server, "ops").await;
    assert_eq!(listed["owners"], json!(["ann"]));
    server.restart().await;
    let ann = server.sign_in("ann").await;
    let mut ann = server.enter(&ann).await;
    assert_eq!(role(&mut ann, "ann").await, "owner");
    assert_eq!(role(&mut ann, "bob").await, "member");
}

#[tokio::test]
async fn what_can_not_be_handed_over_is_refused() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    for name in ["bob", "cat"] {
        server.register(name, false).await;
    }
    ann.done(json!({"type": "create", "room": "ops"}), "room")
        .await;
    ann.done(
        json!({"type": "ban", "room": "ops", "username": "bob"}),
        "ok",
    )
    .await;
    server.admin(&["people", "deactivate", "cat"]).await.done();
    let refused = [
        (["lobby", "ann"], "belongs to everybody"),
        (["nowhere", "ann"], "no room #nowhere"),
        (["ops", "nobody"], "No user is named nobody"),
        (["ops", "bob"], "banned from #ops"),
        (["ops", "cat"], "deactivated"),
    ];
    for ([room, name], sentence) in refused {
        let failed = server
            .admin(&["rooms", "hand-over", room, name])
            .await
            .failed();
        assert!(failed.contains(sentence), "{room} {name}: {failed}");
    }
    assert_eq!(row(&server, "ops").await["owners"], json!(["ann"]));
    let table = server.admin(&["rooms", "list"]).await.done();
    assert!(
        table.starts_with("ROOM") && table.contains("ops"),
        "{table}"
    );
}

/// A muted person gives no role, not even to step down.
#[tokio::test]
async fn an_owner_who_is_muted_is_not_overlooked() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    server.register("cat", false).await;
    ann.done(json!({"type": "create", "room": "ops"}), "room")
        .await;
    bob.done(json!({"type": "join", "room": "ops"}), "ok").await;
    let bob = |kind: &str| json!({"type": kind, "room": "ops", "username": "bob"});
    ann.done(bob("mute"), "ok").await;
    let mut role = bob("role");
    role["role"] = json!("owner");
    ann.done(role, "ok").await;
    let hand_over = ["rooms", "hand-over", "ops", "cat"];
    let failed = server.admin(&hand_over).await.failed();
    assert!(failed.contains("bob still does"), "{failed}");
    assert_eq!(row(&server, "ops").await["owners"], json!(["bob", "cat"]));
}
