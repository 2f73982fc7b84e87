//! Signing out, and the limit of connections.

use serde_json::json;

use crate::support::{Server, kind_of};

#[tokio::test]
async fn signing_out_closes_only_that_sessions_sockets() {
    let server = Server::start().await;
    let here = server.user("ann").await;
    let there = server.sign_in("ann").await;
    let mut first = server.enter(&here).await;
    let mut second = server.enter(&here).await;
    let mut other = server.enter(&there).await;
    assert_eq!(
        first.welcome["session"], second.welcome["session"],
        "one sign-in, one session"
    );
    assert_ne!(first.welcome["session"], other.welcome["session"]);

    let answer = server
        .post("/logout", &[("Authorization", &here.bearer())], &json!({}))
        .await;
    answer.accepted(200);
    for ws in [&mut first, &mut second] {
        let (code, _) = ws.closed().await;
        ws.check(code == 4401, &format!("expected 4401, got {code}"));
    }
    other.say("lobby", "still here").await;
    server
        .get("/me", &[("Authorization", &there.bearer())])
        .await
        .accepted(200);
    server
        .get("/me", &[("Authorization", &here.bearer())])
        .await
        .refused(&[401]);

    // Neither the session's cookie nor its token signs in any more.
    let origin = server.origin();
    match server
        .open("ann", &[("Cookie", &here.cookie), ("Origin", &origin)])
        .await
    {
        Err(answer) => assert_eq!(answer.status, 401, "{answer:?}"),
        Ok(mut ws) => {
            ws.send(&json!({"type": "hello", "version": 1})).await;
            let (code, frames) = ws.closed().await;
            ws.check(code == 4401, &format!("expected 4401, got {code}"));
            assert!(
                !frames.iter().any(|f| kind_of(f) == "welcome"),
                "{frames:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_page_signs_out_by_cookie() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let origin = server.origin();
    let page = [("Cookie", ann.cookie.as_str()), ("Origin", origin.as_str())];
    let me = server
        .get("/me", &[("Cookie", &ann.cookie)])
        .await
        .accepted(200);
    assert_eq!(me["username"], "ann");
    let answer = server.post("/logout", &page, &json!({})).await;
    answer.accepted(200);
    let cleared = answer
        .header("set-cookie")
        .expect("the cookie is taken back");
    assert!(
        cleared.contains("Max-Age=0") || cleared.contains("Expires="),
        "{cleared}"
    );
    server
        .get("/me", &[("Cookie", &ann.cookie)])
        .await
        .refused(&[401]);
}

#[tokio::test]
async fn the_cookie_is_http_only_and_same_site() {
    let server = Server::start().await;
    server.register("ann", false).await;
    let body = json!({"username": "ann", "password": crate::support::PASSWORD});
    let answer = server
        .post("/login", &[("Origin", &server.origin())], &body)
        .await;
    answer.accepted(200);
    let cookie = answer.header("set-cookie").expect("a cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(
        !cookie.contains("Secure") && !cookie.contains("Domain"),
        "plain HTTP: {cookie}"
    );
}

#[tokio::test]
async fn connections_of_one_person_are_limited() {
    let flags = ["--rate-limit", "off", "--max-connections-per-user", "2"];
    let server = Server::start_with(&flags).await;
    let (ann, mut one) = server.newcomer("ann").await;
    let mut two = server.enter(&ann).await;
    let (_, mut bob) = server.newcomer("bob").await;
    let elsewhere = server.sign_in("ann").await;
    for user in [&ann, &elsewhere] {
        let mut third = server.upgrade(user).await;
        third.send(&json!({"type": "hello", "version": 1})).await;
        let (code, frames) = third.closed().await;
        third.check(code == 4409, &format!("expected 4409, got {code}"));
        assert!(
            !frames.iter().any(|f| kind_of(f) == "welcome"),
            "{frames:?}"
        );
    }
    for ws in [&mut one, &mut two, &mut bob] {
        ws.say("lobby", "still here").await;
    }
    // A connection that ends makes room for another.
    two.close().await;
    let mut again = None;
    for _ in 0..50 {
        let mut ws = server.upgrade(&ann).await;
        ws.send(&json!({"type": "hello", "version": 1})).await;
        match ws.receive().await {
            crate::support::Received::Frame(frame) if kind_of(&frame) == "welcome" => {
                again = Some(ws);
                break;
            }
            _ => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
    again
        .expect("a place that was given back")
        .say("lobby", "back")
        .await;
}
