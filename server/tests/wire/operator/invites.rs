//! Acts on invite links, and how much is kept.

use serde_json::json;

use crate::support::{PASSWORD, Server};

async fn sign_up(server: &Server, name: &str, code: &str) -> u16 {
    let body = json!({"username": name, "password": PASSWORD, "invite": code});
    server.post("/register", &[], &body).await.status
}

#[tokio::test]
async fn invites_are_made_listed_and_revoked() {
    let flags = ["--registration", "invite", "--rate-limit", "off"];
    let flags = [&flags[..], &["--public-url", "https://chat.example"]].concat();
    let server = Server::start_with(&flags).await;
    // The first person needs no invite.
    server.register("root", false).await;
    let create = ["invites", "create", "--uses", "2", "--days", "3", "--json"];
    let link = server.admin(&create).await.rows().remove(0);
    let path = link["path"].as_str().unwrap();
    assert_eq!(link["url"], format!("https://chat.example:443{path}"));
    let code = path.strip_prefix("/join/").unwrap();
    server.log.keep_secret(code);
    assert_eq!(sign_up(&server, "ann", code).await, 201);
    let list = ["invites", "list", "--json"];
    let invite = server.admin(&list).await.rows().remove(0);
    assert_eq!((&invite["used"], &invite["uses"]), (&json!(1), &json!(2)));
    let name = invite["invite"].as_str().unwrap();
    let table = server.admin(&["invites", "list"]).await.done();
    assert!(table.contains("1 of 2") && table.contains(name), "{table}");
    assert!(!table.contains(code), "{table}");
    let revoke = ["invites", "revoke", name, "--json"];
    let done = server.admin(&revoke).await.rows().remove(0);
    assert!(done["done"].as_str().unwrap().contains(name), "{done}");
    assert_eq!(sign_up(&server, "bob", code).await, 403);
    assert!(server.admin(&list).await.rows().is_empty());
    let again = server.admin(&["invites", "revoke", name]).await.failed();
    assert!(again.contains("There is no invite"), "{again}");
    let too_many = ["invites", "create", "--uses", "1001"];
    let failed = server.admin(&too_many).await.failed();
    assert!(failed.contains("1 to 1000 uses"), "{failed}");
}

#[tokio::test]
async fn an_invite_to_a_closed_server_is_refused() {
    let server = Server::start_with(&["--registration", "closed"]).await;
    let failed = server.admin(&["invites", "create"]).await.failed();
    assert!(failed.contains("--registration invite"), "{failed}");
}

#[tokio::test]
async fn what_is_kept_is_said() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say_many("lobby", 3).await;
    let usage = server.admin(&["storage", "--json"]).await.rows().remove(0);
    assert_eq!(usage["accounts"], 1);
    assert!(usage["events"].as_u64().unwrap() >= 3, "{usage}");
    assert!(usage["bytes"].as_u64().unwrap() > 0, "{usage}");
    let table = server.admin(&["storage"]).await.done();
    assert!(table.starts_with("STORE"), "{table}");
}
