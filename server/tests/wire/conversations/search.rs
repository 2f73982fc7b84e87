//! The command `search`.

use serde_json::{Value, json};

use super::room_of;
use crate::support::{Server, Ws};

async fn found(ws: &mut Ws, mut query: Value) -> Vec<Value> {
    query["type"] = json!("search");
    let results = ws.done(query, "results").await;
    let messages = results["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| json!([message["room"], message["seq"], message["message"]]))
        .collect()
}

#[tokio::test]
async fn words_are_found_only_in_rooms_that_one_is_in() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    room_of("rust", &mut ann, &mut []).await;
    ann.say("lobby", "A crab in the lobby").await;
    ann.say("rust", "A crab with a hard shell").await;
    let seq = bob.say("lobby", "no crabs but Übergröße").await["seq"].clone();
    let lobby = json!(["lobby", 1, "A crab in the lobby"]);
    let rust = json!(["rust", 2, "A crab with a hard shell"]);
    assert_eq!(
        found(&mut ann, json!({"query": "CRAB"})).await,
        [rust.clone(), lobby.clone()]
    );
    assert_eq!(
        found(&mut ann, json!({"query": "crab", "room": "lobby"})).await,
        std::slice::from_ref(&lobby)
    );
    assert_eq!(
        found(&mut ann, json!({"query": "\"hard shell\""})).await,
        [rust]
    );
    assert_eq!(
        found(&mut ann, json!({"query": "\"shell hard\""})).await,
        [json!(null); 0]
    );
    assert_eq!(
        found(&mut bob, json!({"query": "crab"})).await,
        std::slice::from_ref(&lobby)
    );
    assert_eq!(
        found(&mut ann, json!({"query": "ubergrosse", "from": "bob"}))
            .await
            .len(),
        1
    );
    assert_eq!(
        found(&mut ann, json!({"query": "crab", "from": "bob"}))
            .await
            .len(),
        0
    );
    refuses_bad_queries(&mut bob).await;
    // A found message is shown in its current form.
    bob.done(
        json!({"type": "edit", "room": "lobby", "seq": seq, "text": "one crab"}),
        "ok",
    )
    .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    let now = found(&mut bob, json!({"query": "crab", "limit": 2})).await;
    assert_eq!(now.len(), 2);
    assert_eq!(now[0], json!(["lobby", seq, "one crab"]));
    assert_eq!(
        found(&mut bob, json!({"query": "ubergrosse"})).await.len(),
        0
    );
    let page = bob
        .done(
            json!({"type": "search", "query": "crab", "limit": 2}),
            "results",
        )
        .await;
    let rest = found(&mut bob, json!({"query": "crab", "cursor": page["cursor"]})).await;
    assert_eq!(rest, [lobby]);
}

/// Bob is not in the room rust.
async fn refuses_bad_queries(bob: &mut Ws) {
    bob.refused(
        json!({"type": "search", "query": "crab", "room": "rust"}),
        &["not_found"],
    )
    .await;
    bob.refused(json!({"type": "search", "query": "!?"}), &["bad_field"])
        .await;
    bob.refused(
        json!({"type": "search", "query": "x", "limit": 0}),
        &["bad_field"],
    )
    .await;
    bob.refused(
        json!({"type": "search", "query": "x".repeat(251)}),
        &["too_long"],
    )
    .await;
}

#[tokio::test]
async fn results_too_large_for_a_frame_continue_in_the_next_page() {
    const MESSAGES: usize = 40;
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    for i in 0..MESSAGES {
        ann.say("lobby", &format!("crab {i} {}", "x".repeat(3_900)))
            .await;
    }
    let mut seqs = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut query = json!({"type": "search", "query": "crab", "limit": 100});
        if !cursor.is_null() {
            query["cursor"] = cursor;
        }
        let page = ann.done(query, "results").await;
        assert!(page.to_string().len() <= 65_536, "a frame has its limit");
        let messages = page["messages"].as_array().unwrap();
        seqs.extend(messages.iter().map(|message| message["seq"].as_u64()));
        cursor = page["cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let expect: Vec<_> = (1..=MESSAGES as u64).rev().map(Some).collect();
    assert_eq!(seqs, expect, "each once, the newest first");
}
