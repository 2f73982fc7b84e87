//! Where more than 50 are online, n arrivals don't cost n².

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use serde_json::Value;
use tokio::time::Instant;

use crate::support::{Server, User, Ws, text_of};

/// Members online above which lines are told together.
const LINES_ALONE: usize = 50;
/// Who comes when that many are there.
const LATE: usize = 20;

#[tokio::test]
async fn above_fifty_online_lines_are_told_together() {
    let flags = [
        "--rate-limit",
        "off",
        "--max-connections-per-address",
        "1000",
    ];
    let server = Server::start_with(&flags).await;
    let (_, mut ann) = server.newcomer("ann").await;
    // Hashing passwords takes its time; two at once is what the machine has.
    let names = (0..LINES_ALONE + LATE).map(|i| format!("p{i:02}"));
    let mut users: Vec<User> = stream::iter(names)
        .map(|name| {
            let site = server.clone();
            async move { site.user(&name).await }
        })
        .buffered(4)
        .collect()
        .await;

    let late = users.split_off(LINES_ALONE);
    let mut early = Vec::new();
    for user in &users {
        early.push(server.enter(user).await);
    }
    told(&mut ann, "joined_chat", 1 + LINES_ALONE).await;

    let came = futures::future::join_all(late.iter().map(|user| server.enter(user))).await;
    let lines = told(&mut ann, "joined_chat", LATE).await;
    check_lines(&lines, "joined the chat");

    drop(came);
    let lines = told(&mut ann, "left_chat", LATE).await;
    check_lines(&lines, "left the chat");

    // One who comes late is told the same, not the arrivals one by one.
    let spoken = ann.say("lobby", "all of you").await;
    let heard = early[0]
        .expect_matching("the word", |f| text_of(f) == "all of you")
        .await;
    assert_eq!(heard["seq"], spoken["seq"]);
}

/// The lines of this event, with the time each came, until they tell of `people`.
async fn told(ws: &mut Ws, event: &str, people: usize) -> Vec<(Instant, Value)> {
    let (mut lines, mut sum) = (Vec::new(), 0);
    while sum < people {
        let what = format!("{event} of {people} people, {sum} until now");
        let line = ws
            .expect_matching(&what, |frame| frame["event"] == event)
            .await;
        sum += count(&line);
        lines.push((Instant::now(), line));
    }
    assert_eq!(sum, people, "each is told once: {lines:?}");
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

fn check_lines(lines: &[(Instant, Value)], verb: &str) {
    assert!(lines.len() <= 5, "{LATE} people in a few lines: {lines:?}");
    assert!(
        lines.iter().any(|(_, line)| count(line) > 1),
        "told together: {lines:?}"
    );
    for pair in lines.windows(2) {
        let between = pair[1].0 - pair[0].0;
        assert!(
            between > Duration::from_millis(700),
            "one line a second: {between:?} {lines:?}"
        );
    }
    for (_, line) in lines {
        assert!(text_of(line).ends_with(verb), "{line}");
        if let Some(names) = line["usernames"].as_array() {
            assert!((1..=10).contains(&names.len()), "ten names at most: {line}");
            assert!(names.len() <= count(line), "{line}");
            let expected = count(line).min(10);
            assert_eq!(names.len(), expected, "as many names as fit: {line}");
        }
    }
}
