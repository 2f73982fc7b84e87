//! The page, what operators' tools ask, and what is not there.

use axum::http::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE, ETAG};

use super::world::{world, world_with};
use crate::http::Page;

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
