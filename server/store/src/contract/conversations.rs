//! The contract of every store about messages: changes, deletion, read markers and search.

use std::collections::BTreeSet;

use chat_shared::protocol::RoomKind;
use chat_shared::{Emoji, RoomName, Seq, Username};

use super::{HOSTILE, created, edited, event, put, room, said, user, whole_log};
use crate::tokens::phrases;
use crate::{Append, ReadMark, Search, SharedStore};
use chat_server_rules::{EventBody, MessageState};

fn deleted(target: Seq) -> EventBody {
    EventBody::Deleted { target }
}

fn mentioning(names: &[&str]) -> EventBody {
    EventBody::Message {
        text: "look".into(),
        reply_to: None,
        bot: false,
        mentions: names.iter().map(|name| user(name)).collect(),
    }
}

pub(crate) async fn events_are_found_by_their_numbers(store: &SharedStore) {
    let rust = room("rust");
    let reacted = EventBody::Reacted {
        target: 2,
        emoji: Emoji::parse("👍").unwrap(),
        on: true,
    };
    let bodies = [
        created(RoomKind::Public, ""),
        said("a"),
        said("b"),
        edited(3, "B"),
        reacted,
        edited(2, "A"),
        deleted(3),
    ];
    let log = put(store, &rust, 0, "ann", bodies).await;
    assert_eq!(store.event(&rust, 4).await.unwrap().as_ref(), log.get(3));
    assert_eq!(store.event(&rust, 8).await.unwrap(), None);
    let at = store.events_at(&rust, &[4, 99, 1]).await.unwrap();
    assert_eq!(at.iter().map(|event| event.seq).collect::<Vec<_>>(), [4, 1]);
    let elsewhere = room("other");
    assert_eq!(store.deleted_among(&rust, &[2, 3, 9]).await.unwrap(), [3]);
    assert_eq!(store.deleted_among(&elsewhere, &[3]).await.unwrap(), [0; 0]);
}

pub(crate) async fn a_deleted_text_is_blanked(store: &SharedStore) {
    let lobby = RoomName::lobby();
    let bodies = [
        said("first secret"),
        edited(1, "second secret"),
        said("stays"),
        deleted(1),
    ];
    put(store, &lobby, 0, "ann", bodies).await;
    assert_eq!(found(store, "secret", &["lobby"]).await, [0; 0]);
    store.scrub(&lobby, 3).await.unwrap();
    assert_eq!(store.unscrubbed(9).await.unwrap(), [(lobby.clone(), 1)]);
    for _ in 0..2 {
        store.scrub(&lobby, 1).await.unwrap();
        assert_eq!(store.unscrubbed(9).await.unwrap(), []);
    }
    let texts: Vec<String> = whole_log(store, &lobby)
        .await
        .iter()
        .filter_map(|event| event.body.text().map(str::to_owned))
        .collect();
    assert_eq!(texts, ["", "", "stays"]);
    assert_eq!(found(store, "stays", &["lobby"]).await, [3]);
}

