//! Questions for pages cost a bounded amount of memory, and have a rate of their own.

use std::time::Duration;

use chat_server::gateway::{READS_BURST, READS_PER_SECOND};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{Server, kind_of};

const MESSAGES: usize = 200;
/// Characters of a message; four bytes each.
const CHARACTERS: usize = 3_900;
const CONNECTIONS: usize = 8;
/// Unanswered commands that one connection may have.
const QUERIES: usize = 64;

/// Kilobytes that the queries may add to the server's memory: the budget for one user's pages
/// (8 MiB), eight send queues, and as much again for the allocator.
const ADDED_KB_MAX: u64 = 64 << 10;

/// The most memory that the server has had, in kilobytes; `None` on a system without `/proc`,
/// where this test holds the answers alone.
fn peak_kb(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let digits = line.unwrap().split_whitespace().nth(1).unwrap();
    Some(digits.parse().unwrap())
}

/// Panics if the server's memory has grown by more than [`ADDED_KB_MAX`] since `before`.
fn check_added(server: &Server, before: Option<u64>) {
    if let (Some(before), Some(now)) = (before, peak_kb(server)) {
        let added = now - before;
        assert!(added <= ADDED_KB_MAX, "{added} KB were added");
    }
}

#[tokio::test]
async fn hundreds_of_history_queries_stay_within_the_budget() {
    let server = Server::start_with(&["--rate-limit", "off"]).await;
    let (user, mut ann) = server.newcomer("ann").await;
    let text = "🦀".repeat(CHARACTERS);
    for _ in 0..MESSAGES {
        ann.say("lobby", &text).await;
    }
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(server.enter(&user).await);
    }
    let before = peak_kb(&server);
    let query = json!({"type": "history", "room": "lobby", "limit": 200});
    for connection in &mut connections {
        for _ in 0..QUERIES {
            connection.send(&query).await;
        }
    }
    let answered = connections.iter_mut().map(|connection| async move {
        for _ in 0..QUERIES {
            let page = connection.expect("history").await;
            assert_eq!(page["more_before"], true, "a frame holds only some of them");
        }
    });
    join_all(answered).await;
    check_added(&server, before);

    // Queries of connections that are gone are not answered, and leave the budget to others.
    for connection in &mut connections {
        for _ in 0..QUERIES {
            connection.send(&query).await;
        }
    }
    drop(connections);
    let page = ann.ask(query).await;
    assert_eq!(kind_of(&page), "history", "{page}");
    check_added(&server, before);
}

/// Past the first hundred, rejections of reads come at a pace, whatever the client sends.
#[tokio::test]
async fn rejections_of_a_flood_of_reads_come_slowly() {
    const READS: usize = 1_500;
    const QUICK: usize = 100;
    const SLOW: u32 = 40;
    const PAUSE: Duration = Duration::from_millis(50);
    let server = Server::start_with(&[]).await;
    let (_, mut ann) = server.newcomer("ann").await;
    // No store is slow with it, because ann is in no such room.
    let query = json!({"type": "search", "room": "nowhere", "query": "needle"});
    let begun = Instant::now();
    for _ in 0..READS {
        ann.send(&query).await;
    }
    let is_rejected = |frame: &Value| frame["code"] == "rate_limited";
    for _ in 0..QUICK + SLOW as usize {
        ann.expect_matching("a rejection", is_rejected).await;
    }
    let took = begun.elapsed();
    assert!(took >= SLOW * PAUSE, "{took:?}");
}

#[tokio::test]
async fn a_flood_of_reads_is_rate_limited() {
    const READS: usize = 800;
    let server = Server::start_with(&[]).await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let (mut pages, mut refused): (usize, Vec<Value>) = (0, Vec::new());
    let begun = Instant::now();
    for sent in 0..READS {
        ann.send(&json!({"type": "members", "room": "lobby", "limit": 1}))
            .await;
        if sent < QUERIES / 2 {
            continue;
        }
        read_answer(&mut ann, &mut pages, &mut refused).await;
    }
    while pages + refused.len() < READS {
        read_answer(&mut ann, &mut pages, &mut refused).await;
    }
    let seconds = 1 + usize::try_from(begun.elapsed().as_secs()).unwrap();
    let most = READS_BURST as usize + READS_PER_SECOND as usize * seconds;
    assert!(
        pages >= READS_BURST as usize,
        "a burst gets through: {pages}"
    );
    assert!(
        pages <= most,
        "{pages} reads, at most {most} in {seconds} s"
    );
    for error in &refused {
        assert_eq!(error["code"], "rate_limited", "{error}");
        assert!(error["retry_after_ms"].as_u64() > Some(0), "{error}");
    }
    let query = json!({"type": "members", "room": "lobby", "limit": 1});
    let page = bob.ask(query.clone()).await;
    assert_eq!(
        kind_of(&page),
        "members",
        "others are not held back: {page}"
    );
    ann.say("lobby", "reads do not count as changes").await;
    sleep(Duration::from_millis(100)).await;
    let page = ann.ask(query).await;
    assert_eq!(kind_of(&page), "members", "{page}");
}

async fn read_answer(
    connection: &mut crate::support::Ws,
    pages: &mut usize,
    refused: &mut Vec<Value>,
) {
    loop {
        let frame = connection.next().await;
        match kind_of(&frame) {
            "members" => *pages += 1,
            "error" => refused.push(frame),
            _ => continue,
        }
        return;
    }
}
