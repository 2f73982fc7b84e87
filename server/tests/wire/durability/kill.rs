//! Rounds of killing a server under eight senders.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::basics::all_events;
use crate::support::{
    Received, Server, Site, User, Ws, fresh_nonce, from_env, kind_of, on_ferretdb, seeded, text_of,
};

/// Concurrent senders in each round.
const SENDERS: usize = 8;
/// Unacknowledged messages of one sender. FerretDB falls behind with more.
fn under_way_max() -> usize {
    if on_ferretdb() { 4 } else { 16 }
}

/// Time in which all repeated messages must be acknowledged.
const SAY_AGAIN_PATIENCE: Duration = Duration::from_secs(120);

/// Pause between a transient error and the next attempt.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Sent messages by nonce: the text, and the acknowledged seq if an ack came.
type Sent = Arc<Mutex<HashMap<String, (String, Option<Value>)>>>;

/// Edits, reactions and deletes that were answered with `ok`, as the log must hold them.
type Changed = Arc<Mutex<Vec<Value>>>;

/// One in this many acknowledged messages is changed. FerretDB scans the whole log for each.
fn changed_one_in() -> u64 {
    if on_ferretdb() { 64 } else { 4 }
}

/// Rounds on one log. FerretDB scans the whole log for every query, so there each round has a
/// database of its own.
fn rounds_on_a_log() -> u64 {
    if on_ferretdb() { 1 } else { u64::MAX }
}

/// FerretDB continues with the queries of a killed server, and answers nobody else meanwhile.
const FERRETDB_REST: Duration = Duration::from_secs(3);

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a drill says what it did")]
async fn acked_messages_survive_kill_9_once() {
    let rounds = from_env("CHAT_KILL_ROUNDS", 5);
    let mut chance = seeded("durability");
    let (mut left, mut said, mut changed) = (rounds, 0, 0);
    while left > 0 {
        let here = left.min(rounds_on_a_log());
        let (sent, done) = kill_rounds(here, &mut chance).await;
        left -= here;
        said += sent;
        changed += done;
    }
    assert!(rounds < 5 || changed > 0, "messages were changed too");
    eprintln!("{rounds} kills: {said} messages once each, {changed} of them changed");
}

/// Kills a server this many times. Returns how many messages were sent and how many changes were
/// done.
async fn kill_rounds(rounds: u64, chance: &mut fastrand::Rng) -> (usize, usize) {
    let mut server = Server::start_for_restarts().await;
    let mut users = Vec::new();
    for i in 0..SENDERS {
        users.push(server.user(&format!("sender{i}")).await);
    }
    let sent = Sent::default();
    let changed = Changed::default();
    for round in 0..rounds {
        let mut senders = Vec::new();
        for user in &users {
            // The time until the kill begins when all senders are connected.
            let ws = server.enter(user).await;
            let (sent, changed) = (Arc::clone(&sent), Arc::clone(&changed));
            senders.push(tokio::spawn(speak(ws, user.clone(), sent, changed)));
        }
        sleep(Duration::from_millis(chance.u64(150..500))).await;
        server.kill();
        for sender in senders {
            sender.await.unwrap();
        }
        if on_ferretdb() {
            sleep(FERRETDB_REST).await;
        }
        server.restart().await;
        let when = format!("after round {round}, {} sent", sent.lock().unwrap().len());
        check(&server, &users[0], (&sent, &changed), &when).await;
    }

    // Everything is sent once more, as by a client that got no ack: each message has one place in
    // the log.
    join_all(users.iter().map(|user| say_again(&server, user, &sent))).await;
    let when = "after saying all again";
    check(&server, &users[0], (&sent, &changed), when).await;
    let sent = sent.lock().unwrap().clone();
    let acked = sent.values().filter(|(_, ack)| ack.is_some()).count();
    assert_eq!(acked, sent.len(), "all is acked at last");
    let mut reader = server.enter(&users[0]).await;
    let log = all_events(&mut reader, "lobby", 500).await;
    let said = log.iter().filter(|event| kind_of(event) == "chat").count();
    assert_eq!(
        said,
        sent.len(),
        "everything that was ever sent stands once"
    );
    let changed = changed.lock().unwrap().len();
    (said, changed)
}

