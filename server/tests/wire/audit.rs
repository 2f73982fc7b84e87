//! The audit: who reads it, and that it tells what happened.

use serde_json::{Value, json};

use crate::support::{PASSWORD, PATIENCE, Server, Ws};

/// The actions of entries, the oldest first, without those of signing up and in.
fn changes(entries: &[Value]) -> Vec<&str> {
    let actions = entries
        .iter()
        .rev()
        .map(|it| it["action"].as_str().unwrap());
    actions.filter(|it| !it.starts_with("sign_")).collect()
}

async fn page(admin: &mut Ws, query: &[(&str, Value)]) -> Value {
    let mut command = json!({"type": "audit"});
    for (field, value) in query {
        command[field] = value.clone();
    }
    admin.done(command, "audit").await
}

/// Lets an admin change a role, a mute and a ban, one after the other.
async fn some_changes(server: &Server, admin: &mut Ws) {
    server.register("bob", false).await;
    let lobby = |kind: &str| json!({"type": kind, "room": "lobby", "username": "bob"});
    let mut role = lobby("role");
    role["role"] = json!("moderator");
    let commands = [
        role,
        lobby("mute"),
        lobby("unmute"),
        lobby("ban"),
        lobby("unban"),
    ];
    for command in commands {
        admin.done(command, "ok").await;
    }
}

#[tokio::test]
async fn admins_read_who_did_what() {
    let server = Server::start().await;
    let (_, mut admin) = server.newcomer("root").await;
    some_changes(&server, &mut admin).await;
    let guess = json!({"username": "hunter2-hunter2", "password": "hunter2-hunter2"});
    server.post("/login", &[], &guess).await.refused(&[401]);
    let all = page(&mut admin, &[]).await;
    let entries = all["entries"].as_array().unwrap();
    assert_eq!(changes(entries), ["role", "mute", "unmute", "ban", "unban"]);
    let role = entries.iter().find(|it| it["action"] == "role").unwrap();
    assert_eq!(
        (
            &role["by"],
            &role["username"],
            &role["room"],
            &role["detail"]
        ),
        (
            &json!("root"),
            &json!("bob"),
            &json!("lobby"),
            &json!("moderator")
        )
    );
    let failed = &entries[0];
    assert_eq!(failed["action"], "sign_in_failed");
    assert_eq!(failed["from"], "127.0.0.1");
    assert!(!all.to_string().contains("hunter2"), "{all}");
    assert_eq!(all["more"], false);
    // By pages.
    let mut seen = Vec::new();
    let mut query = vec![("limit", json!(2))];
    loop {
        let page = page(&mut admin, &query).await;
        seen.extend(page["entries"].as_array().unwrap().clone());
        if page["more"] == false {
            break;
        }
        let last = seen.last().unwrap()["entry"].clone();
        query = vec![("limit", json!(2)), ("before", last)];
    }
    assert_eq!(&seen, entries);
}

#[tokio::test]
async fn the_audit_is_for_admins() {
    let server = Server::start().await;
    server.register("root", false).await;
    let (_, mut bob) = server.newcomer("bob").await;
    bob.refused(json!({"type": "audit"}), &["forbidden"]).await;
}

/// The operator reads the same, with the operator's own acts, on a running server and a stopped one.
#[tokio::test]
async fn the_operator_reads_it_running_or_stopped() {
    let mut server = Server::start_for_restarts().await;
    let (_, mut admin) = server.newcomer("root").await;
    some_changes(&server, &mut admin).await;
    server.admin(&["people", "make-admin", "bob"]).await.done();
    let expect = ["role", "mute", "unmute", "ban", "unban", "make_admin"];
    let audit = ["audit", "--json"];
    let rows = server.admin(&audit).await.rows();
    assert_eq!(changes(&rows), expect);
    assert!(rows[0].get("by").is_none(), "{}", rows[0]);
    server.terminate();
    server.ended(PATIENCE).await;
    assert_eq!(server.admin(&audit).await.rows(), rows);
    server
        .admin(&["people", "unmake-admin", "bob"])
        .await
        .done();
    let newest = server.admin(&["audit", "--limit", "1"]).await.done();
    let newest: Vec<&str> = newest.lines().collect();
    assert!(newest[0].starts_with("TIME"), "{newest:?}");
    assert!(
        newest.len() == 2 && newest[1].contains("unmake_admin"),
        "{newest:?}"
    );
    server.restart().await;
    let login = json!({"username": "root", "password": PASSWORD});
    server.post("/login", &[], &login).await.accepted(200);
}
