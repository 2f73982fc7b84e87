//! A deleted text is in no reply, no search result, no replay, and no file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{PATIENCE, Server, Ws};

/// Words that occur nowhere else.
const SECRETS: [&str; 3] = ["zanzibarquux", "wolframplugh", "kryptonxyzzy"];

fn holds_a_secret(text: &str) -> bool {
    SECRETS.iter().any(|secret| text.contains(secret))
}

/// The replies to every command that reads the room.
async fn all_answers(ws: &mut Ws) -> Vec<Value> {
    let mut answers = Vec::new();
    for page in [
        json!({"type": "history", "room": "rust"}),
        json!({"type": "history", "room": "rust", "before": 100}),
        json!({"type": "history", "room": "rust", "after": 0}),
        json!({"type": "history", "room": "rust", "around": 3}),
        json!({"type": "events", "room": "rust", "after": 0}),
    ] {
        answers.push(ws.ask(page).await);
    }
    answers
}

async fn found(ws: &mut Ws, query: &str) -> usize {
    let page = ws
        .done(json!({"type": "search", "query": query}), "results")
        .await;
    page["messages"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_deleted_text_is_in_no_reply_and_no_file() {
    let mut server = Server::start_for_restarts().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let (carl_user, mut carl) = server.newcomer("carl").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    for who in [&mut bob, &mut carl] {
        who.done(json!({"type": "join", "room": "rust"}), "ok")
            .await;
    }
    carl.close().await;
    // One message with the secret, one whose edit adds it, one whose edit removes it.
    let [first, second, third] = SECRETS;
    let said = bob.say("rust", &format!("the {first} is here")).await["seq"]
        .as_u64()
        .unwrap();
    let edited = bob.say("rust", "plain").await["seq"].as_u64().unwrap();
    let edit =
        |seq: u64, text: String| json!({"type": "edit", "room": "rust", "seq": seq, "text": text});
    bob.done(edit(edited, format!("now {second}")), "ok").await;
    let hidden = bob.say("rust", third).await["seq"].as_u64().unwrap();
    bob.done(edit(hidden, "harmless".to_owned()), "ok").await;
    ann.say("rust", "kept").await;
    for (query, count) in [
        (first, 1),
        (second, 1),
        (third, 0),
        ("harmless", 1),
        ("plain", 0),
    ] {
        assert_eq!(
            found(&mut ann, query).await,
            count,
            "{query} before the delete"
        );
    }
    // One is deleted by its sender, the others by a moderator.
    let delete = |seq: u64| json!({"type": "delete", "room": "rust", "seq": seq});
    bob.done(delete(said), "ok").await;
    ann.done(delete(edited), "ok").await;
    bob.done(delete(hidden), "ok").await;

    let mut who = "at once";
    for _ in 0..2 {
        let mut ann = server.enter(&server.sign_in("ann").await).await;
        for answer in all_answers(&mut ann).await {
            assert!(!holds_a_secret(&answer.to_string()), "{who}: {answer}");
        }
        for query in SECRETS.iter().chain(&["harmless", "plain", "\"is here\""]) {
            assert_eq!(found(&mut ann, query).await, 0, "{who}: {query} is found");
        }
        assert_eq!(found(&mut ann, "kept").await, 1, "{who}");
        // A client that was offline and a new client are both shown that there was a message.
        for (user, after) in [(&carl_user, 3), (&bob_user, 0)] {
            let mut ws = server
                .enter_with(user, json!({"resume": {"rust": after}}))
                .await;
            let last = ws.collect_until("the last delete", |frame| {
                frame["type"] == "deleted" && frame["target"] == json!(hidden)
            });
            let told = last.await;
            let text = json!(told).to_string();
            assert!(!holds_a_secret(&text), "{who}: a resume tells {text}");
            let masked = told.iter().filter(|frame| frame["deleted"] == true).count();
            assert_eq!(masked, 5, "{who}: three messages and two edits: {told:?}");
        }
        server.kill();
        server.restart().await;
        who = "after a crash";
    }

    if server.database().is_none() {
        no_file_holds_it(&server.data_dir()).await;
    }
}

/// The scrub runs in the background: soon no file holds the text, and after the server has stopped
/// the write-ahead log holds none either.
async fn no_file_holds_it(data: &Path) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let holding: Vec<PathBuf> = files(data)
            .into_iter()
            .filter(|file| std::fs::read(file).is_ok_and(|bytes| has_secret(&bytes)))
            .collect();
        if holding.is_empty() {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{holding:?} still hold a deleted text"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

fn has_secret(bytes: &[u8]) -> bool {
    SECRETS.iter().any(|secret| {
        bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes())
    })
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}