/// Sends messages until the server is gone.
async fn speak(mut ws: Ws, user: User, sent: Sent, changed: Changed) {
    let mut under_way = 0;
    let mut changing: HashMap<String, Value> = HashMap::new();
    for i in 0_u64.. {
        while under_way < under_way_max() {
            let (nonce, text) = (fresh_nonce(), format!("{} {i}", user.name));
            // Recorded before it is sent, because it may be stored even if sending fails.
            let key = format!("{}/{nonce}", user.name);
            sent.lock().unwrap().insert(key, (text.clone(), None));
            let send = json!({"type": "send", "room": "lobby", "text": text, "nonce": nonce});
            if ws.try_send(send.to_string()).await.is_err() {
                return;
            }
            under_way += 1;
        }
        match ws.receive().await {
            Received::Frame(frame) if kind_of(&frame) == "ack" => {
                under_way -= 1;
                let seq = frame["seq"].as_u64().expect("a seq");
                note_ack(&sent, &user, frame);
                if seq.is_multiple_of(changed_one_in()) {
                    let (command, event) = change_of(seq, &user);
                    if ws.try_send(command.to_string()).await.is_err() {
                        return;
                    }
                    changing.insert(command["id"].as_str().unwrap().to_owned(), event);
                }
            }
            Received::Frame(frame) if kind_of(&frame) == "ok" => {
                let done = changing.remove(frame["re"].as_str().unwrap());
                changed.lock().unwrap().extend(done);
            }
            // A change is not repeated, so its outcome stays open.
            Received::Frame(frame) if is_transient(&frame) && frame["re"].is_string() => {}
            // It is repeated at the end, because it may have been stored.
            Received::Frame(frame) if is_transient(&frame) => under_way -= 1,
            Received::Frame(frame) if kind_of(&frame) == "error" => {
                ws.fail(&format!("a good message was refused: {frame}"));
            }
            Received::Closed(_) => return,
            _ => {}
        }
    }
}

/// A change of the sender's own message, and the known part of its event.
fn change_of(seq: u64, user: &User) -> (Value, Value) {
    let id = fresh_nonce();
    let room = "lobby";
    let (kind, mut event, more) = match seq / changed_one_in() % 3 {
        0 => {
            let text = format!("changed {seq}");
            ("edit", json!({"type": "edited"}), json!({"text": text}))
        }
        1 => {
            let more = json!({"emoji": "🦀", "on": true});
            (
                "react",
                json!({"type": "reacted", "emoji": "🦀", "on": true}),
                more,
            )
        }
        _ => ("delete", json!({"type": "deleted"}), json!({})),
    };
    let mut command = json!({"type": kind, "room": room, "seq": seq, "id": id, "nonce": id});
    for (key, value) in more.as_object().unwrap() {
        command[key] = value.clone();
    }
    event["target"] = json!(seq);
    event["username"] = json!(user.name);
    (command, event)
}

fn note_ack(sent: &Sent, user: &User, ack: Value) {
    let nonce = ack["nonce"].as_str().expect("an ack has its nonce");
    let mut sent = sent.lock().unwrap();
    let (_, noted) = sent
        .get_mut(&format!("{}/{nonce}", user.name))
        .expect("an ack of what was sent");
    if let Some(first) = noted {
        let same = first["seq"] == ack["seq"] && first["ts"] == ack["ts"];
        assert!(
            same,
            "said again, it gets the first ack: {first} then {ack}"
        );
    }
    *noted = Some(ack);
}

