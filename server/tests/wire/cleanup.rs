//! Nothing is left behind when connections end, however they end. `CHAT_CHURN` says how many come
//! and go.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::support::{PATIENCE, Received, Server, User, from_env};

/// Connections open at a time.
const AT_ONCE: usize = 100;

/// A gauge of `/metrics`, which is counted once a second.
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

/// 0 where the system does not tell it there.
fn descriptors(server: &Server) -> usize {
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid()));
    open.map_or(0, Iterator::count)
}

/// Tasks, connections, rooms, bytes that wait, and descriptors, once they are counted anew.
async fn live(server: &Server) -> [u64; 5] {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    [
        gauge(server, "chat_tasks").await,
        gauge(server, "chat_connections").await,
        gauge(server, "chat_rooms_loaded").await,
        gauge(server, "chat_outbox_bytes").await,
        descriptors(server) as u64,
    ]
}

/// The same, once nobody but one is connected any more and what they left is done.
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

/// One connection of each kind of end, by its number.
async fn come_and_go(server: &Server, user: &User, n: usize) {
    if n.is_multiple_of(8) {
        // Never says who it is.
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
            // A frame that is too big.
            ws.send_text("x".repeat(70_000)).await;
            ws.closed_within(PATIENCE).await;
        }
        6 => {
            // It leaves while it is being told.
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
    // What is opened once and kept, as the store's readers, is not left behind.
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
        // Threads of the runtime's pool come and go, tasks and the rest do not.
        let same = after[..4] == before[..4] && after[4] <= before[4] + 2;
        if same {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "before: {before:?}, after {all}: {after:?}"
        );
    }
    first.say("lobby", "still here").await;
}
