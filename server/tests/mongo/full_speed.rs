//! Messages as fast as the store takes them, and a search right behind them.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::faults::server_behind_proxy;
use crate::outage::wait_for_entries;
use crate::proxy::Command;
use crate::speaker::{Acked, check_log, speak};
use crate::support::mongo_server::TestDatabase;
use crate::support::{Ws, from_env, text_of};
use crate::two_servers::ACCOUNT_LOG;

/// Messages in all; `CHAT_SPEED_MESSAGES` says otherwise.
const MESSAGES: u64 = 1_200;
const SPEAKERS: u64 = 4;
/// Unacknowledged messages of one sender.
const UNDER_WAY: usize = 32;
/// Longest that a search may take behind the full size. The normal run has a busy machine, so it
/// counts commands alone.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);
/// How often the one who searches reads what others say, so that it is no slow reader.
const READ_EVERY: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_search_right_behind_messages_at_full_speed_waits_for_no_entries() {
    let database = TestDatabase::new();
    let is_drill = std::env::var_os("CHAT_SPEED_MESSAGES").is_some();
    let each = from_env("CHAT_SPEED_MESSAGES", MESSAGES) / SPEAKERS;
    let (proxy, server) = server_behind_proxy(&database, &[]).await;
    let (_, mut searcher) = server.newcomer("searcher").await;
    let mut users = Vec::new();
    for i in 0..SPEAKERS {
        users.push(server.user(&format!("speaker{i}")).await);
    }
    // Dropping the sender would stop the speakers.
    let (_stop, stopped) = watch::channel(false);
    let begun = Instant::now();
    let speakers = users.into_iter().map(|user| {
        let (server, stopped) = (server.clone(), stopped.clone());
        let count = each as usize;
        tokio::spawn(speak(
            server,
            user,
            UNDER_WAY,
            count,
            Duration::ZERO,
            stopped,
        ))
    });
    let mut speaking = join_all(speakers.collect::<Vec<_>>());
    let acked = loop {
        tokio::select! {
            acked = &mut speaking => break acked,
            () = sleep(READ_EVERY) => searcher.catch_up().await,
        }
    };
    let acked: Acked = acked.into_iter().flat_map(|acked| acked.unwrap()).collect();
    let spoken = begun.elapsed();
    searcher.catch_up().await;
    proxy.take_passed();

    let mut longest = Duration::ZERO;
    for (speaker, said) in [(0, 1), (1, each / 2), (SPEAKERS - 1, each)] {
        longest = longest.max(find(&mut searcher, &format!("speaker{speaker} {said}")).await);
    }
    let passed = proxy.take_passed();
    let reads =
        |one: &&Command| one.name == "find" && ["search", "log"].contains(&&*one.collection);
    // Each server looks for changes of accounts every other second.
    let mut reads = passed
        .iter()
        .filter(reads)
        .filter(|one| one.room != ACCOUNT_LOG);
    assert!(reads.next().is_none(), "memory did not answer: {passed:?}");
    assert!(!is_drill || longest < ANSWERED_WITHIN, "{longest:?}");
    let begun = Instant::now();
    wait_for_entries(&database, acked.len()).await;
    let entered = begun.elapsed();
    check_log(&database, &acked).await;
    report(&format!(
        "{} messages in {spoken:.1?}; the slowest of three searches took {longest:.2?}; all entries \
         {entered:.1?} later",
        acked.len()
    ));
}

/// Finds the one message with this text, and returns how long that took.
async fn find(searcher: &mut Ws, text: &str) -> Duration {
    let begun = Instant::now();
    let search = json!({"type": "search", "query": format!("\"{text}\""), "limit": 20});
    let page = searcher.done(search, "results").await;
    let took = begun.elapsed();
    let found: Vec<&str> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(text_of)
        .collect();
    assert_eq!(found, [text]);
    took
}

#[expect(clippy::print_stderr, reason = "a run reports what it did")]
fn report(line: &str) {
    eprintln!("full speed: {line}");
}