async fn say_again(site: &Site, user: &User, sent: &Sent) {
    let mut ws = site.enter(user).await;
    let mine: Vec<(String, String)> = {
        let sent = sent.lock().unwrap();
        let of_user = |key: &str| {
            key.strip_prefix(&format!("{}/", user.name))
                .map(str::to_owned)
        };
        // FerretDB scans the log for a repeated nonce, so there only messages without an ack are
        // repeated.
        sent.iter()
            .filter(|(_, (_, ack))| !on_ferretdb() || ack.is_none())
            .filter_map(|(key, (text, _))| Some((of_user(key)?, text.clone())))
            .collect()
    };
    let deadline = Instant::now() + SAY_AGAIN_PATIENCE;
    for batch in mine.chunks(under_way_max()) {
        let mut waiting: HashMap<&str, Value> = HashMap::new();
        for (nonce, text) in batch {
            let send = json!({"type": "send", "room": "lobby", "text": text, "nonce": nonce});
            ws.send(&send).await;
            waiting.insert(nonce, send);
        }
        while !waiting.is_empty() {
            assert!(Instant::now() < deadline, "unacked: {waiting:?}");
            match ws.receive().await {
                Received::Frame(frame) if kind_of(&frame) == "ack" => {
                    waiting.remove(frame["nonce"].as_str().unwrap());
                    note_ack(sent, user, frame);
                }
                Received::Frame(frame) if is_transient(&frame) => {
                    sleep(AGAIN_AFTER).await;
                    ws.send(&waiting[frame["nonce"].as_str().unwrap()]).await;
                }
                Received::Frame(frame) if kind_of(&frame) == "error" => {
                    ws.fail(&format!("a good message was refused: {frame}"));
                }
                Received::Closed(_) => ws.fail("closed while all was said again"),
                _ => {}
            }
        }
    }
}

/// An error after which a client repeats the command with the same nonce. A slow store is not a
/// failure.
fn is_transient(frame: &Value) -> bool {
    kind_of(frame) == "error" && matches!(frame["code"].as_str(), Some("unavailable" | "busy"))
}

/// Checks that the log has no hole, no message twice, no message that nobody sent, and every
/// acknowledged message at the seq of its ack.
async fn check(site: &Site, reader: &User, (sent, changed): (&Sent, &Changed), when: &str) {
    let mut ws = site.enter(reader).await;
    let log = all_events(&mut ws, "lobby", 500).await;
    let sent = sent.lock().unwrap().clone();
    let mut places: HashMap<String, &Value> = HashMap::new();
    let mut last_ts = 0;
    let mut changes: HashMap<(&str, u64), Vec<&Value>> = HashMap::new();
    for event in &log {
        if let Some(target) = event["target"].as_u64() {
            let key = (kind_of(event), target);
            changes.entry(key).or_default().push(event);
            continue;
        }
        let (name, nonce) = (
            event["username"].as_str().unwrap(),
            event["nonce"].as_str().unwrap(),
        );
        let key = format!("{name}/{nonce}");
        let (text, _) = sent
            .get(&key)
            .unwrap_or_else(|| panic!("{when}: nobody said {event}"));
        let stands = if event["deleted"] == true { "" } else { text };
        assert_eq!(text_of(event), stands, "{when}: it stands as it was said");
        let ts = event["ts"].as_u64().unwrap();
        assert!(ts >= last_ts, "{when}: times never go back: {event}");
        last_ts = ts;
        if let Some(twice) = places.insert(key, event) {
            panic!("{when}: one nonce stands twice: {twice} and {event}");
        }
    }
    for (key, (text, ack)) in &sent {
        let Some(ack) = ack else { continue };
        let event = places
            .get(key)
            .unwrap_or_else(|| panic!("{when}: acked and lost: {ack} {text}"));
        let same = event["seq"] == ack["seq"] && event["ts"] == ack["ts"];
        assert!(same, "{when}: acked as {ack}, stands as {event}");
    }
    for change in changed.lock().unwrap().iter() {
        let key = (kind_of(change), change["target"].as_u64().unwrap());
        let stand = changes.get(&key).map_or(&[][..], Vec::as_slice);
        let [event] = stand else {
            panic!("{when}: {change} was done, and stands as {stand:?}");
        };
        for (field, value) in change.as_object().unwrap() {
            assert_eq!(&event[field], value, "{when}: {field} of {event}");
        }
    }
}
