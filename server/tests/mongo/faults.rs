//! The network between server and store cuts connections, delays, and loses replies.

use std::time::Duration;

use futures::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::proxy::{Fault, Proxy};
use crate::speaker::{Acked, check_log, check_shown, speak};
use crate::support::mongo_server::TestDatabase;
use crate::support::{
    PATIENCE, Received, Server, Site, User, from_env, kind_of, mongo_flags, seeded,
};

/// Pause between two messages of a sender. FerretDB scans all of them, so there must not be too
/// many.
const PAUSE: Duration = Duration::from_millis(60);
/// Unacknowledged messages of one sender.
const UNDER_WAY: usize = 4;
const SPEAKERS: usize = 3;

/// A server that reaches its database through a proxy, which can make faults.
pub(crate) async fn server_behind_proxy(database: &TestDatabase, more: &[&str]) -> (Proxy, Server) {
    let proxy = Proxy::start(&database.url).await;
    let url = proxy.url();
    let flags = mongo_flags(&url, database);
    let server = Server::start_with(&[&["--rate-limit", "off"], &flags[..], more].concat()).await;
    (proxy, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn acked_messages_are_stored_once_over_a_failing_network() {
    let database = TestDatabase::new();
    let rounds = from_env("CHAT_FAULT_ROUNDS", 12);
    let mut chance = seeded("faults");
    let (proxy, server) = server_behind_proxy(&database, &[]).await;
    let watcher = server.user("watcher").await;
    let mut users = Vec::new();
    for i in 0..SPEAKERS {
        users.push(server.user(&format!("speaker{i}")).await);
    }
    let (stop, stopped) = watch::channel(false);
    let (tell_last, last) = watch::channel(None);
    let shown = tokio::spawn(watch_lobby(server.clone(), watcher, last));
    let speakers: Vec<_> = users
        .iter()
        .map(|user| {
            speak(
                server.clone(),
                user.clone(),
                UNDER_WAY,
                usize::MAX,
                PAUSE,
                stopped.clone(),
            )
        })
        .map(tokio::spawn)
        .collect();
    // Where the machine has other work, the faults may meet no write for some rounds.
    let mut round = 0;
    while round < rounds || (proxy.lost() == 0 && round < 20 * rounds) {
        round += 1;
        let delay = Duration::from_millis(chance.u64(5..80));
        let faults = [
            ("*", None, Fault::CutBefore),
            ("*", None, Fault::Delay(delay)),
            ("insert", Some("log"), Fault::CutAfter),
            ("insert", Some("log"), Fault::CutAfter),
            ("insert", Some("log"), Fault::CutWithin),
        ];
        let (command, collection, fault) = faults[chance.usize(..faults.len())].clone();
        proxy.play(command, collection, usize::MAX, fault);
        sleep(Duration::from_millis(chance.u64(30..200))).await;
        proxy.heal();
        sleep(Duration::from_millis(chance.u64(50..250))).await;
    }
    stop.send_replace(true);
    let acked: Acked = join_all(speakers)
        .await
        .into_iter()
        .flat_map(|speaker| speaker.unwrap())
        .collect();
    assert!(acked.len() > SPEAKERS, "they spoke");
    let lost = proxy.lost();
    assert!(
        lost > 0,
        "no write and no answer was lost in {round} rounds"
    );
    let stored = check_log(&database, &acked).await;
    tell_last.send_replace(acked.values().map(|(_, seq)| *seq).max());
    let shown = shown.await.unwrap();
    check_shown(&shown, &stored);
    report(&format!(
        "{round} rounds, {lost} writes or answers lost, {} acked",
        acked.len()
    ));
}

/// Every message that a person who only reads is shown, up to the last one, whose seq comes once it is
/// known, and what would come after it.
async fn watch_lobby(
    site: Site,
    user: User,
    mut last: watch::Receiver<Option<u64>>,
) -> Vec<serde_json::Value> {
    let mut ws = site.enter(&user).await;
    let mut shown: Vec<serde_json::Value> = Vec::new();
    loop {
        let is_shown = |seq: u64| shown.iter().any(|frame| frame["seq"] == seq);
        if last.borrow().is_some_and(is_shown) {
            break;
        }
        tokio::select! {
            _ = last.changed(), if last.borrow().is_none() => {}
            received = ws.receive_by(Instant::now() + PATIENCE) => match received {
                Some(Received::Frame(frame)) if kind_of(&frame) == "chat" => shown.push(frame),
                Some(Received::Closed(code)) => ws.fail(&format!("was closed with {code}")),
                None => ws.fail(&format!("{:?} is not shown", *last.borrow())),
                Some(_) => {}
            },
        }
    }
    // What came twice would come before the pong.
    ws.send(&serde_json::json!({"type": "ping", "id": "end"}))
        .await;
    let rest = ws.collect_until("the pong", |frame| frame["re"] == "end");
    let rest = rest.await.into_iter();
    shown.extend(rest.filter(|frame| kind_of(frame) == "chat"));
    shown
}

#[expect(clippy::print_stderr, reason = "a run reports what it did")]
fn report(line: &str) {
    eprintln!("faults: {line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn senders_get_unavailable_while_the_store_is_away_and_are_served_afterwards() {
    let database = TestDatabase::new();
    let (proxy, server) = server_behind_proxy(&database, &[]).await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    ann.say("lobby", "before").await;
    bob.expect("chat").await;

    proxy.play("*", None, usize::MAX, Fault::CutBefore);
    let send = serde_json::json!({"type": "send", "room": "lobby", "text": "x", "nonce": "n1"});
    ann.send(&send).await;
    let error = ann.expect("error").await;
    assert_eq!(error["code"], "unavailable", "{error}");
    // Nothing is shown that is not stored: before the pong, bob gets no message.
    bob.send(&serde_json::json!({"type": "ping", "id": "p"}))
        .await;
    let seen = bob
        .collect_until("the pong", |frame| frame["re"] == "p")
        .await;
    assert!(
        seen.iter().all(|frame| kind_of(frame) != "chat"),
        "{seen:?}"
    );
    let ready = server.get("/readyz", &[]).await;
    assert_eq!(ready.status, 503, "{ready:?}");

    proxy.heal();
    let deadline = Instant::now() + PATIENCE;
    let ack = loop {
        ann.send(&send).await;
        let answer = ann
            .expect_matching("an answer", |frame| {
                ["ack", "error"].contains(&kind_of(frame))
            })
            .await;
        if kind_of(&answer) == "ack" {
            break answer;
        }
        assert!(Instant::now() < deadline, "not served again: {answer}");
        sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(ack["seq"], 2, "{ack}");
    assert_eq!(bob.expect("chat").await["seq"], 2);
    ann.say("lobby", "after").await;
    assert_eq!(bob.expect("chat").await["seq"], 3, "nothing comes twice");
    server.sign_in(&bob_user.name).await;
    assert_eq!(server.get("/readyz", &[]).await.status, 200);
}
