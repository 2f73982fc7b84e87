//! Connections leave nothing behind, however they end. `CHAT_CHURN` is how many are opened.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::support::{PATIENCE, Received, Server, User, from_env};

/// Connections that are open at the same time.
const AT_ONCE: usize = 100;

/// Reads a gauge from `/metrics`. The server updates them once a second.
pub(crate) async fn gauge(server: &Server, name: &str) -> u64 {
    let metrics = server.get("/metrics", &[]).await;
    let line = metrics
        .body
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {}", metrics.body))
        .parse()
        .unwrap()
}

/// Open file descriptors of the server; 0 on systems without `/proc`.
fn descriptors(server: &Server) -> usize {
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid()));
    open.map_or(0, Iterator::count)
}

/// Tasks, connections, loaded rooms, waiting bytes and descriptors, after the gauges were updated.
async fn live(server: &Server) -> [u64; 5] {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    [
        gauge(server, "chat_tasks").await,
        gauge(server, "chat_connections").await,
        gauge(server, "chat_rooms_loaded").await,
        gauge(server, "chat_send_queue_bytes").await,
        descriptors(server) as u64,
    ]
}

/// The same, once only one connection is left and nothing changes any more.
async fn settled(server: &Server) -> [u64; 5] {
    let deadline = Instant::now() + PATIENCE;
    let mut last = [0; 5];
    loop {
        let now = live(server).await;
        if now[1] == 1 && now == last {
            return now;
        }
        assert!(Instant::now() < deadline, "some stay: {now:?}");
        last = now;
    }
}

/// Opens a connection and ends it in one of eight ways, chosen by its number.
async fn come_and_go(server: &Server, user: &User, n: usize) {
    if n.is_multiple_of(8) {
        // It never signs in.
        drop(server.open("nobody", &[]).await);
        return;
    }
    let mut ws = server.enter(user).await;
    match n % 8 {
        1 => ws.close().await,
        2 => drop(ws),
        3 => {
            ws.send_raw(b"this is not WebSocket at all, and never was")
                .await;
            ws.closed().await;
        }
        4 => {
            ws.send_text("{").await;
            drop(ws);
        }
        5 => {
            // It sends a frame that is too big.
            ws.send_text("x".repeat(70_000)).await;
            ws.closed_within(PATIENCE).await;
        }
        6 => {
            // It disconnects while replies are being sent.
            for i in 0..5 {
                ws.send(
                    &json!({"type": "events", "id": format!("e{i}"), "room": "lobby", "after": 0}),
                )
                .await;
            }
            drop(ws);
        }
        _ => {
            ws.send(&json!({"type": "typing", "room": "lobby"})).await;
            ws.send(&json!({"type": "resume", "id": "r", "rooms": {"lobby": 0}}))
                .await;
            let _ = matches!(ws.receive().await, Received::Frame(_));
            drop(ws);
        }
    }
}

#[tokio::test]
async fn ended_connections_leave_nothing_behind() {
    let flags = [
        "--rate-limit",
        "off",
        "--max-connections-per-address",
        "100000",
    ];
    let server =
        Server::start_with(&[&flags[..], &["--max-connections-per-user", "100000"]].concat()).await;
    let user = server.user("ann").await;
    let mut first = server.enter(&user).await;
    first.say("lobby", "hello").await;
    // Run once before measuring, because some descriptors are opened once and kept, such as the
    // store's readers.
    futures::future::join_all((0..AT_ONCE).map(|n| come_and_go(&server, &user, n))).await;
    let before = settled(&server).await;
    let all = usize::try_from(from_env("CHAT_CHURN", 800)).unwrap();
    let numbers: Vec<usize> = (0..all).collect();
    for some in numbers.chunks(AT_ONCE) {
        futures::future::join_all(some.iter().map(|n| come_and_go(&server, &user, *n))).await;
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let after = live(&server).await;
        // Work of the server's own may have been counted before and have ended since. Descriptors
        // vary a little with the runtime's threads.
        let nothing_more = (0..4).all(|figure| after[figure] <= before[figure]);
        if nothing_more && after[4] <= before[4] + 2 {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "before: {before:?}, after {all}: {after:?}"
        );
    }
    first.say("lobby", "still here").await;
}
