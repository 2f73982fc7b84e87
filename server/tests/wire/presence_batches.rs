//! With more than 50 people online, arrivals and departures are announced in batches, so that n of
//! them don't cost n² frames.

use crate::support::{Server, User, Ws, text_of};
use futures::StreamExt;
use futures::stream;
use serde_json::Value;
use tokio::time::Instant;

/// People online up to whom each arrival has a line of its own.
const SINGLE_LINES_MAX: usize = 50;
/// People who come once that many are online.
const LATE: usize = 20;
/// Milliseconds between two lines that announce several people.
const LINE_INTERVAL_MS: u64 = 1_000;

/// Most lines that announce people who come or go from `begun` until now: one at once, and one for
/// each second.
fn lines_max(begun: Instant) -> usize {
    2 + usize::try_from(begun.elapsed().as_secs()).unwrap()
}

#[tokio::test]
async fn above_fifty_online_arrivals_are_announced_in_batches() {
    let flags = [
        "--rate-limit",
        "off",
        "--max-connections-per-address",
        "1000",
    ];
    let server = Server::start_with(&flags).await;
    let (_, mut ann) = server.newcomer("ann").await;
    // Few at once, because each sign-up hashes a password.
    let names = (0..SINGLE_LINES_MAX + LATE).map(|i| format!("p{i:02}"));
    let mut users: Vec<User> = stream::iter(names)
        .map(|name| {
            let site = server.clone();
            async move { site.user(&name).await }
        })
        .buffered(4)
        .collect()
        .await;

    let late = users.split_off(SINGLE_LINES_MAX);
    let mut early = Vec::new();
    for user in &users {
        early.push(server.enter(user).await);
    }
    announced(&mut ann, "joined_chat", 1 + SINGLE_LINES_MAX).await;

    let begun = Instant::now();
    let mut came = futures::future::join_all(late.iter().map(|user| server.enter(user))).await;
    let lines = announced(&mut ann, "joined_chat", LATE).await;
    check_lines(&lines, begun, "joined the chat");

    // Late people get the same batches as everyone else, and not a line for each of the others.
    ann.say("lobby", "everyone is here").await;
    for ws in &mut came {
        let lines = lines_until(ws, "joined_chat", "everyone is here").await;
        let people: usize = lines.iter().map(count).sum();
        assert!((1..=LATE).contains(&people), "{people} people: {lines:?}");
        assert!(lines.len() <= lines_max(begun), "{lines:?}");
    }
    // The first person got everyone once: the early ones one by one, the late ones in batches.
    let lines = lines_until(&mut early[0], "joined_chat", "everyone is here").await;
    let people: usize = lines.iter().map(count).sum();
    assert_eq!(people, SINGLE_LINES_MAX + LATE, "{lines:?}");

    let begun = Instant::now();
    drop(came);
    let lines = announced(&mut ann, "left_chat", LATE).await;
    check_lines(&lines, begun, "left the chat");
}

/// All lines of this event before the message `text`.
async fn lines_until(ws: &mut Ws, event: &str, text: &str) -> Vec<Value> {
    let mut frames = ws.collect_until(text, |f| text_of(f) == text).await;
    frames.retain(|frame| frame["event"] == event);
    frames
}

/// The lines of this event, until they have announced `people`.
async fn announced(ws: &mut Ws, event: &str, people: usize) -> Vec<Value> {
    let (mut lines, mut sum) = (Vec::new(), 0);
    while sum < people {
        let what = format!("{event} of {people} people, {sum} until now");
        let line = ws
            .expect_matching(&what, |frame| frame["event"] == event)
            .await;
        sum += count(&line);
        lines.push(line);
    }
    assert_eq!(sum, people, "each is announced once: {lines:?}");
    lines
}

fn count(line: &Value) -> usize {
    if line["username"].is_string() {
        return 1;
    }
    usize::try_from(
        line["count"]
            .as_u64()
            .unwrap_or_else(|| panic!("no count: {line}")),
    )
    .unwrap()
}

fn check_lines(lines: &[Value], begun: Instant, verb: &str) {
    assert!(lines.len() <= lines_max(begun), "{lines:?}");
    assert!(lines.iter().any(|line| count(line) > 1), "{lines:?}");
    let times: Vec<u64> = lines
        .iter()
        .map(|line| line["ts"].as_u64().unwrap())
        .collect();
    for pair in times.windows(2) {
        assert!(
            pair[1] - pair[0] >= LINE_INTERVAL_MS,
            "one line a second: {lines:?}"
        );
    }
    for line in lines {
        assert!(text_of(line).ends_with(verb), "{line}");
        if let Some(names) = line["usernames"].as_array() {
            assert!((1..=10).contains(&names.len()), "ten names at most: {line}");
            assert!(names.len() <= count(line), "{line}");
            let expected = count(line).min(10);
            assert_eq!(names.len(), expected, "as many names as fit: {line}");
        }
    }
}