/// A log in which messages are changed in every way, by a few people, from a seed.
fn changed_messages(seed: u64) -> Vec<(&'static str, EventBody)> {
    let mut chance = seed;
    let mut next = move |below: u64| {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut bodies = vec![("ann", said("one")), ("bob", mentioning(&["bob"]))];
    let (mut deleted_ones, mut reactions) = (BTreeSet::new(), BTreeSet::new());
    for n in 0..60 {
        let target = 1 + next(2);
        let who = ["ann", "bob", "eve"][next(3) as usize];
        let body = match next(12) {
            _ if deleted_ones.contains(&target) => said("more"),
            0 if n > 30 => {
                deleted_ones.insert(target);
                deleted(target)
            }
            1..=4 => EventBody::Edited {
                target,
                text: format!("edit {n}"),
                mentions: (0..next(3)).map(|n| user(&format!("u{n}"))).collect(),
            },
            5 => said("more"),
            _ => {
                let emoji = next(3);
                let key = (target, who, emoji);
                let on = !reactions.remove(&key) && reactions.insert(key);
                EventBody::Reacted {
                    target,
                    emoji: Emoji::parse(["👍", "🦀", "🎉"][emoji as usize]).unwrap(),
                    on,
                }
            }
        };
        bodies.push((who, body));
    }
    bodies
}

pub(crate) async fn a_message_is_shown_as_of_each_event(store: &SharedStore) {
    for seed in 1..=4 {
        let rust = room(&format!("rust-{seed}"));
        let mut log = Vec::new();
        for (seq, (who, body)) in (1..).zip(changed_messages(seed)) {
            let event = event(seq, who, body);
            let appended = store.append(&rust, seq - 1, vec![event.clone()]).await;
            assert_eq!(appended.unwrap(), Append::Stored);
            log.push(event);
        }
        for as_of in [2, 5, 20, 33, 40, 50, 61, log.len() as u64, Seq::MAX >> 11] {
            let messages: Vec<_> = log.iter().take(2).cloned().collect();
            let expect: Vec<MessageState> = messages
                .iter()
                .map(|said| {
                    let mut state = MessageState::new(said).unwrap();
                    let until = log.iter().take_while(|event| event.seq <= as_of);
                    until
                        .filter(|event| event.body.target() == Some(said.seq))
                        .for_each(|event| state.apply(event));
                    state
                })
                .collect();
            let states = store.message_states(&rust, messages, as_of, usize::MAX);
            let states = states.await.unwrap();
            for (state, expect) in states.iter().zip(&expect) {
                let shown = |state: &MessageState| {
                    let reactions: Vec<_> = state
                        .reactions()
                        .map(|(emoji, count, names)| (emoji.clone(), count, names))
                        .collect();
                    let MessageState {
                        text,
                        mentions,
                        edited_ts,
                        deleted,
                        rev,
                        ..
                    } = state.clone();
                    (text, mentions, edited_ts, deleted, rev, reactions)
                };
                assert_eq!(shown(state), shown(expect), "seed {seed} as of {as_of}");
            }
            assert_eq!(states.len(), expect.len());
        }
    }
}

pub(crate) async fn states_end_where_the_bytes_do(store: &SharedStore) {
    let rust = room("rust");
    let long = "x".repeat(1_000);
    let bodies = (0..4)
        .map(|_| said("short"))
        .chain([edited(1, &long), edited(2, &long)]);
    let log = put(store, &rust, 0, "ann", bodies).await;
    for (bytes, expect) in [
        (0, 1),
        (900, 1),
        (1_500, 1),
        (2_004, 2),
        (2_005, 3),
        (9_999, 4),
    ] {
        let messages = log[..4].to_vec();
        let states = store.message_states(&rust, messages, 6, bytes).await;
        assert_eq!(states.unwrap().len(), expect, "{bytes}");
    }
    let none = store
        .message_states(&rust, vec![log[4].clone()], 6, 9)
        .await;
    assert_eq!(none.unwrap(), [], "an edit is no message");
}

pub(crate) async fn a_much_edited_message_is_one_row(store: &SharedStore) {
    let rust = room("rust");
    put(store, &rust, 0, "ann", [said("first")]).await;
    let edits = (0..300).map(|n| edited(1, &format!("edit {n}")));
    put(store, &rust, 1, "ann", edits).await;
    let said = store.event(&rust, 1).await.unwrap();
    let said = Vec::from_iter(said);
    let states = store.message_states(&rust, said, 301, 9_999).await.unwrap();
    assert_eq!((states[0].text.as_str(), states[0].rev), ("edit 299", 301));
    put(store, &rust, 301, "ann", [deleted(1)]).await;
    store.scrub(&rust, 1).await.unwrap();
    assert_eq!(store.unscrubbed(9).await.unwrap(), []);
    let log = whole_log(store, &rust).await;
    assert!(
        log.iter()
            .all(|event| event.body.text().is_none_or(str::is_empty))
    );
}

pub(crate) async fn markers_only_move_forward(store: &SharedStore) {
    let (rust, ann, bob) = (room("rust"), user("ann"), user("bob"));
    let mark = |seq| ReadMark {
        seq,
        messages: seq - 1,
    };
    for (who, seq) in [(&ann, 5), (&ann, 9), (&ann, 7), (&bob, 2)] {
        store.mark_read(&rust, who, mark(seq)).await.unwrap();
    }
    store
        .mark_read(&room("other"), &bob, mark(3))
        .await
        .unwrap();
    let mut marks = store.read_marks(&rust).await.unwrap();
    marks.sort();
    assert_eq!(marks, [(ann, mark(9)), (bob, mark(2))]);
}

pub(crate) async fn mentions_follow_edits_and_deletes(store: &SharedStore) {
    let (rust, bob) = (room("rust"), user("bob"));
    let to_bob = |target| EventBody::Edited {
        target,
        text: "look".into(),
        mentions: vec![user("bob")],
    };
    let bodies = [
        mentioning(&["bob", "eve"]),
        mentioning(&["bob"]),
        said("x"),
        mentioning(&["bob"]),
        mentioning(&["eve"]),
        edited(2, "nobody"),
        to_bob(3),
        deleted(4),
    ];
    put(store, &rust, 0, "ann", bodies).await;
    put(store, &room("other"), 0, "ann", [mentioning(&["bob"])]).await;
    let above = async |after| store.mentions_above(&rust, &bob, after).await.unwrap();
    assert_eq!((above(0).await, above(1).await, above(3).await), (2, 1, 0));
    let all = async |limit| {
        let mut all = store.mentions_of(&bob, limit).await.unwrap();
        all.sort();
        all
    };
    let expect = [(room("other"), 1), (rust.clone(), 1), (rust.clone(), 3)];
    assert_eq!(all(9).await, expect);
    assert_eq!(all(2).await.len(), 2);
    store
        .mark_read(
            &rust,
            &bob,
            ReadMark {
                seq: 2,
                messages: 2,
            },
        )
        .await
        .unwrap();
    assert_eq!(all(9).await, [expect[0].clone(), expect[2].clone()]);
    assert_eq!(
        store.mentions_above(&rust, &user("eve"), 0).await.unwrap(),
        2
    );
}

fn search(query: &str, rooms: &[&str]) -> Search {
    Search {
        phrases: phrases(query),
        rooms: rooms.iter().map(|name| room(name)).collect(),
        limit: 50,
        ..Search::default()
    }
}

async fn found(store: &SharedStore, query: &str, rooms: &[&str]) -> Vec<Seq> {
    let found = store.search(&search(query, rooms)).await.unwrap();
    found.messages.into_iter().map(|(_, seq)| seq).collect()
}

pub(crate) async fn a_search_finds_what_stands(store: &SharedStore) {
    let rust = room("rust");
    let bodies = [
        created(RoomKind::Public, "crab"),
        said("A crab with a hard shell"),
        said("Hard to say: a SHELL, for a crab"),
        said("東京タワーへ行く"),
        edited(2, "A lobster"),
        said("Übergröße"),
    ];
    put(store, &rust, 0, "ann", bodies).await;
    put(store, &room("other"), 0, "Bob", [said("a crab elsewhere")]).await;
    let check = async |query: &str, expect: &[Seq]| {
        assert_eq!(found(store, query, &["rust"]).await, expect, "{query}");
    };
    check("crab", &[3]).await;
    check("CRAB shell", &[3]).await;
    check("\"hard shell\"", &[]).await;
    check("\"a shell\"", &[3]).await;
    check("lobster", &[2]).await;
    check("a", &[3, 2]).await;
    check("タワー", &[4]).await;
    check("ubergrosse", &[6]).await;
    check("crabs", &[]).await;
    check("!", &[]).await;
    assert_eq!(found(store, "crab", &["rust", "other"]).await.len(), 2);
    assert_eq!(found(store, "crab", &[]).await, [0; 0]);
    let from = |who: &str| Search {
        from: Some(Username::existing(who)),
        ..search("crab", &["rust", "other"])
    };
    let by = async |who: &str| store.search(&from(who)).await.unwrap().messages;
    assert_eq!(by("Bob").await, [(room("other"), 1)]);
    assert_eq!(by("bob").await, []);
    put(store, &rust, 6, "ann", [deleted(3), said("another crab")]).await;
    check("crab", &[8]).await;
}

pub(crate) async fn searches_come_in_pages(store: &SharedStore) {
    let (rust, other) = (room("rust"), room("other"));
    for seq in 1..=6 {
        // Both rooms' events have the same times, so that pages meet ties.
        for room in [&rust, &other] {
            let said = event(seq, "ann", said(&format!("crab {seq}")));
            store.append(room, seq - 1, vec![said]).await.unwrap();
        }
    }
    let mut all = Vec::new();
    let mut cursor = None;
    for _ in 0..9 {
        let page = Search {
            limit: 5,
            cursor: cursor.take(),
            ..search("crab", &["rust", "other"])
        };
        let page = store.search(&page).await.unwrap();
        assert!(page.messages.len() <= 5);
        all.extend(page.messages);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(cursor, None);
    let seqs: Vec<Seq> = all.iter().map(|(_, seq)| *seq).collect();
    assert_eq!(seqs, [6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1]);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 12);
}

pub(crate) async fn hostile_searches(store: &SharedStore) {
    let lobby = RoomName::lobby();
    let bodies: Vec<_> = HOSTILE.iter().map(|text| said(text)).collect();
    put(store, &lobby, 0, "ann", bodies).await;
    for (seq, text) in (1..).zip(HOSTILE) {
        let query = search(text, &["lobby"]);
        let found = store.search(&query).await.unwrap().messages;
        let findable = !query.phrases.is_empty();
        assert_eq!(found.contains(&(lobby.clone(), seq)), findable, "{text:?}");
        let strange = Search {
            cursor: Some(text.into()),
            from: Some(user(text)),
            ..search("drop", &["lobby"])
        };
        assert_eq!(
            store.search(&strange).await.unwrap().messages,
            [],
            "{text:?}"
        );
    }
}
