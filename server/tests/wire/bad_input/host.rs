//! A site whose name was made to point to this machine (DNS rebinding) gets nothing.

use serde_json::json;

use crate::support::{PASSWORD, Server};

#[tokio::test]
async fn a_local_server_answers_to_its_own_names_only() {
    let server = Server::start().await;
    let port = server.address.port();
    for name in ["127.0.0.1", "localhost", "[::1]"] {
        let host = format!("{name}:{port}");
        let answer = server.get("/healthz", &[("Host", &host)]).await;
        assert_eq!(answer.status, 200, "{host}");
    }
    let ann = server.user("ann").await;
    let host = format!("rebound.example:{port}");
    let origin = format!("http://{host}");
    let body = json!({"username": "ann", "password": PASSWORD});
    let rebound = [("Host", host.as_str()), ("Origin", origin.as_str())];
    let said = server.post("/login", &rebound, &body).await.refused(&[421]);
    assert!(said.contains("--public-url"), "{said}");
    let with_cookie = [rebound[0], rebound[1], ("Cookie", ann.cookie.as_str())];
    let refused = server.open("ann", &with_cookie).await.err();
    refused.expect("the upgrade is refused").refused(&[421]);
    let refused = server.open("ann", &rebound).await.err();
    refused.expect("without a cookie too").refused(&[421]);
}

#[tokio::test]
async fn the_operator_names_the_public_host() {
    let flags = [
        "--public-url",
        "https://chat.example",
        "--trusted-proxy",
        "127.0.0.1",
    ];
    let server = Server::start_with(&flags).await;
    let ask = async |headers: &[(&str, &str)]| server.get("/healthz", headers).await.status;
    assert_eq!(ask(&[("Host", "chat.example")]).await, 200);
    assert_eq!(ask(&[("X-Forwarded-Host", "chat.example")]).await, 200);
    assert_eq!(ask(&[]).await, 200, "by its address");
    assert_eq!(ask(&[("Host", "other.example")]).await, 421);
    assert_eq!(ask(&[("X-Forwarded-Host", "other.example")]).await, 421);
}

#[tokio::test]
async fn metrics_move_to_an_address_of_their_own() {
    let server = Server::start_with(&["--metrics-listen", "127.0.0.1:0"]).await;
    assert_eq!(server.get("/metrics", &[]).await.status, 404);
    let lines = server.log.lines();
    let line = lines.iter().find(|line| line.contains("metrics address="));
    let line = line.unwrap_or_else(|| panic!("no line about metrics in {lines:?}"));
    let address = line.rsplit("address=").next().unwrap().trim();
    let metrics = address.parse().unwrap_or_else(|_| panic!("{line}"));
    let answer = crate::support::call(metrics, "GET", "/metrics", &[], "").await;
    assert!(answer.body.contains("chat_accounts"), "{answer:?}");
    let other = crate::support::call(metrics, "GET", "/healthz", &[], "").await;
    assert_eq!(other.status, 404);
}
