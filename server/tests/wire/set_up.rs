//! The set-up of a new server: how one person becomes its admin.

use serde_json::json;

use crate::support::{PASSWORD, Server};

/// The path of the set-up link in the server's log.
fn set_up_path(server: &Server) -> Option<String> {
    let lines = server.log.lines();
    let (_, rest) = lines
        .iter()
        .rev()
        .find_map(|line| line.split_once("/setup/"))?;
    let secret = rest.split([' ', '"']).next()?;
    Some(format!("/setup/{secret}"))
}

/// Behind a proxy, a server is reached by strangers. It is open, as one that is older than invites.
const EXPOSED: [&str; 6] = [
    "--rate-limit",
    "off",
    "--trusted-proxy",
    "127.0.0.1",
    "--registration",
    "open",
];

const NEW_AND_EXPOSED: [&str; 4] = ["--rate-limit", "off", "--trusted-proxy", "127.0.0.1"];

#[tokio::test]
async fn the_set_up_link_of_an_exposed_server_gives_the_right_once() {
    let mut server = Server::start_for_restarts_with(&EXPOSED).await;
    let (stranger, _) = server.newcomer("stranger").await;
    assert!(!server.is_admin(&stranger).await);
    let early = set_up_path(&server).unwrap();
    server.kill();
    server.restart().await;
    let path = set_up_path(&server).unwrap();
    assert_ne!(path, early);
    server.get(&early, &[]).await.refused(&[404]);
    let opened = server.get(&path, &[]).await;
    assert_eq!((opened.status, opened.header("location")), (303, Some("/")));
    let cookie = opened.header("set-cookie").unwrap().to_owned();
    let expect = cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict");
    assert!(expect, "{cookie}");
    let from = [("Cookie", opened.cookie())];
    let body = json!({"username": "owner", "password": PASSWORD});
    server.post("/register", &from, &body).await.accepted(201);
    let owner = server.sign_in("owner").await;
    assert!(server.is_admin(&owner).await);
    // The link was used, also by who has its cookie.
    server.get(&path, &[]).await.refused(&[404]);
    let body = json!({"username": "stranger", "password": PASSWORD});
    server.post("/login", &from, &body).await.accepted(200);
    assert!(!server.is_admin(&stranger).await);
}

#[tokio::test]
async fn an_account_that_exists_becomes_the_admins_by_signing_in_after_the_link() {
    let server = Server::start_with(&EXPOSED).await;
    let (owner, _) = server.newcomer("owner").await;
    let opened = server.get(&set_up_path(&server).unwrap(), &[]).await;
    let from = [("Cookie", opened.cookie())];
    let body = json!({"username": "owner", "password": PASSWORD});
    server.post("/login", &from, &body).await.accepted(200);
    assert!(server.is_admin(&owner).await);
}

#[tokio::test]
async fn the_first_person_on_this_machine_is_the_admin_and_a_bot_is_not() {
    let server = Server::start().await;
    assert_eq!(set_up_path(&server), None);
    server.register("bot", true).await;
    let bot = server.sign_in("bot").await;
    assert!(!server.is_admin(&bot).await);
    let (ann, _) = server.newcomer("ann").await;
    assert!(server.is_admin(&ann).await);
    let lines = server.log.lines();
    assert!(lines.iter().any(|line| line.contains("is an admin")));
}

#[tokio::test]
async fn a_new_server_that_others_can_reach_lets_in_only_who_has_the_set_up_link() {
    let mut server = Server::start_for_restarts_with(&NEW_AND_EXPOSED).await;
    let body = json!({"username": "stranger", "password": PASSWORD});
    let refused = server.post("/register", &[], &body).await;
    assert_eq!(refused.json()["code"], "invite_needed");
    let said = refused.refused(&[403]);
    assert!(said.contains("ask its admin for an invite"), "{said}");
    let opened = server.get(&set_up_path(&server).unwrap(), &[]).await;
    let from = [("Cookie", opened.cookie())];
    let body = json!({"username": "owner", "password": PASSWORD});
    server.post("/register", &from, &body).await.accepted(201);
    let owner = server.sign_in("owner").await;
    assert!(server.is_admin(&owner).await);
    // The store has kept it.
    server.kill();
    server.restart().await;
    let body = json!({"username": "stranger", "password": PASSWORD});
    server.post("/register", &from, &body).await.refused(&[403]);
}

#[tokio::test]
async fn nobody_signs_up_to_a_closed_server_but_its_first_person() {
    let server = Server::start_with(&["--registration", "closed"]).await;
    server.newcomer("ann").await;
    let body = json!({"username": "stranger", "password": PASSWORD});
    let refused = server.post("/register", &[], &body).await;
    assert_eq!(refused.json()["code"], "registration_closed");
    refused.refused(&[403]);
}
