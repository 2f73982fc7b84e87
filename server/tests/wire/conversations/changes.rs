//! Edits, deletes and reactions.

use serde_json::json;

use super::{events, hear, history, room_of};
use crate::support::{Server, fresh_nonce, kind_of};

#[tokio::test]
async fn edits_and_reactions_are_in_history() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let seq = ann.say("lobby", "helo").await["seq"].clone();
    let nonce = fresh_nonce();
    let edit =
        json!({"type": "edit", "room": "lobby", "seq": seq, "text": "hello", "nonce": nonce});
    ann.done(edit.clone(), "ok").await;
    ann.done(edit, "ok").await;
    ann.done(
        json!({"type": "edit", "room": "lobby", "seq": seq, "text": "hello "}),
        "ok",
    )
    .await;
    let heard = hear(&mut bob, "edited", "lobby").await;
    for (field, value) in [
        ("seq", json!(2)),
        ("target", seq.clone()),
        ("username", json!("ann")),
        ("message", json!("hello")),
    ] {
        assert_eq!(heard[field], value, "{field} of {heard}");
    }
    for (who, emoji) in [(&mut bob, "👍"), (&mut ann, "👍")] {
        let react =
            json!({"type": "react", "room": "lobby", "seq": seq, "emoji": emoji, "on": true});
        who.done(react, "ok").await;
    }
    let heard = hear(&mut bob, "reacted", "lobby").await;
    assert_eq!(
        (&heard["emoji"], &heard["on"], &heard["username"]),
        (&json!("👍"), &json!(true), &json!("bob"))
    );
    let page = history(&mut bob, "lobby").await;
    assert_eq!(page.len(), 1, "{page:?}");
    let message = &page[0];
    assert_eq!(message["message"], "hello");
    assert_eq!(message["rev"], 4);
    assert!(message["edited_ts"].as_u64().is_some(), "{message}");
    assert_eq!(
        message["reactions"],
        json!({"👍": {"n": 2, "me": true, "who": ["bob", "ann"]}})
    );
    ann.refused(
        json!({"type": "react", "room": "lobby", "seq": seq, "emoji": "nice", "on": true}),
        &["bad_field"],
    )
    .await;
    bob.refused(
        json!({"type": "edit", "room": "lobby", "seq": seq, "text": "mine"}),
        &["forbidden"],
    )
    .await;
    bob.refused(
        json!({"type": "delete", "room": "lobby", "seq": seq}),
        &["forbidden"],
    )
    .await;
    bob.refused(
        json!({"type": "edit", "room": "lobby", "seq": 99, "text": "x"}),
        &["not_found"],
    )
    .await;
    ann.refused(
        json!({"type": "edit", "room": "lobby", "seq": seq, "text": " "}),
        &["bad_field"],
    )
    .await;
}

#[tokio::test]
async fn a_deleted_text_is_sent_to_nobody() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    room_of("rust", &mut ann, &mut [&mut bob]).await;
    let seq = bob.say("rust", "first secret").await["seq"].clone();
    bob.done(
        json!({"type": "edit", "room": "rust", "seq": seq, "text": "second secret @ann"}),
        "ok",
    )
    .await;
    bob.say("rust", "after").await;
    // The owner deletes it; she could read the text until then.
    ann.done(json!({"type": "delete", "room": "rust", "seq": seq}), "ok")
        .await;
    let heard = hear(&mut bob, "deleted", "rust").await;
    assert_eq!(
        (&heard["target"], &heard["username"]),
        (&seq, &json!("ann"))
    );
    ann.done(json!({"type": "delete", "room": "rust", "seq": seq}), "ok")
        .await;

    let mut again = server.enter(&bob_user).await;
    again
        .done(json!({"type": "resume", "rooms": {"rust": 2}}), "ok")
        .await;
    let mut told = vec![again.next().await];
    while told.last().unwrap()["type"] != "deleted" {
        told.push(again.next().await);
    }
    told.extend(events(&mut again, "rust").await);
    told.extend(history(&mut again, "rust").await);
    told.push(
        again
            .ask(json!({"type": "search", "query": "secret"}))
            .await,
    );
    let all = serde_json::to_string(&told).unwrap();
    assert!(!all.contains("secret"), "{all}");
    let chat = told.iter().find(|frame| frame["seq"] == seq).unwrap();
    assert_eq!(
        (&chat["message"], &chat["deleted"]),
        (&json!(""), &json!(true)),
        "{chat}"
    );
    let edited = told
        .iter()
        .find(|frame| kind_of(frame) == "edited")
        .unwrap();
    assert_eq!(
        (&edited["message"], &edited["deleted"]),
        (&json!(""), &json!(true)),
        "{edited}"
    );
    assert_eq!(ann.welcome["rooms"][0]["mentions"], 0);
    bob.refused(
        json!({"type": "react", "room": "rust", "seq": seq, "emoji": "👍", "on": true}),
        &["not_found"],
    )
    .await;
}

#[tokio::test]
async fn commands_of_one_batch_see_each_others_effects() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let seq = ann.say("lobby", "one").await["seq"].as_u64().unwrap();
    for i in 1..=20 {
        let on = i % 2 == 1;
        ann.send(&json!({"type": "react", "id": format!("r{i}"), "room": "lobby", "seq": seq, "emoji": "🦀", "on": on})).await;
        ann.send(&json!({"type": "react", "id": format!("s{i}"), "room": "lobby", "seq": seq, "emoji": "🦀", "on": on})).await;
    }
    ann.expect_matching("the last answer", |frame| frame["re"] == "s20")
        .await;
    let log = events(&mut ann, "lobby").await;
    assert_eq!(log.len(), 21, "twice the same changes nothing: {log:?}");
    assert_eq!(history(&mut ann, "lobby").await[0].get("reactions"), None);
}
