//! A store that fails while people talk: who asks for readiness learns of it, the log stays short,
//! and all goes on when the fault is over.

mod disk;
mod files;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{PATIENCE, Server, Ws, fresh_nonce};

/// Lines of the log that one fault may cost.
const LINES_MAX: usize = 5;

/// Messages that are sent to a store that fails.
const SENT_MEANWHILE: usize = 40;

impl Server {
    async fn readiness(&self) -> u16 {
        self.get("/readyz", &[]).await.status
    }

    /// Waits until `/readyz` answers 200 again.
    async fn until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.readiness().await != 200 {
            assert!(Instant::now() < deadline, "not ready: {}", self.log.tail());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn message() -> Value {
    json!({"type": "send", "room": "lobby", "text": "hello", "nonce": fresh_nonce()})
}

/// Sends messages to a store that fails. Returns one of them.
async fn send_in_vain(person: &mut Ws) -> Value {
    for _ in 0..SENT_MEANWHILE {
        person.refused(message(), &["unavailable"]).await;
    }
    let last = message();
    person.refused(last.clone(), &["unavailable"]).await;
    last
}

/// Checks a fault from its first failure to its end. `begin` makes the store fail, `end` lets it
/// work.
async fn drill(server: &Server, begin: impl FnOnce(), end: impl FnOnce()) {
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say("lobby", "before").await;
    assert_eq!(server.readiness().await, 200);
    let skipped = server.log.lines().len();

    begin();
    let unsent = send_in_vain(&mut ann).await;
    assert_eq!(server.readiness().await, 503);
    server.get("/healthz", &[]).await.accepted(200);

    end();
    server.until_ready().await;
    ann.done(unsent.clone(), "ack").await;
    // It is stored once, whatever became of the first attempt.
    let first = ann.done(unsent, "ack").await["seq"].as_u64().unwrap();
    assert!(ann.say("lobby", "after").await["seq"].as_u64().unwrap() > first);

    server.log.until(skipped, "the store works again").await;
    let lines = server.log.lines().split_off(skipped);
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("the store fails"), 1, "{lines:#?}");
    assert!(lines.len() <= LINES_MAX, "{lines:#?}");
}
