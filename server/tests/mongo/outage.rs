//! A store that fails for a while under people who talk: what they said is found afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use mongodb::bson::{Document, doc};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::faults::server_behind_proxy;
use crate::proxy::Fault;
use crate::speaker::{Acked, check_log, speak};
use crate::support::mongo_server::TestDatabase;
use crate::support::{Server, User, from_env, mongo_flags, text_of};

/// How long the store fails; `CHAT_OUTAGE_SECONDS` says otherwise.
const OUTAGE_SECONDS: u64 = 14;
const SPEAKERS: usize = 3;
/// Unacknowledged messages of one sender.
const UNDER_WAY: usize = 4;
const PAUSE: Duration = Duration::from_millis(60);
/// How long search entries may take to be complete.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn what_was_said_while_the_store_failed_is_found_afterwards() {
    let database = TestDatabase::new();
    let outage = Duration::from_secs(from_env("CHAT_OUTAGE_SECONDS", OUTAGE_SECONDS));
    let (proxy, server) = server_behind_proxy(&database, &["--shared-database"]).await;
    let mut users = Vec::new();
    for i in 0..SPEAKERS {
        users.push(server.user(&format!("speaker{i}")).await);
    }
    let (stop, stopped) = watch::channel(false);
    let speakers = users.iter().map(|user| {
        let (server, user, stopped) = (server.clone(), user.clone(), stopped.clone());
        tokio::spawn(speak(server, user, UNDER_WAY, usize::MAX, PAUSE, stopped))
    });
    let speakers: Vec<_> = speakers.collect();
    sleep(Duration::from_secs(1)).await;
    // Entries can't be written at first while messages can, then nothing works in two ways.
    for (command, collection, fault) in [
        ("insert", Some("search"), Fault::error(10_107, &[])),
        ("*", None, Fault::Swallow),
        ("*", None, Fault::CutBefore),
    ] {
        proxy.heal();
        proxy.play(command, collection, usize::MAX, fault);
        sleep(outage / 3).await;
    }
    proxy.heal();
    sleep(Duration::from_secs(1)).await;
    stop.send_replace(true);
    let acked: Acked = join_all(speakers)
        .await
        .into_iter()
        .flat_map(|acked| acked.unwrap())
        .collect();
    let stored = check_log(&database, &acked).await;
    let said: BTreeSet<String> = acked.into_values().map(|(text, _)| text).collect();

    assert_eq!(found(&server, &users[0]).await, said, "found in memory");
    wait_for_entries(&database, stored.len()).await;
    // Another server has nothing in memory, so it finds what has entries.
    let flags = [
        &mongo_flags(&database.url, &database)[..],
        &["--shared-database"],
    ]
    .concat();
    let other = Server::start_with(&flags).await;
    assert_eq!(found(&other, &users[0]).await, said, "found by its entries");
    report(&format!(
        "{outage:.0?} of failures; all of {} messages are found",
        said.len()
    ));
}

/// The texts of all messages of the speakers that a search finds.
async fn found(server: &Server, user: &User) -> BTreeSet<String> {
    let mut ws = server.enter(&server.sign_in(&user.name).await).await;
    let mut texts = BTreeSet::new();
    for speaker in 0..SPEAKERS {
        let mut search = json!({
            "type": "search", "query": format!("speaker{speaker}"), "limit": 100, "id": "s",
        });
        loop {
            ws.send(&search).await;
            let page = ws.expect("results").await;
            let messages = page["messages"].as_array().unwrap();
            texts.extend(messages.iter().map(|message| text_of(message).to_owned()));
            let Some(cursor) = page["cursor"].as_str() else {
                break;
            };
            search["cursor"] = cursor.into();
        }
    }
    texts
}

/// Waits until the first server has written an entry for each message.
pub(crate) async fn wait_for_entries(database: &TestDatabase, count: usize) {
    let search = database.open().await.collection::<Document>("search");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let entries = search
            .count_documents(doc! { "room": "lobby" })
            .await
            .unwrap();
        if entries == count as u64 {
            return;
        }
        assert!(Instant::now() < deadline, "{entries} entries of {count}");
        sleep(Duration::from_millis(200)).await;
    }
}

#[expect(clippy::print_stderr, reason = "a run reports what it did")]
fn report(line: &str) {
    eprintln!("outage: {line}");
}
