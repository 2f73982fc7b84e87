//! Tests of the calls about accounts, and of who may make them.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, SET_COOKIE};
use serde_json::json;

use super::world::{json_post, world, world_with};
use crate::http::{BODY_BYTES_MAX, Page};
use chat_server_store::Store as _;

#[tokio::test]
async fn an_account_from_its_making_to_its_sign_out() {
    let mut world = world().await;
    let got = world.sign_in().await;
    let json = got.json();
    assert_eq!(json["username"], "Ann");
    assert!(json["expires"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(got.header("cache-control"), "no-store");
    let set = got.header(SET_COOKIE);
    assert!(
        set.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000")
            || set.contains("Max-Age=2591999"),
        "{set}"
    );
    let cookie = got.cookie();
    assert_eq!(
        cookie,
        format!("chat_session={}", json["token"].as_str().unwrap())
    );
    let bearer = format!("Bearer {}", json["token"].as_str().unwrap());

    let me = json!({"ok": true, "username": "Ann", "display_name": "Ann", "avatar": "/avatars/Ann",
        "admin": true});
    let by_cookie = world
        .ask(Request::get("/me").header("cookie", &cookie), "")
        .await;
    assert_eq!(
        (by_cookie.json(), by_cookie.cookie()),
        (me.clone(), cookie.clone())
    );
    let by_bearer = world
        .ask(Request::get("/me").header("authorization", &bearer), "")
        .await;
    assert_eq!((by_bearer.json(), by_bearer.cookie()), (me, String::new()));
    world.get("/me").await.check(401, "sign in");
    let request = Request::get("/me").header("cookie", "chat_session=a.b.c");
    world.ask(request, "").await.check(401, "sign in");
    let request = Request::get("/me")
        .header("cookie", &cookie)
        .header("authorization", "Bearer x");
    world.ask(request, "").await.check(401, "sign in");

    let request = Request::post("/logout").header("cookie", &cookie);
    let got = world.ask(request, "").await.check(200, "Logged out");
    assert!(got.header(SET_COOKIE).starts_with("chat_session=; "));
    assert!(got.header(SET_COOKIE).ends_with("Max-Age=0"));
    assert_eq!(world.ended.recv().await.unwrap().username.as_str(), "Ann");
    let request = Request::get("/me").header("authorization", &bearer);
    world.ask(request, "").await.check(401, "sign in");
    world
        .ask(Request::post("/logout"), "")
        .await
        .check(200, "Logged out");
}

#[tokio::test]
async fn names_and_passwords_that_will_not_do() {
    let world = world().await;
    let check = async |name: &str, password: &str, status: u16, mention: &str| {
        let body = json!({"username": name, "password": password});
        world.post("/register", &body).await.check(status, mention);
    };
    check("Ann", "long enough", 201, "Account created").await;
    check("Ann", "long enough", 409, "Username already exists").await;
    check("aNN", "other password", 409, "Username already exists").await;
    check("bob", "passwor", 422, "too short").await;
    check("bob", &"p".repeat(257), 422, "too long").await;
    check("bob", &"ü".repeat(256), 201, "Account created").await;
    check("", "long enough", 422, "A username is").await;
    check("a b", "long enough", 422, "A username is").await;
    check("<script>", "long enough", 422, "A username is").await;
    check(&"x".repeat(33), "long enough", 422, "A username is").await;
}

#[tokio::test]
async fn bad_bodies_change_nothing() {
    let world = world().await;
    for path in ["/register", "/login"] {
        let form = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        world
            .ask(form, "username=ann&password=password")
            .await
            .check(415, "application/json");
        world
            .ask(Request::post(path), "{}")
            .await
            .check(415, "application/json");
        world.post_raw(path, "{").await.check(400, "not JSON");
        world.post_raw(path, "").await.check(400, "not JSON");
        let injected = json!({"username": {"$ne": null}, "password": "long enough"});
        world.post(path, &injected).await.check(422, "`username`");
        world
            .post(path, &json!({"username": "ann"}))
            .await
            .check(422, "`password`");
        world
            .post(path, &json!(["ann", "long enough"]))
            .await
            .check(422, "object");
        let large = json!({"username": "ann", "password": "p".repeat(BODY_BYTES_MAX)});
        world.post(path, &large).await.check(413, "16384 bytes");
        let streamed =
            futures::stream::iter((0..999).map(|_| Ok::<_, std::io::Error>("x".repeat(99))));
        world
            .post_raw(path, Body::from_stream(streamed))
            .await
            .check(413, "16384 bytes");
    }
    let ann = json!({"username": "ann", "password": "long enough"});
    world
        .post("/login", &ann)
        .await
        .check(401, "Invalid username or password");
}

#[tokio::test]
async fn wrong_and_unknown_get_the_same_answer() {
    let world = world().await;
    world.sign_in().await;
    let wrong = world
        .post("/login", &json!({"username": "Ann", "password": "wrong"}))
        .await;
    let unknown = world
        .post("/login", &json!({"username": "Bob", "password": "wrong"}))
        .await;
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    assert_eq!(wrong.header(SET_COOKIE), "");
    wrong.check(401, "Invalid username or password");
}

#[tokio::test]
async fn other_sites_pages_are_refused() {
    let world = world().await;
    for path in ["/register", "/login", "/logout"] {
        let ann = json!({"username": "Ann", "password": "long enough"}).to_string();
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let request = json_post(path).header(name, value);
            world
                .ask(request, ann.clone())
                .await
                .check(403, "other sites");
        }
    }
    let ann = json!({"username": "Ann", "password": "long enough"}).to_string();
    let request = json_post("/register").header("origin", "http://chat.example");
    world
        .ask(request, ann.clone())
        .await
        .check(201, "Account created");
    let put = Request::put("/avatar").header("origin", "https://evil.example");
    world.ask(put, "").await.check(403, "other sites");
}

#[tokio::test]
async fn guesses_are_limited_for_who_makes_them() {
    let world = world().await;
    world.sign_in().await;
    let wrong = json!({"username": "Ann", "password": "wrong"});
    for _ in 0..10 {
        world.post("/login", &wrong).await.check(401, "Invalid");
    }
    let right = json!({"username": "ANN", "password": "long enough"});
    let got = world
        .post("/login", &right)
        .await
        .check(429, "try again in");
    assert!((1..=10).contains(&got.header(RETRY_AFTER).parse::<u64>().unwrap()));
    // The owner, elsewhere; behind a proxy that is believed, and from who only claims to be one.
    let at_home = json_post("/login").header("x-forwarded-for", "198.51.100.7");
    world
        .ask_from("10.0.0.1:9", at_home, right.to_string())
        .await
        .check(200, "Login");
    let pretended = json_post("/login").header("x-forwarded-for", "198.51.100.8");
    world
        .ask(pretended, right.to_string())
        .await
        .check(429, "try again in");
}

#[tokio::test]
async fn under_https_the_cookie_is_bound_to_this_host() {
    let ann = json!({"username": "Ann", "password": "long enough"});
    let world = world_with(Page::Embedded, true).await;
    let index = world.get("/").await;
    assert_eq!(
        index.header("strict-transport-security"),
        "max-age=15768000"
    );
    let got = world.sign_in().await;
    assert!(got.header(SET_COOKIE).starts_with("__Host-chat_session="));
    assert!(got.header(SET_COOKIE).contains("; Secure;"));
    let me = world
        .ask(Request::get("/me").header("cookie", got.cookie()), "")
        .await;
    assert_eq!(me.status, 200);
    let plain = got.cookie().replace("__Host-", "");
    let me = world
        .ask(Request::get("/me").header("cookie", plain), "")
        .await;
    me.check(401, "sign in");

    let world = super::world::world().await;
    world.post("/register", &ann).await.check(201, "");
    let proxied = || json_post("/login").header("x-forwarded-proto", "https");
    let got = world
        .ask_from("10.0.0.1:9", proxied(), ann.to_string())
        .await;
    assert!(got.cookie().starts_with("__Host-"));
    let got = world.ask(proxied(), ann.to_string()).await;
    assert!(got.cookie().starts_with("chat_session="));
}

#[tokio::test]
async fn a_failing_store_is_reported_and_is_no_failed_sign_in() {
    let world = world().await;
    let token = world.sign_in().await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    world.store.close().await;
    world.get("/healthz").await.check(200, "Alive");
    world
        .get("/readyz")
        .await
        .check(503, "store does not answer");
    for _ in 0..40 {
        let got = world
            .post(
                "/login",
                &json!({"username": "Ann", "password": "long enough"}),
            )
            .await;
        let got = got.check(503, "try again");
        assert_eq!(got.header(RETRY_AFTER), "5");
    }
    let bob = json!({"username": "Bob", "password": "long enough"});
    world.post("/register", &bob).await.check(503, "try again");
    let bearer = format!("Bearer {token}");
    let request = Request::get("/me").header("authorization", &bearer);
    world.ask(request, "").await.check(503, "try again");
    assert!(world.dir.path().exists());
}
