//! The whole table of HTTP calls, through the router, over a real store.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, ETAG, RETRY_AFTER, SET_COOKIE};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt;

use super::*;
use crate::accounts::{AccountEvent, Options};
use crate::store::Store as _;
use crate::store::sqlite::SqliteStore;

struct World {
    router: Router,
    store: Arc<SqliteStore>,
    ended: mpsc::Receiver<AccountEvent>,
    dir: tempfile::TempDir,
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

async fn world() -> World {
    world_with(Page::Ours, false).await
}

async fn world_with(page: Page, tls: bool) -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let (sender, ended) = mpsc::channel(8);
    let shared = Arc::clone(&store) as crate::store::SharedStore;
    let router = router(
        HttpState {
            accounts: Accounts::open(shared, Options::default(), sender)
                .await
                .unwrap(),
            origins: Arc::new(OriginPolicy {
                allowed: Vec::new(),
                proxies: TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], tls),
            }),
            limits: Arc::new(HttpLimits::new()),
            page,
            metrics: crate::telemetry::metrics(),
        },
        None,
    );
    World {
        router,
        store,
        ended,
        dir,
    }
}

impl World {
    async fn ask_from(&self, peer: &str, request: Builder, body: impl Into<Body>) -> Got {
        let mut request = request
            .header("host", "chat.example")
            .body(body.into())
            .unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let got = Got {
            status,
            headers,
            body: String::from_utf8(body.into()).unwrap(),
        };
        got.check_headers();
        got
    }

    async fn ask(&self, request: Builder, body: impl Into<Body>) -> Got {
        self.ask_from("192.0.2.1:9", request, body).await
    }

