//! Invite links: who makes them, and how people sign up by them.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Server, Ws};

const BY_INVITE: [&str; 4] = ["--rate-limit", "off", "--registration", "invite"];

/// A server that lets in people with an invite, and its admin's connection.
async fn by_invite() -> (Server, Ws) {
    let server = Server::start_with(&BY_INVITE).await;
    let (_, admin) = server.newcomer("root").await;
    (server, admin)
}

async fn sign_up(server: &Server, name: &str, invite: &str) -> crate::support::Answer {
    let body = json!({"username": name, "password": PASSWORD, "invite": invite});
    server.post("/register", &[], &body).await
}

#[tokio::test]
async fn people_sign_up_by_a_link_as_often_as_it_says() {
    let (server, mut admin) = by_invite().await;
    let (made, code) = server.invite_link(&mut admin, &json!({"uses": 2})).await;
    let refused = sign_up(&server, "eve", &"0".repeat(32)).await;
    assert_eq!(refused.json()["code"], "invite_invalid");
    refused.refused(&[403]);
    for name in ["ann", "bob"] {
        sign_up(&server, name, &code).await.accepted(201);
    }
    sign_up(&server, "cat", &code).await.refused(&[403]);
    let page = admin
        .done(json!({"type": "invite_links"}), "invite_links")
        .await;
    let listed = &page["invites"][0];
    assert_eq!(listed["invite"], made["invite"]);
    assert_eq!((&listed["used"], &listed["uses"]), (&json!(2), &json!(2)));
    assert_eq!(listed["by"], "root");
    assert!(!page.to_string().contains(&code), "{page}");
}

#[tokio::test]
async fn a_revoked_link_lets_nobody_in() {
    let (server, mut admin) = by_invite().await;
    let (made, code) = server.invite_link(&mut admin, &json!({"uses": 5})).await;
    let opened = server.get(&format!("/join/{code}"), &[]).await;
    assert_eq!(opened.status, 303);
    let revoke = json!({"type": "revoke_invite", "invite": made["invite"]});
    admin.done(revoke.clone(), "ok").await;
    admin.refused(revoke, &["not_found"]).await;
    sign_up(&server, "ann", &code).await.refused(&[403]);
    server
        .get(&format!("/join/{code}"), &[])
        .await
        .refused(&[404]);
    let from = [("Cookie", opened.cookie())];
    let body = json!({"username": "ann", "password": PASSWORD});
    server.post("/register", &from, &body).await.refused(&[403]);
}

/// The demo's page knows nothing of invites: it sends its form, and the browser the cookie.
#[tokio::test]
async fn the_demos_page_signs_up_after_a_link_was_opened() {
    let (server, mut admin) = by_invite().await;
    let (_, code) = server.invite_link(&mut admin, &json!({})).await;
    let opened = server.get(&format!("/join/{code}"), &[]).await;
    assert_eq!(opened.header("location"), Some("/?join"));
    let cookie = opened.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Max-Age=3600", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let from = [("Cookie", opened.cookie())];
    let body = json!({"username": "ann", "password": PASSWORD});
    let answer = server.post("/register", &from, &body).await;
    answer.accepted(201);
    let cleared = answer.header("set-cookie").unwrap();
    let name = format!("chat_invite_{}=;", server.address.port());
    assert!(cleared.contains(&name), "{cleared}");
    let body = json!({"username": "bob", "password": PASSWORD});
    server.post("/register", &from, &body).await.refused(&[403]);
    let ann = server.sign_in("ann").await;
    server.enter(&ann).await;
}

#[tokio::test]
async fn a_link_leads_into_a_room_that_the_admin_may_invite_to() {
    let (server, mut admin) = by_invite().await;
    let create = json!({"type": "create", "room": "ops", "private": true});
    admin.done(create, "room").await;
    for (room, code) in [("nowhere", "not_found"), ("lobby", "bad_field")] {
        let command = json!({"type": "invite_link", "room": room});
        admin.refused(command, &[code]).await;
    }
    let (_, code) = server
        .invite_link(&mut admin, &json!({"room": "ops"}))
        .await;
    sign_up(&server, "ann", &code).await.accepted(201);
    let is_ann = |line: &Value| line["event"] == "invited" && line["username"] == "ann";
    let line = admin.expect_matching("system", is_ann).await;
    assert_eq!(
        (&line["room"], &line["by"]),
        (&json!("ops"), &json!("root"))
    );
    let ann = server.sign_in("ann").await;
    let mut ann = server.enter_with(&ann, json!({})).await;
    ann.done(json!({"type": "members", "room": "ops"}), "members")
        .await;
    // The maker can no longer invite there: the newcomer has an account, and no more.
    let (_, code) = server
        .invite_link(&mut admin, &json!({"room": "ops"}))
        .await;
    admin
        .done(
            json!({"type": "role", "room": "ops", "username": "ann", "role": "owner"}),
            "ok",
        )
        .await;
    admin
        .done(json!({"type": "leave", "room": "ops"}), "ok")
        .await;
    sign_up(&server, "bob", &code).await.accepted(201);
    let bob = server.sign_in("bob").await;
    let mut bob = server.enter_with(&bob, json!({})).await;
    let members = json!({"type": "members", "room": "ops"});
    bob.refused(members, &["not_found"]).await;
}

