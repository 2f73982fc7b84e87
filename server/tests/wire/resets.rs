//! Links to reset a password: what they give, once, and what they end.

use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Server, Ws};

const NEW_PASSWORD: &str = "another-horse-battery";

/// A server with its admin's connection, and another person, bob.
async fn server() -> (Server, Ws) {
    let server = Server::start_with(&["--rate-limit", "off"]).await;
    let (_, admin) = server.newcomer("root").await;
    server.register("bob", false).await;
    (server, admin)
}

/// Makes a link for bob and returns its path, whose code no log may hold.
async fn link(server: &Server, admin: &mut Ws) -> String {
    let command = json!({"type": "reset_link", "username": "BOB"});
    let link = admin.done(command, "reset_link").await;
    assert_eq!(link["username"], "bob");
    let path = link["path"].as_str().unwrap().to_owned();
    server.log.keep_secret(code_of(&path));
    path
}

fn code_of(path: &str) -> &str {
    path.strip_prefix("/reset/").unwrap()
}

async fn reset(server: &Server, path: &str, password: &str) -> Answer {
    let body = json!({"code": code_of(path), "password": password});
    server.post("/reset", &[], &body).await
}

async fn sign_in(server: &Server, password: &str) -> u16 {
    let body = json!({"username": "bob", "password": password});
    server.post("/login", &[], &body).await.status
}

#[tokio::test]
async fn a_link_gives_a_new_password_once_and_ends_all_sessions() {
    let (server, mut admin) = server().await;
    let bob = server.sign_in("bob").await;
    let mut socket = server.enter(&bob).await;
    let path = link(&server, &mut admin).await;
    // A password that is not allowed uses nothing.
    reset(&server, &path, "short").await.refused(&[422]);
    reset(&server, &path, "bobbobbob").await.accepted(200);
    let (code, _) = socket.closed().await;
    assert_eq!(code, 4401);
    let me = server.get("/me", &[("Authorization", &bob.bearer())]).await;
    me.refused(&[401]);
    assert_eq!(sign_in(&server, PASSWORD).await, 401);
    assert_eq!(sign_in(&server, "bobbobbob").await, 200);
    let again = reset(&server, &path, NEW_PASSWORD).await;
    assert_eq!(again.json()["code"], "reset_invalid");
    again.refused(&[403]);
    server.get(&path, &[]).await.refused(&[404]);
    assert_eq!(sign_in(&server, "bobbobbob").await, 200);
}

#[tokio::test]
async fn of_several_links_and_a_change_one_counts() {
    let (server, mut admin) = server().await;
    let paths = [
        link(&server, &mut admin).await,
        link(&server, &mut admin).await,
    ];
    let (one, other) = tokio::join!(
        reset(&server, &paths[0], "first-horse-battery"),
        reset(&server, &paths[1], "second-horse-battery"),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403]);
    // The owner remembers it and changes it: the link that the admin made is void.
    let path = link(&server, &mut admin).await;
    let current = ["second-horse-battery", "first-horse-battery"][usize::from(one.status == 200)];
    let body = json!({"username": "bob", "password": current});
    let token = server.post("/login", &[], &body).await.accepted(200)["token"].clone();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let body = json!({"old": current, "new": NEW_PASSWORD});
    let from = [("Authorization", bearer.as_str())];
    server.post("/password", &from, &body).await.accepted(200);
    reset(&server, &path, "third-horse-battery")
        .await
        .refused(&[403]);
    assert_eq!(sign_in(&server, NEW_PASSWORD).await, 200);
}

/// A browser without scripts opens the link and sends the form.
#[tokio::test]
async fn the_form_of_a_link_needs_no_script() {
    let (server, mut admin) = server().await;
    let path = link(&server, &mut admin).await;
    let opened = server.get(&path, &[]).await;
    assert_eq!(opened.status, 200);
    assert!(opened.body.contains(code_of(&path)), "{}", opened.body);
    assert!(!opened.body.contains("<script"), "{}", opened.body);
    assert_eq!(opened.header("referrer-policy"), Some("same-origin"));
    let fields = format!("code={}&password=another+horse%2Dbattery", code_of(&path));
    let form = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Origin", &server.origin()),
    ];
    let address = server.address;
    let foreign = [form[0], ("Origin", "https://evil.example")];
    let refused = crate::support::call(address, "POST", "/reset", &foreign, fields.clone()).await;
    refused.refused(&[403]);
    let answer = crate::support::call(address, "POST", "/reset", &form, fields.clone()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(
        answer.body.contains("Your password is changed"),
        "{answer:?}"
    );
    assert_eq!(sign_in(&server, "another horse-battery").await, 200);
    let again = crate::support::call(address, "POST", "/reset", &form, fields.clone()).await;
    assert_eq!(again.status, 403);
    assert!(again.body.contains("ask for another one"), "{again:?}");
}

#[tokio::test]
async fn links_to_reset_are_the_admins() {
    let (server, mut admin) = server().await;
    let bob = server.sign_in("bob").await;
    let mut bob = server.enter(&bob).await;
    let command = |name: &str| json!({"type": "reset_link", "username": name});
    bob.refused(command("root"), &["forbidden"]).await;
    admin.refused(command("nobody"), &["not_found"]).await;
    // A stolen session of the admin does not take the account over.
    let own = admin.refused(command("ROOT"), &["forbidden"]).await;
    assert!(
        own["message"].as_str().unwrap().contains("--admin"),
        "{own}"
    );
    let page = admin
        .done(json!({"type": "invite_links"}), "invite_links")
        .await;
    assert_eq!(page["invites"], Value::Array(Vec::new()));
    // A code of one kind is none of the other.
    let path = link(&server, &mut admin).await;
    let join = format!("/join/{}", code_of(&path));
    server.get(&join, &[]).await.refused(&[404]);
}

#[tokio::test]
async fn the_form_comes_again_and_browsers_get_pages() {
    let (server, mut admin) = server().await;
    let path = link(&server, &mut admin).await;
    let form = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Origin", &server.origin()),
    ];
    let fields = format!("code={}&password=short", code_of(&path));
    let answer = crate::support::call(server.address, "POST", "/reset", &form, fields).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    let is_form = answer.body.contains("too short") && answer.body.contains(code_of(&path));
    assert!(is_form && answer.body.contains("<form"), "{answer:?}");
    let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for path in ["/reset/0000", "/join/0000", "/setup/0000"] {
        let answer = server.get(path, &browser).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.starts_with("<!doctype html>"), "{answer:?}");
        server.get(path, &[]).await.refused(&[404]);
    }
}