    async fn get(&self, path: &str) -> Got {
        self.ask(Request::get(path), "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Got {
        self.ask(json_post(path), body.to_string()).await
    }

    async fn post_raw(&self, path: &str, body: impl Into<Body>) -> Got {
        self.ask(json_post(path), body).await
    }

    async fn log_in(&self) -> Got {
        let ann = json!({"username": "Ann", "password": "password"});
        self.post("/register", &ann)
            .await
            .check(201, "Account created");
        self.post("/login", &ann)
            .await
            .check(200, "Login successful")
    }
}

fn json_post(path: &str) -> Builder {
    Request::post(path).header(CONTENT_TYPE, "application/json")
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn cookie(&self) -> String {
        self.header(SET_COOKIE)
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    #[track_caller]
    fn check(self, status: u16, mention: &str) -> Self {
        let Self {
            status: got, body, ..
        } = &self;
        assert_eq!(got.as_u16(), status, "{body}");
        let json = self.json();
        assert_eq!(json["ok"], got.is_success(), "{body}");
        assert!(
            json["msg"]
                .as_str()
                .is_some_and(|msg| msg.contains(mention)),
            "{body}"
        );
        self
    }

    #[track_caller]
    fn check_headers(&self) {
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header("referrer-policy"), "no-referrer");
        assert_eq!(self.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(self.header("cross-origin-resource-policy"), "same-origin");
        let csp = self.header("content-security-policy");
        assert!(
            csp.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{csp}"
        );
        assert!(
            !csp.split("style-src").next().unwrap().contains("unsafe"),
            "{csp}"
        );
        assert!(!self.header("cache-control").is_empty());
    }
}

#[tokio::test]
async fn an_account_from_its_making_to_its_log_out() {
    let mut world = world().await;
    let got = world.log_in().await;
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
    world.get("/me").await.check(401, "log in");
    let request = Request::get("/me").header("cookie", "chat_session=a.b.c");
    world.ask(request, "").await.check(401, "log in");
    let request = Request::get("/me")
        .header("cookie", &cookie)
        .header("authorization", "Bearer x");
    world.ask(request, "").await.check(401, "log in");

    let request = Request::post("/logout").header("cookie", &cookie);
    let got = world.ask(request, "").await.check(200, "Logged out");
    assert!(got.header(SET_COOKIE).starts_with("chat_session=; "));
    assert!(got.header(SET_COOKIE).ends_with("Max-Age=0"));
    assert_eq!(world.ended.recv().await.unwrap().username.as_str(), "Ann");
    let request = Request::get("/me").header("authorization", &bearer);
    world.ask(request, "").await.check(401, "log in");
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
    check("Ann", "password", 201, "Account created").await;
    check("Ann", "password", 409, "Username already exists").await;
    check("aNN", "other password", 409, "Username already exists").await;
    check("bob", "passwor", 422, "too short").await;
    check("bob", &"p".repeat(257), 422, "too long").await;
    check("bob", &"ü".repeat(256), 201, "Account created").await;
    check("", "password", 422, "A username is").await;
    check("a b", "password", 422, "A username is").await;
    check("<script>", "password", 422, "A username is").await;
    check(&"x".repeat(33), "password", 422, "A username is").await;
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
        let injected = json!({"username": {"$ne": null}, "password": "password"});
        world.post(path, &injected).await.check(422, "`username`");
        world
            .post(path, &json!({"username": "ann"}))
            .await
            .check(422, "`password`");
        world
            .post(path, &json!(["ann", "password"]))
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
    let ann = json!({"username": "ann", "password": "password"});
    world
        .post("/login", &ann)
        .await
        .check(401, "Invalid username or password");
}

#[tokio::test]
async fn wrong_and_unknown_get_the_same_answer() {
    let world = world().await;
    world.log_in().await;
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
        let ann = json!({"username": "Ann", "password": "password"}).to_string();
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
    let ann = json!({"username": "Ann", "password": "password"}).to_string();
    let request = json_post("/register").header("origin", "http://chat.example");
    world
        .ask(request, ann.clone())
        .await
        .check(201, "Account created");
    let put = Request::put("/avatar").header("origin", "https://evil.example");
    world.ask(put, "").await.check(403, "other sites");
}

#[tokio::test]
async fn what_is_not_there() {
    let world = world().await;
    world
        .get("/nothing")
        .await
        .check(404, "nothing at this address");
    world.get("/static/").await.check(404, "nothing");
    world.get("/static/nothing.js").await.check(404, "nothing");
    world
        .get("/static/..%2f..%2fCargo.toml")
        .await
        .check(404, "nothing");
    world
        .get("/static/js/../../server/Cargo.toml")
        .await
        .check(404, "nothing");
    world
        .get("/static/package.json")
        .await
        .check(404, "nothing");
    world.get("/static/%ff").await.check(404, "nothing");
    let got = world.get("/login").await.check(405, "method");
    assert_eq!(got.header(ALLOW), "POST");
    let got = world
        .ask(Request::delete("/me"), "")
        .await
        .check(405, "method");
    assert_eq!(got.header(ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn guesses_are_limited_for_who_makes_them() {
    let world = world().await;
    world.log_in().await;
    let wrong = json!({"username": "Ann", "password": "wrong"});
    for _ in 0..10 {
        world.post("/login", &wrong).await.check(401, "Invalid");
    }
    let right = json!({"username": "ANN", "password": "password"});
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
    let ann = json!({"username": "Ann", "password": "password"});
    let world = world_with(Page::Ours, true).await;
    let got = world.log_in().await;
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
    me.check(401, "log in");

    let world = super::tests::world().await;
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
async fn the_operators_page_is_served() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("index.html"), "<p style=color:red>hi").unwrap();
    std::fs::write(dir.path().join("app.js"), "1").unwrap();
    let world = world_with(Page::in_directory(dir.path()).unwrap(), false).await;
    let got = world.get("/").await;
    assert_eq!(
        (got.status.as_u16(), got.body.as_str()),
        (200, "<p style=color:red>hi")
    );
    assert_eq!(got.header(CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(got.header("cache-control"), "no-cache");
    assert!(
        got.header("content-security-policy")
            .contains("style-src 'self' 'unsafe-inline';")
    );
    let again = world
        .ask(
            Request::get("/").header("if-none-match", got.header(ETAG)),
            "",
        )
        .await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    assert_eq!(again.header(ETAG), got.header(ETAG));
    std::fs::write(dir.path().join("index.html"), "new").unwrap();
    let again = world
        .ask(
            Request::get("/").header("if-none-match", got.header(ETAG)),
            "",
        )
        .await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (200, "new"));
    let script = world.get("/static/app.js").await;
    assert_eq!(
        script.header(CONTENT_TYPE),
        "text/javascript; charset=utf-8"
    );
    let head = world.ask(Request::head("/"), "").await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn what_operators_tools_ask() {
    let world = world().await;
    world.log_in().await;
    world.get("/healthz").await.check(200, "Alive");
    world.get("/readyz").await.check(200, "Ready");
    let metrics = world.get("/metrics").await;
    assert!(
        metrics
            .header(CONTENT_TYPE)
            .starts_with("text/plain; version=0.0.4")
    );
    for line in [
        "chat_accounts ",
        "chat_logins_total ",
        r#"chat_http_requests_total{method="GET",route="/healthz",status="200"} "#,
    ] {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_counts_as_no_failed_log_in() {
    let world = world().await;
    let token = world.log_in().await.json()["token"]
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
                &json!({"username": "Ann", "password": "password"}),
            )
            .await;
        let got = got.check(503, "try again");
        assert_eq!(got.header(RETRY_AFTER), "5");
    }
    let bob = json!({"username": "Bob", "password": "password"});
    world.post("/register", &bob).await.check(503, "try again");
    let bearer = format!("Bearer {token}");
    let request = Request::get("/me").header("authorization", &bearer);
    world.ask(request, "").await.check(503, "try again");
    assert!(world.dir.path().exists());
}
