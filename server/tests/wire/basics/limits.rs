//! Rate limits.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{Server, fresh_nonce, kind_of};

#[tokio::test]
async fn a_rate_limited_command_says_when_to_retry() {
    const FLOOD: usize = 60;
    const RATE: usize = 5;
    const BURST_SECONDS: usize = 5;
    let server = Server::start_with(&["--rate-limit", "5"]).await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let begun = Instant::now();
    for i in 0..FLOOD {
        ann.send(
            &json!({"type": "send", "id": format!("{i}"), "room": "lobby",
            "text": format!("{i}"), "nonce": format!("n{i}")}),
        )
        .await;
    }
    let mut answers: HashMap<String, Value> = HashMap::new();
    while answers.len() < FLOOD {
        let frame = ann.next().await;
        if let Some(re) = frame["re"].as_str() {
            let twice = answers.insert(re.to_owned(), frame.clone());
            ann.check(twice.is_none(), &format!("answered twice: {frame}"));
        }
    }
    let (acks, errors): (Vec<&Value>, Vec<&Value>) =
        answers.values().partition(|frame| kind_of(frame) == "ack");
    assert!(!acks.is_empty(), "some get through: {errors:?}");
    // A burst of five seconds, and what the seconds until now allow.
    let seconds = 1 + usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!(
        acks.len() <= RATE * (BURST_SECONDS + seconds),
        "a flood of {FLOOD} does not: {} acks in {seconds} s",
        acks.len()
    );
    let mut wait = 0;
    for error in &errors {
        assert_eq!(error["code"], "rate_limited", "{error}");
        let retry = error["retry_after_ms"].as_u64().unwrap_or_default();
        assert!((1..=60_000).contains(&retry), "says when to go on: {error}");
        assert!(error["nonce"].is_string(), "says which: {error}");
        wait = wait.max(retry);
    }

    // A refused message is not stored, others are not held back, and after the wait sending works
    // again.
    let heard = bob.say("lobby", "I am calm").await;
    assert_eq!(
        heard["seq"],
        acks.len() + 1,
        "only what was acked stands in the log"
    );
    sleep(Duration::from_millis(wait + 100)).await;
    ann.say("lobby", "calm again").await;

    // A repeated nonce is answered before the rate is checked.
    let first = acks[0];
    for _ in 0..20 {
        let again = ann
            .ask(json!({"type": "send", "room": "lobby", "text": "x", "nonce": first["nonce"]}))
            .await;
        assert_eq!(
            (&again["type"], &again["seq"]),
            (&json!("ack"), &first["seq"]),
            "{again}"
        );
    }
}

#[tokio::test]
async fn a_flood_is_closed() {
    let server = Server::start_with(&["--rate-limit", "5"]).await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    // More than 200 refusals in a row, after those that the burst lets through.
    for _ in 0..400 {
        let send = json!({"type": "send", "room": "lobby", "text": "x", "nonce": fresh_nonce()});
        if ann.try_send(send.to_string()).await.is_err() {
            break;
        }
    }
    let (code, frames) = ann.closed().await;
    ann.check(code == 4429, &format!("expected 4429, got {code}"));
    let acks = frames
        .iter()
        .filter(|frame| kind_of(frame) == "ack")
        .count();
    let next = bob.say("lobby", "calm").await;
    assert_eq!(next["seq"], acks + 1, "what was not acked was not said");
}

#[tokio::test]
async fn guessing_passwords_is_rate_limited() {
    let server = Server::start_with(&[]).await;
    let ann = server.user("ann").await;
    let guess = json!({"username": "ann", "password": "a-guess-of-hers"});
    for i in 0..100 {
        let answer = server.post("/login", &[], &guess).await;
        answer.refused(&[401, 429]);
        if answer.status == 429 {
            let after = answer
                .header("retry-after")
                .expect("429 says when to come back");
            let seconds: u64 = after.parse().expect("Retry-After in seconds");
            assert!((1..=3_600).contains(&seconds), "{answer:?}");
            // A person who is signed in is not affected.
            server
                .get("/me", &[("Authorization", &ann.bearer())])
                .await
                .accepted(200);
            return;
        }
        assert!(i < 99, "100 guesses in a row were answered");
    }
}

#[tokio::test]
async fn creating_accounts_is_rate_limited() {
    let server = Server::start_with(&[]).await;
    for i in 0..200 {
        let body = json!({"username": format!("many{i}"), "password": crate::support::PASSWORD});
        let answer = server.post("/register", &[], &body).await;
        if answer.status != 201 {
            answer.refused(&[429]);
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            return;
        }
    }
    panic!("200 accounts in a row were made");
}