#[tokio::test]
async fn links_are_the_admins() {
    let (server, mut admin) = by_invite().await;
    let (made, code) = server.invite_link(&mut admin, &json!({})).await;
    sign_up(&server, "ann", &code).await.accepted(201);
    let ann = server.sign_in("ann").await;
    let mut ann = server.enter(&ann).await;
    for command in [
        json!({"type": "invite_link"}),
        json!({"type": "invite_links"}),
        json!({"type": "revoke_invite", "invite": made["invite"]}),
    ] {
        ann.refused(command, &["forbidden"]).await;
    }
    for (field, value) in [
        ("uses", 0),
        ("uses", 1_001),
        ("for_s", 0),
        ("for_s", 7_776_001),
    ] {
        let mut command = json!({"type": "invite_link"});
        command[field] = json!(value);
        admin.refused(command, &["bad_field"]).await;
    }
}

#[tokio::test]
async fn lists_of_links_come_in_pages() {
    let (server, mut admin) = by_invite().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        let (link, _) = server.invite_link(&mut admin, &json!({})).await;
        made.push(link["invite"].clone());
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let mut query = json!({"type": "invite_links", "limit": 2});
        if let Some(after) = &after {
            query["after"] = Value::clone(after);
        }
        let page = admin.done(query, "invite_links").await;
        let invites = page["invites"].as_array().unwrap();
        listed.extend(invites.iter().map(|it| it["invite"].clone()));
        after = listed.last().cloned();
        if page["more"] == false {
            break;
        }
        assert_eq!(invites.len(), 2);
    }
    // Those of one millisecond may come in any order.
    made.sort_by_key(Value::to_string);
    listed.sort_by_key(Value::to_string);
    assert_eq!(listed, made);
}

#[tokio::test]
async fn guesses_of_codes_are_limited_by_network() {
    let flags = [
        "--registration",
        "invite",
        "--trusted-proxy",
        "127.0.0.1",
        "--admin",
        "root",
    ];
    let server = Server::start_with(&flags).await;
    server.register("root", false).await;
    let root = server.sign_in("root").await;
    let mut admin = server.enter(&root).await;
    let (_, code) = server.invite_link(&mut admin, &json!({})).await;
    let guesser = [("X-Forwarded-For", "192.0.2.1")];
    let mut statuses = Vec::new();
    for n in 0..30 {
        statuses.push(
            server
                .get(&format!("/join/{n:032x}"), &guesser)
                .await
                .status,
        );
    }
    assert_eq!(statuses[..20], [404; 20]);
    assert!(statuses[20..].contains(&429), "{statuses:?}");
    let elsewhere = [("X-Forwarded-For", "192.0.2.2")];
    let opened = server.get(&format!("/join/{code}"), &elsewhere).await;
    assert_eq!(opened.status, 303);
}

/// More requests than the guesses that one network has.
const MANY: usize = 30;

#[tokio::test]
async fn a_store_that_fails_counts_no_guesses() {
    let flags = ["--registration", "invite", "--trusted-proxy", "127.0.0.1"];
    let server = Server::start_with(&flags).await;
    if server.database().is_some() {
        return; // The table of codes is SQLite's.
    }
    let file = server.data_dir().join("chat.db");
    let database = rusqlite::Connection::open(file).unwrap();
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        database.execute_batch(&sql).unwrap();
    };
    rename("codes", "away");
    let client = [("X-Forwarded-For", "192.0.2.1")];
    for path in ["/join", "/reset"] {
        let path = format!("{path}/{:032x}", 1);
        for _ in 0..MANY {
            server.get(&path, &client).await.refused(&[503]);
        }
    }
    rename("away", "codes");
    let path = format!("/join/{:032x}", 1);
    server.get(&path, &client).await.refused(&[404]);
}

#[tokio::test]
async fn a_closed_server_makes_no_links() {
    let server = Server::start_with(&["--registration", "closed"]).await;
    let (_, mut admin) = server.newcomer("root").await;
    let command = json!({"type": "invite_link"});
    let refused = admin.refused(command, &["forbidden"]).await;
    let sentence = refused["message"].as_str().unwrap();
    assert!(sentence.contains("Sign-up is closed"), "{refused}");
}
