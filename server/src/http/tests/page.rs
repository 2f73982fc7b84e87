//! The page, what operators' tools ask, and what is not there.

use axum::http::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE, ETAG};

use super::world::{world, world_with};
use crate::http::Page;

#[tokio::test]
async fn unknown_addresses_are_not_found() {
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
        .get("/static/x/../../server/Cargo.toml")
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
async fn our_page_names_its_files_by_their_version() {
    let world = world().await;
    let index = world.get("/").await;
    assert_eq!(index.header("cache-control"), "no-cache");
    assert!(
        index
            .header("content-security-policy")
            .contains("worker-src 'self'")
    );
    assert!(!index.body.contains("\"/static/js"), "{}", index.body);
    assert_eq!(index.body.matches("rel=\"stylesheet\"").count(), 1);
    // The policy `default-src 'none'` forbids it in Firefox.
    assert!(!index.body.contains("prefetch"), "{}", index.body);
    assert!(index.body.contains("/more.js\""), "the worker keeps it");
    let start = index.body.find("\"/static/@").unwrap() + 1;
    let address = index.body[start..].split('"').next().unwrap();
    let (version, _) = address["/static/@".len()..].split_once('/').unwrap();

    let script = format!("/static/@{version}/page.js");
    let got = world.get(&script).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.header("cache-control"), "max-age=31536000, immutable");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert_eq!(
        got.header("content-security-policy"),
        "",
        "a script is no document"
    );
    let plain = world.get("/static/page.js").await;
    assert_eq!(
        (plain.header("cache-control"), &plain.body),
        ("no-cache", &got.body)
    );
    let picture = world.get(&format!("/static/@{version}/icon.svg")).await;
    assert!(
        picture
            .header("content-security-policy")
            .contains("default-src 'none'")
    );

    for path in [
        "/static/@0000000000000000/page.js",
        "/static/@/page.js",
        "/static/@",
    ] {
        let other = world.get(path).await;
        other.check(404, "nothing");
    }
    for path in [
        format!("/static/@{version}/"),
        format!("/static/@{version}/../index.html"),
    ] {
        world.get(&path).await.check(404, "nothing");
    }
    let worker = world.get("/static/sw.js").await;
    assert_eq!(worker.header("service-worker-allowed"), "/");
    assert!(
        worker
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
}

#[tokio::test]
async fn our_page_is_sent_compressed_to_who_takes_it() {
    let world = world().await;
    let ask = async |accepts: &str, known: &str| {
        let mut request = Request::get("/static/style.css").header("accept-encoding", accepts);
        if !known.is_empty() {
            request = request.header("if-none-match", known);
        }
        world.ask(request, "").await
    };
    let plain = ask("identity", "").await;
    for (accepts, encoding) in [("gzip, br", "br"), ("gzip", "gzip"), ("identity", "")] {
        let got = ask(accepts, "").await;
        assert_eq!(
            (got.status.as_u16(), got.header("content-encoding")),
            (200, encoding)
        );
        assert_eq!(got.header("vary"), "accept-encoding");
        assert_eq!(got.header(CONTENT_TYPE), "text/css; charset=utf-8");
        let same = got.header(ETAG) == plain.header(ETAG);
        assert_eq!(same, encoding.is_empty(), "one tag an encoding");
        let again = ask(accepts, got.header(ETAG)).await;
        assert_eq!(
            (again.status.as_u16(), again.header("content-encoding")),
            (304, "")
        );
    }
    let request = Request::get("/static/icon-192.png").header("accept-encoding", "br");
    let picture = world.ask(request, "").await;
    assert_eq!(
        picture.header("content-encoding"),
        "",
        "it is compressed already"
    );
}

#[tokio::test]
async fn health_and_metrics_are_served() {
    let world = world().await;
    world.sign_in().await;
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
