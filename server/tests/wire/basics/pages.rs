//! Commands that read pages: history, events, rooms, members.

use serde_json::{Value, json};

use crate::support::{Server, Ws, kind_of, text_of};

fn seqs(page: &Value, list: &str) -> Vec<u64> {
    let list = page[list]
        .as_array()
        .unwrap_or_else(|| panic!("no {list} in {page}"));
    list.iter()
        .map(|item| item["seq"].as_u64().expect("a seq"))
        .collect()
}

async fn history(ws: &mut Ws, with: Value) -> Value {
    let mut command = json!({"type": "history", "room": "lobby"});
    for (key, value) in with.as_object().unwrap() {
        command[key] = value.clone();
    }
    ws.done(command, "history").await
}

#[tokio::test]
async fn history_pages_in_every_direction() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let empty = history(&mut ann, json!({})).await;
    assert_eq!(
        (seqs(&empty, "messages"), &empty["as_of"]),
        (vec![], &json!(0)),
        "{empty}"
    );
    assert_eq!(ann.say_many("lobby", 60).await, 60);
    let bob = &mut server.newcomer("bob").await.1;

    // (the command's fields, the messages, more_before, more_after)
    let rows = [
        (json!({}), 11..=60, true, false),
        (json!({"limit": 10}), 51..=60, true, false),
        (json!({"limit": 200}), 1..=60, false, false),
        (json!({"before": 11, "limit": 5}), 6..=10, true, true),
        (json!({"before": 4, "limit": 5}), 1..=3, false, true),
        (json!({"after": 25, "limit": 10}), 26..=35, true, true),
        (json!({"after": 0, "limit": 3}), 1..=3, false, true),
        (json!({"after": 55, "limit": 10}), 56..=60, true, false),
    ];
    for (asked, expected, before, after) in rows {
        let page = history(bob, asked.clone()).await;
        assert_eq!(
            seqs(&page, "messages"),
            expected.collect::<Vec<_>>(),
            "{asked}"
        );
        let more = (&page["more_before"], &page["more_after"]);
        assert_eq!(more, (&json!(before), &json!(after)), "more for {asked}");
        assert_eq!(
            (&page["room"], &page["as_of"]),
            (&json!("lobby"), &json!(60)),
            "{asked}"
        );
        for message in page["messages"].as_array().unwrap() {
            assert_eq!(kind_of(message), "chat", "{message}");
            assert_eq!(
                message["rev"], message["seq"],
                "nothing changed it: {message}"
            );
            assert!(
                message["nonce"].is_string() && message["username"] == "ann",
                "{message}"
            );
        }
    }
    for (asked, before, after) in [
        (json!({"before": 1}), false, true),
        (json!({"after": 60}), true, false),
    ] {
        let page = history(bob, asked.clone()).await;
        assert_eq!(seqs(&page, "messages"), Vec::<u64>::new(), "{asked}");
        let more = (&page["more_before"], &page["more_after"]);
        assert_eq!(more, (&json!(before), &json!(after)), "more for {asked}");
    }

    let around = history(bob, json!({"around": 30, "limit": 5})).await;
    let found = seqs(&around, "messages");
    let first = found[0];
    assert_eq!(
        found,
        (first..first + 5).collect::<Vec<_>>(),
        "five in a row: {found:?}"
    );
    assert!(
        first < 30 && first + 4 > 30,
        "on both sides of 30: {found:?}"
    );
    assert_eq!(
        (&around["more_before"], &around["more_after"]),
        (&json!(true), &json!(true))
    );
    let edge = history(bob, json!({"around": 1, "limit": 4})).await;
    assert_eq!(seqs(&edge, "messages").first(), Some(&1), "{edge}");
    assert_eq!(edge["more_before"], false, "{edge}");
}

#[tokio::test]
async fn a_page_too_big_for_a_frame_ends_early_with_more() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    // 16,000 bytes each; `Ws` refuses any frame over 65,536 bytes.
    let text = "🦀".repeat(4_000);
    for _ in 0..10 {
        ann.say("lobby", &text).await;
    }
    let (mut found, mut before, mut pages) = (Vec::new(), 11, 0);
    loop {
        let page = history(&mut ann, json!({"before": before, "limit": 200})).await;
        let mut part = seqs(&page, "messages");
        assert!(
            !part.is_empty(),
            "a page tells something: {}",
            page["more_before"]
        );
        before = part[0];
        part.extend(found);
        (found, pages) = (part, pages + 1);
        if page["more_before"] == false {
            break;
        }
    }
    assert_eq!(
        found,
        (1..=10).collect::<Vec<_>>(),
        "backwards, with no gap"
    );
    assert!(pages >= 3, "160,000 bytes are at least three frames");

    let page = history(&mut ann, json!({"after": 0, "limit": 200})).await;
    let forwards = seqs(&page, "messages");
    assert_eq!(
        forwards,
        (1..=forwards.len() as u64).collect::<Vec<_>>(),
        "from the oldest on"
    );
    assert_eq!(page["more_after"], true);
    let page = history(&mut ann, json!({"around": 5, "limit": 200})).await;
    assert!(
        seqs(&page, "messages").contains(&5),
        "what is asked for is there"
    );

    let all = all_events(&mut ann, "lobby", 500).await;
    assert_eq!(all.len(), 10, "events end early too, and all are found");
}

