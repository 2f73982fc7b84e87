//! Acts on accounts: creating, deactivating, resetting, ending sessions.

use serde_json::json;

use super::ON_SQLITE;
use crate::support::{Answer, PASSWORD, PATIENCE, Server, User};

/// A server that can be restarted, with its admin root and with bob.
async fn server() -> Server {
    let server = Server::start_for_restarts().await;
    for name in ["root", "bob"] {
        server.register(name, false).await;
    }
    server
}

async fn sign_in(server: &Server, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    server.post("/login", &[], &body).await
}

async fn me(server: &Server, user: &User) -> u16 {
    let me = server
        .get("/me", &[("Authorization", &user.bearer())])
        .await;
    me.status
}

/// The code of the link that an act prints. No log may hold it.
async fn link(server: &Server, words: &[&str]) -> String {
    let words = [words, &["--json"]].concat();
    let link = server.admin(&words).await.rows().remove(0);
    let code = link["path"].as_str().unwrap().strip_prefix("/reset/");
    let code = code.unwrap();
    server.log.keep_secret(code);
    code.to_owned()
}

async fn reset(server: &Server, code: &str, password: &str) -> u16 {
    let body = json!({"code": code, "password": password});
    server.post("/reset", &[], &body).await.status
}

#[tokio::test]
async fn a_deactivated_account_is_out_at_once_and_keeps_its_name() {
    let mut server = server().await;
    let bob = server.sign_in("bob").await;
    let mut socket = server.enter(&bob).await;
    let said = server.admin(&["people", "deactivate", "BOB"]).await.done();
    assert!(said.starts_with("bob is deactivated"), "{said}");
    let (code, _) = socket.closed().await;
    assert_eq!(code, 4401);
    assert_eq!(me(&server, &bob).await, 401);
    let refused = sign_in(&server, "bob", PASSWORD).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json()["msg"],
        "Your account is deactivated: ask an admin of this server."
    );
    // Only the owner learns of it.
    let wrong = sign_in(&server, "bob", "a wrong password").await;
    let nobody = sign_in(&server, "nobody", "a wrong password").await;
    assert_eq!((wrong.status, &wrong.body), (401, &nobody.body));
    let taken = json!({"username": "Bob", "password": PASSWORD});
    server.post("/register", &[], &taken).await.refused(&[409]);
    let listed = server.admin(&["people", "list", "bob", "--json"]).await;
    assert_eq!(listed.rows()[0]["deactivated"], true);
    server.kill();
    server.restart().await;
    sign_in(&server, "bob", PASSWORD).await.refused(&[403]);

    server.admin(&["people", "reactivate", "bob"]).await.done();
    assert_eq!(me(&server, &bob).await, 401, "no session comes back");
    sign_in(&server, "bob", PASSWORD).await.accepted(200);
}

#[tokio::test]
async fn an_admin_is_not_deactivated() {
    let server = server().await;
    let deactivate = ["people", "deactivate", "root"];
    let failed = server.admin(&deactivate).await.failed();
    assert!(failed.contains("root is an admin: take the"), "{failed}");
    server.admin(&["people", "deactivate", "bob"]).await.done();
    let failed = server
        .admin(&["people", "make-admin", "bob"])
        .await
        .failed();
    assert!(failed.contains("bob is deactivated"), "{failed}");
    sign_in(&server, "root", PASSWORD).await.accepted(200);
}

#[tokio::test]
async fn a_created_account_gets_its_password_by_the_link() {
    let mut server = server().await;
    for (running, name) in [(true, "ann"), (false, "cat")] {
        if !running {
            server.terminate();
            server.ended(PATIENCE).await;
        }
        let link = link(&server, &["people", "create", name]).await;
        if !running {
            server.restart().await;
        }
        sign_in(&server, name, "").await.refused(&[401]);
        assert_eq!(reset(&server, &link, "first-horse-battery").await, 200);
        sign_in(&server, name, "first-horse-battery")
            .await
            .accepted(200);
        assert_eq!(reset(&server, &link, "second-horse-battery").await, 403);
    }
    for (name, sentence) in [
        ("Ann", "exists"),
        ("a b", "A username"),
        ("admin", "reserved"),
    ] {
        let failed = server.admin(&["people", "create", name]).await.failed();
        assert!(failed.contains(sentence), "{failed}");
    }
}

/// The operator may do what no admin may: reset an admin's password.
#[tokio::test]
async fn the_operator_resets_every_password() {
    let server = server().await;
    let root = server.sign_in("root").await;
    let mut socket = server.enter(&root).await;
    let link = link(&server, &["people", "reset", "root"]).await;
    assert_eq!(me(&server, &root).await, 200, "nothing changed yet");
    assert_eq!(reset(&server, &link, "first-horse-battery").await, 200);
    let (code, _) = socket.closed().await;
    assert_eq!(code, 4401);
    sign_in(&server, "root", "first-horse-battery")
        .await
        .accepted(200);
    server.admin(&["people", "deactivate", "bob"]).await.done();
    let failed = server.admin(&["people", "reset", "bob"]).await.failed();
    assert!(failed.contains("bob is deactivated"), "{failed}");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = server().await;
    let bob = server.sign_in("bob").await;
    server.sign_in("bob").await;
    let mut socket = server.enter(&bob).await;
    let sessions = ["people", "sessions", "bob", "--json"];
    assert_eq!(server.admin(&sessions).await.rows().len(), 2);
    let said = server.admin(&["people", "sessions", "bob", "--end"]).await;
    assert_eq!(said.done(), "Every session of bob has ended.\n");
    let (code, _) = socket.closed().await;
    assert_eq!(code, 4401);
    assert_eq!(server.admin(&sessions).await.rows().len(), 0);
    sign_in(&server, "bob", PASSWORD).await.accepted(200);
}

/// The first account of a server that never ran must not make it one where everybody may sign up.
#[tokio::test]
async fn accounts_made_before_the_first_start_open_no_server() {
    let mut server = Server::start_for_restarts_with(&ON_SQLITE).await;
    server.terminate();
    server.ended(PATIENCE).await;
    server.admin(&["people", "create", "ann"]).await.done();
    server.restart().await;
    let body = json!({"username": "mallory", "password": PASSWORD});
    let refused = server.post("/register", &[], &body).await;
    assert_eq!(refused.status, 403, "{refused:?}");
}
