//! Erasing a person: what goes, what stays, and that the name is never given out again.

use serde_json::{Value, json};

use crate::support::{PASSWORD, PATIENCE, Server, Ws};

/// A server that can be restarted, with its admin root.
async fn server() -> (Server, Ws) {
    let server = Server::start_for_restarts().await;
    let (_, root) = server.newcomer("root").await;
    (server, root)
}

/// bob writes in the lobby, in a public room, in a private one that he is then removed from, and in a
/// direct one.
async fn bob_writes(server: &Server, root: &mut Ws) -> Ws {
    let (_, mut bob) = server.newcomer("bob").await;
    bob.done(
        json!({"type": "profile", "display_name": "Bob the Builder"}),
        "ok",
    )
    .await;
    root.done(
        json!({"type": "create", "room": "den", "private": true}),
        "room",
    )
    .await;
    let about = |kind: &str| json!({"type": kind, "room": "den", "username": "bob"});
    root.done(about("invite"), "ok").await;
    bob.done(json!({"type": "create", "room": "site"}), "room")
        .await;
    let direct = bob
        .done(json!({"type": "dm", "username": "root"}), "room")
        .await;
    let direct = direct["room"]["room"].as_str().unwrap().to_owned();
    for room in ["lobby", "den", "site", &direct] {
        bob.say(room, "said by bob").await;
        root.say_if_in(room).await;
    }
    root.done(about("kick"), "ok").await;
    bob
}

impl Ws {
    /// Says something in a room, except in bob's own.
    async fn say_if_in(&mut self, room: &str) {
        if room != "site" {
            self.say(room, "said by root").await;
        }
    }
}

async fn texts(ws: &mut Ws, room: &str) -> Vec<Value> {
    let page = ws
        .done(json!({"type": "history", "room": room}), "history")
        .await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|it| json!([it["username"], it["message"], it["deleted"] == true]))
        .collect()
}

async fn sign_in(server: &Server) -> u16 {
    let body = json!({"username": "bob", "password": PASSWORD});
    server.post("/login", &[], &body).await.status
}

/// The server's data, where it is in files: no trace of it may be left there.
fn is_in_data(server: &Server, text: &str) -> bool {
    let files = std::fs::read_dir(server.data_dir()).unwrap();
    files
        .filter_map(|file| std::fs::read(file.unwrap().path()).ok())
        .any(|bytes| bytes.windows(text.len()).any(|it| it == text.as_bytes()))
}

#[tokio::test]
async fn messages_stay_as_those_of_a_deleted_user() {
    let (mut server, mut root) = server().await;
    let mut bob = bob_writes(&server, &mut root).await;
    let erase = ["people", "erase", "BOB", "--messages", "keep"];
    let said = server.admin(&erase).await.done();
    assert_eq!(said, "bob is erased; the messages stay.\n");
    let (code, _) = bob.closed().await;
    assert_eq!(code, 4401);
    let is_erased = |it: &Value| it["type"] == "profile" && it["display_name"] == "Deleted user";
    let profile = root.expect_matching("the profile", is_erased).await;
    assert_eq!(profile["username"], "bob");
    let said = [
        json!(["bob", "said by bob", false]),
        json!(["root", "said by root", false]),
    ];
    assert_eq!(texts(&mut root, "lobby").await, said);
    let members = root
        .done(json!({"type": "members", "room": "lobby"}), "members")
        .await;
    assert_eq!(members["members"].as_array().unwrap().len(), 1, "{members}");
    root.refused(json!({"type": "dm", "username": "bob"}), &["not_found"])
        .await;
    assert_eq!(sign_in(&server).await, 401);
    for name in ["bob", "BOB"] {
        let body = json!({"username": name, "password": PASSWORD});
        server.post("/register", &[], &body).await.refused(&[409]);
    }
    server.terminate();
    server.ended(PATIENCE).await;
    let listed = server
        .admin(&["people", "list", "bob", "--json"])
        .await
        .rows();
    assert_eq!(listed[0]["erased"], true);
    for act in ["deactivate", "reactivate", "reset", "make-admin"] {
        let failed = server.admin(&["people", act, "bob"]).await.failed();
        assert!(!failed.is_empty(), "{act}");
    }
    // An erasure that failed halfway is given again, even if the account is erased by then.
    let again = server.admin(&erase).await.done();
    assert_eq!(again, "bob is erased; the messages stay.\n");
    if server.database().is_none() {
        assert!(!is_in_data(&server, "Bob the Builder"));
    }
}

#[tokio::test]
async fn messages_go_from_every_room_on_a_running_server() {
    let (server, mut root) = server().await;
    bob_writes(&server, &mut root).await;
    messages_are_gone(server, root, true).await;
}

#[tokio::test]
async fn messages_go_from_every_room_on_a_stopped_server() {
    let (mut server, mut root) = server().await;
    bob_writes(&server, &mut root).await;
    server.terminate();
    server.ended(PATIENCE).await;
    messages_are_gone(server, root, false).await;
}

async fn messages_are_gone(mut server: Server, mut root: Ws, is_running: bool) {
    let erase = ["people", "erase", "bob", "--messages", "delete"];
    let said = server.admin(&erase).await.done();
    assert_eq!(said, "bob is erased. Messages deleted: 4.\n");
    if is_running {
        let gone = root.expect("deleted").await;
        assert_eq!(gone["username"], "bob");
    } else {
        server.restart().await;
        let user = server.sign_in("root").await;
        root = server.enter(&user).await;
    }
    root.done(json!({"type": "join", "room": "site"}), "ok")
        .await;
    let direct = root.done(json!({"type": "rooms"}), "rooms").await;
    assert_eq!(
        direct["rooms"].as_array().unwrap().len(),
        2,
        "lobby and site"
    );
    for room in ["lobby", "den", "site"] {
        let texts = texts(&mut root, room).await;
        let of_bob: Vec<_> = texts.iter().filter(|it| it[0] == "bob").collect();
        assert_eq!(of_bob, [&json!(["bob", "", true])], "{room}: {texts:?}");
        let of_root = texts.iter().filter(|it| it[1] == "said by root").count();
        assert_eq!(of_root, usize::from(room != "site"), "{room}");
    }
    // bob left the room that he owned, and again nothing is left to delete.
    let again = server.admin(&erase).await.done();
    assert_eq!(again, "bob is erased. Messages deleted: 0.\n");
    server.terminate();
    server.ended(PATIENCE).await;
    // A server that stops may not have blanked all texts. The next process that opens the store does.
    server.admin(&["people", "list"]).await.done();
    if server.database().is_none() {
        assert!(!is_in_data(&server, "said by bob"));
    }
}

#[tokio::test]
async fn an_admin_is_not_erased() {
    let (server, mut root) = server().await;
    let erase = ["people", "erase", "root", "--messages", "delete"];
    let failed = server.admin(&erase).await.failed();
    assert!(failed.contains("root is an admin"), "{failed}");
    root.say("lobby", "still here").await;
    // The command line must say whether the messages stay.
    let code = server.admin(&["people", "erase", "root"]).await.code;
    assert_eq!(code, Some(2));
}