#[tokio::test]
async fn the_events_command_returns_the_log() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.say_many("rust", 7).await;
    bob.done(json!({"type": "leave", "room": "rust"}), "ok")
        .await;

    let live = ann
        .collect_until("the leave", |frame| frame["event"] == "left")
        .await;
    // `say_many` has skipped the live frames; the last of them must equal the end of the log.
    let log = all_events(&mut ann, "rust", 3).await;
    assert_eq!(
        log.len(),
        10,
        "created, joined, seven messages, left: {log:?}"
    );
    let kinds: Vec<&str> = log.iter().map(kind_of).collect();
    assert_eq!(kinds[..2], ["system", "system"]);
    assert!(kinds[2..9].iter().all(|kind| *kind == "chat"), "{kinds:?}");
    assert_eq!(
        log.last(),
        live.last(),
        "what resume would send is what was sent live"
    );

    let page = ann
        .done(
            json!({"type": "events", "room": "rust", "after": 10}),
            "events",
        )
        .await;
    assert_eq!(
        (&page["events"], &page["more"]),
        (&json!([]), &json!(false)),
        "{page}"
    );
    let page = ann.done(
        json!({"type": "events", "room": "rust", "after": 4, "limit": 2}),
        "events",
    );
    let page = page.await;
    assert_eq!(
        (seqs(&page, "events"), &page["more"]),
        (vec![5, 6], &json!(true)),
        "{page}"
    );
}

/// The room's whole log, read in pages of `limit`. Checks that its seqs are 1, 2, 3 …
pub(crate) async fn all_events(ws: &mut Ws, room: &str, limit: u64) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let after = events.len();
        let command = json!({"type": "events", "room": room, "after": after, "limit": limit});
        let page = ws.done(command, "events").await;
        let found = seqs(&page, "events");
        let expected: Vec<u64> = (after as u64 + 1..).take(found.len()).collect();
        assert_eq!(found, expected, "the log of {room} has no hole");
        assert!(found.len() as u64 <= limit, "{limit} at most");
        let more = page["more"] == true;
        assert!(
            !more || !found.is_empty(),
            "more is said, and nothing comes: {page}"
        );
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        if !more {
            return events;
        }
    }
}

#[tokio::test]
async fn rooms_are_listed_by_name() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    for room in ["rust", "ruby", "go", "zig"] {
        let create = json!({"type": "create", "room": room, "topic": format!("on {room}")});
        ann.done(create, "room").await;
    }
    ann.done(
        json!({"type": "create", "room": "run-secret", "private": true}),
        "room",
    )
    .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    bob.say("rust", "hi").await;
    let names = |page: &Value| -> Vec<String> {
        let rooms = page["rooms"].as_array().unwrap().iter();
        rooms
            .map(|room| room["room"].as_str().unwrap().to_owned())
            .collect()
    };

    let page = bob
        .done(json!({"type": "rooms", "prefix": "ru"}), "rooms")
        .await;
    let rust =
        json!({"room": "rust", "topic": "on rust", "members": 2, "last_seq": 3, "joined": true});
    let ruby =
        json!({"room": "ruby", "topic": "on ruby", "members": 1, "last_seq": 1, "joined": false});
    assert_eq!(
        page["rooms"],
        json!([ruby, rust]),
        "by name, none that is private: {page}"
    );
    assert_eq!(page["more"], false, "{page}");

    let page = bob
        .done(json!({"type": "rooms", "limit": 2}), "rooms")
        .await;
    assert_eq!(
        (names(&page).len(), &page["more"]),
        (2, &json!(true)),
        "{page}"
    );
    let mut found = names(&page);
    while let Some(after) = found.last().cloned() {
        let page = bob
            .done(
                json!({"type": "rooms", "limit": 2, "after": after}),
                "rooms",
            )
            .await;
        found.extend(names(&page));
        if page["more"] == false {
            break;
        }
    }
    found.retain(|room| room != "lobby");
    assert_eq!(
        found,
        ["go", "ruby", "rust", "zig"],
        "page by page, each once"
    );
    let none = bob
        .done(json!({"type": "rooms", "prefix": "%"}), "rooms")
        .await;
    assert_eq!(none["rooms"], json!([]), "a prefix is no pattern: {none}");
}

#[tokio::test]
async fn members_are_listed_by_name_with_who_is_online() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, bob) = server.newcomer("bob").await;
    server.user("carl").await;
    for (room, expected) in [
        (
            "lobby",
            json!([
                ["ann", "owner", true],
                ["bob", "member", true],
                ["carl", "member", false]
            ]),
        ),
        ("club", json!([["ann", "owner", true]])),
    ] {
        if room == "club" {
            ann.done(json!({"type": "create", "room": "club"}), "room")
                .await;
        }
        let page = ann
            .done(json!({"type": "members", "room": room}), "members")
            .await;
        let members = page["members"].as_array().unwrap().iter();
        let told: Value = members
            .map(|m| json!([m["username"], m["role"], m["online"]]))
            .collect();
        assert_eq!((&told, &page["more"]), (&expected, &json!(false)), "{page}");
        for member in page["members"].as_array().unwrap() {
            assert!(
                member["display_name"].is_string() && member["avatar"].is_string(),
                "{page}"
            );
            assert_eq!(member["bot"], false, "{page}");
        }
    }
    let first = ann
        .done(
            json!({"type": "members", "room": "lobby", "limit": 2}),
            "members",
        )
        .await;
    assert_eq!(
        (first["members"].as_array().unwrap().len(), &first["more"]),
        (2, &json!(true))
    );
    let rest = json!({"type": "members", "room": "lobby", "limit": 2, "after": "bob"});
    let rest = ann.done(rest, "members").await;
    assert_eq!(rest["members"][0]["username"], "carl", "{rest}");
    assert_eq!(
        (rest["members"].as_array().unwrap().len(), &rest["more"]),
        (1, &json!(false))
    );
    assert_eq!(text_of(&rest), "(none)");
    drop(bob);
}
