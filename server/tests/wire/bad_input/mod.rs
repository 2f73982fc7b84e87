//! Bad input of every kind is refused with a clear error, changes nothing, and does not disturb
//! others.

mod expired;
mod first_frame;
mod host;
mod http;
mod keep_alive;
mod pipelined;
mod row;
mod socket;
mod tokens;
mod values;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Server, Site, Ws, text_of};
use row::{Attack, Row};

/// Runs all rows against one server, with two people chatting before the first and after each.
#[tokio::test]
async fn bad_input_is_rejected_and_changes_nothing() {
    let server = Server::start().await;
    let mut lobby = Lobby::open(&server).await;
    let mal = server.user("mal").await;
    let silent = tokio::spawn(first_frame::silent_ones_are_closed(
        server.clone(),
        mal.clone(),
    ));

    let mut rows = socket::rows();
    rows.extend(values::rows());
    rows.extend(first_frame::rows(&server, &mal));
    rows.extend(http::rows(&server, &mal));
    rows.extend(tokens::rows(&server, &mal).await);

    let mut failures = Vec::new();
    for Row {
        about,
        attack,
        shown,
    } in rows
    {
        if let Err(failure) = tokio::spawn(attack.run(server.clone(), mal.clone())).await {
            let why = failure.into_panic();
            let why = why
                .downcast_ref::<String>()
                .map_or("(see above)", String::as_str);
            failures.push(format!("## {about}\n{why}"));
            // It is not known what the failed row has sent, so continue from the current tip.
            lobby.catch_up().await;
        } else {
            lobby.check(about, &shown).await;
        }
    }
    if let Err(failure) = silent.await {
        failures.push(format!("## silence: {failure}"));
    }
    lobby.check("all of it", &[]).await;
    let n = failures.len();
    assert!(
        failures.is_empty(),
        "{n} rows failed:\n{}",
        failures.join("\n")
    );
}

/// Two well-behaved people in the lobby, and the lobby's last seq.
struct Lobby {
    ann: Ws,
    bob: Ws,
    seq: u64,
}

impl Lobby {
    async fn open(site: &Site) -> Self {
        let (_, ann) = site.newcomer("ann").await;
        let (_, bob) = site.newcomer("bob").await;
        let mut lobby = Self { ann, bob, seq: 0 };
        lobby.check("the start", &[]).await;
        lobby
    }

    /// Each sends one message. Both must have received `shown` and these two messages, and nothing
    /// else.
    async fn check(&mut self, about: &str, shown: &[String]) {
        let texts = [format!("ann after {about}"), format!("bob after {about}")];
        self.say_both(&texts).await;
        for healthy in [&mut self.ann, &mut self.bob] {
            for (i, text) in shown.iter().chain(&texts).enumerate() {
                let chat = healthy.expect_next("chat").await;
                let fits = text_of(&chat) == text && chat["seq"] == json!(self.seq + 1 + i as u64);
                healthy.check(
                    fits,
                    &format!("after {about}, expected {text:?} next, got {chat}"),
                );
            }
        }
        self.seq += shown.len() as u64 + 2;
        let tip = self.tip().await;
        assert_eq!(
            tip, self.seq,
            "after {about}, the lobby's log holds what it should"
        );
    }

    async fn say_both(&mut self, texts: &[String; 2]) {
        self.ann.say("lobby", &texts[0]).await;
        self.bob.say("lobby", &texts[1]).await;
    }

    async fn tip(&mut self) -> u64 {
        let page = self.ann.done(
            json!({"type": "history", "room": "lobby", "limit": 1}),
            "history",
        );
        page.await["as_of"].as_u64().expect("as_of is a seq")
    }

    async fn catch_up(&mut self) {
        let texts = ["ann goes on".to_owned(), "bob goes on".to_owned()];
        self.say_both(&texts).await;
        let last = |frame: &Value| text_of(frame) == "bob goes on";
        self.ann.expect_matching("bob's word", last).await;
        self.bob.expect_matching("bob's word", last).await;
        self.seq = self.tip().await;
    }
}

/// Checks that a close comes when the time for the first frame is over, and not long before.
async fn closed_for_silence(mut ws: Ws) {
    let from = Instant::now();
    let (code, frames) = ws.closed().await;
    let after = from.elapsed();
    ws.check(
        code == 4408,
        &format!("expected 4408, got {code} after {frames:?}"),
    );
    ws.check(
        after > Duration::from_secs(9),
        &format!("closed too early: {after:?}"),
    );
}

impl Attack {
    fn socket(steps: Vec<(row::Frame, row::Expect)>) -> Self {
        Self::Socket(steps)
    }
}
