//! Quotas of accounts, with the default limits.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Server, Ws};

const START: [&str; 2] = ["--admin", "root"];

/// Gives commands until one is over a quota, and returns how many were done. The reply says when
/// to try again.
async fn until_the_quota(ws: &mut Ws, make: impl Fn(usize) -> Value) -> usize {
    for n in 0.. {
        let reply = ws.ask(make(n)).await;
        if reply["type"] == "error" {
            assert_eq!(reply["code"], "quota", "{reply}");
            let retry_after_ms = reply["retry_after_ms"].as_u64().unwrap();
            assert!(retry_after_ms <= 24 * 60 * 60 * 1_000, "{reply}");
            return n;
        }
    }
    unreachable!("a quota ends it")
}

#[tokio::test]
async fn rooms_and_direct_rooms_of_a_new_account_are_counted_beyond_a_restart() {
    let mut server = Server::start_for_restarts_with(&START).await;
    let (user, mut ann) = server.newcomer("ann").await;
    for n in 0..12 {
        server.register(&format!("user{n}"), false).await;
    }
    let room = |n| json!({"type": "create", "room": format!("room-{n}")});
    assert_eq!(until_the_quota(&mut ann, room).await, 10);
    let dm = |n| json!({"type": "dm", "username": format!("user{n}")});
    assert_eq!(until_the_quota(&mut ann, dm).await, 10);
    // Rooms that exist are counted for nobody.
    ann.refused(room(3), &["taken"]).await;
    ann.done(dm(3), "room").await;
    server.kill();
    server.restart().await;
    let mut ann = server.enter(&user).await;
    for command in [room(20), dm(11)] {
        ann.refused(command, &["quota"]).await;
    }
    let (_, mut root) = server.newcomer("root").await;
    for n in 30..45 {
        root.done(room(n), "room").await;
    }
}

async fn sign_in(server: &Server, from: &str, password: &str) -> u16 {
    let body = json!({"username": "ann", "password": password});
    let from = [("X-Forwarded-For", from)];
    server.post("/login", &from, &body).await.status
}

#[tokio::test]
async fn an_owner_signs_in_from_where_they_did_before_a_restart_however_many_guess() {
    let flags = [
        "--trusted-proxy",
        "127.0.0.1",
        "--registration",
        "open",
        "--admin",
        "root",
    ];
    let mut server = Server::start_for_restarts_with(&flags).await;
    server.register("ann", false).await;
    let (home, elsewhere) = ("192.0.2.1", "192.0.2.2");
    assert_eq!(sign_in(&server, home, PASSWORD).await, 200);
    server.kill();
    server.restart().await;
    // Nine guesses from each network, until too many with this name have failed.
    for n in 0..250 {
        let network = format!("198.51.100.{n}");
        let mut last = 401;
        for _ in 0..9 {
            last = sign_in(&server, &network, "wrong").await;
        }
        if last == 429 {
            break;
        }
    }
    assert_eq!(sign_in(&server, elsewhere, PASSWORD).await, 429);
    assert_eq!(sign_in(&server, home, PASSWORD).await, 200);
}

#[tokio::test]
async fn accounts_of_one_network_come_twenty_at_once() {
    let server = Server::start_with(&START).await;
    let mut made = 0;
    loop {
        let body = json!({"username": format!("user{made}"), "password": "a-long-password"});
        let answer = server.post("/register", &[], &body).await;
        if answer.status != 201 {
            assert_eq!(answer.status, 429, "{answer:?}");
            assert!(answer.header("retry-after").is_some());
            break;
        }
        made += 1;
    }
    // A minute gives one more.
    assert!((20..=21).contains(&made), "{made}");
}

/// Sends this many messages at once to the lobby, and returns how many were stored.
async fn stored(ws: &mut Ws, count: usize) -> usize {
    for n in 0..count {
        let send = json!({"type": "send", "room": "lobby", "text": "hello",
            "nonce": format!("n{n}"), "id": format!("n{n}")});
        ws.send(&send).await;
    }
    let mut stored = 0;
    for _ in 0..count {
        let reply = ws
            .expect_matching("a reply", |frame| frame["re"].is_string())
            .await;
        match reply["type"].as_str() {
            Some("ack") => stored += 1,
            _ => assert_eq!(reply["code"], "rate_limited", "{reply}"),
        }
    }
    stored
}

#[tokio::test]
async fn new_accounts_of_one_network_share_a_rate() {
    let flags = [
        "--rate-limit",
        "5",
        "--trusted-proxy",
        "127.0.0.1",
        "--registration",
        "open",
        "--admin",
        "root",
    ];
    let server = Server::start_with(&flags).await;
    let enter = async |name: &str, network: &str| {
        let user = server.user(name).await;
        let headers = [
            ("Authorization", &*user.bearer()),
            ("X-Forwarded-For", network),
        ];
        let mut ws = server.open(name, &headers).await.unwrap();
        ws.send(&json!({"type": "hello", "version": 1})).await;
        ws.expect("welcome").await;
        ws
    };
    let mut elsewhere = enter("elsewhere", "192.0.2.2").await;
    let mut newcomers = Vec::new();
    for n in 0..10 {
        newcomers.push(enter(&format!("user{n}"), "192.0.2.1").await);
    }
    // Each may send 25 at once, and all of them together 50.
    let mut counts = Vec::new();
    for ws in &mut newcomers {
        counts.push(stored(ws, 25).await);
    }
    assert_eq!(counts[0], 25);
    assert!(counts.iter().any(|count| *count < 25), "{counts:?}");
    assert_eq!(stored(&mut elsewhere, 25).await, 25);
}
