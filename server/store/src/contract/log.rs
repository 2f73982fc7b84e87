//! The contract of every store about logs: numbers, nonces and reading back.

use chat_shared::protocol::RoomKind;

use super::{HOSTILE, created, event, put, put_refused, room, said, user, whole_log, with_nonce};
use crate::{Append, SharedStore, Snapshot, StoreError};
use chat_server_rules::{EventBody, EventNonce};

pub(crate) async fn an_append_follows_the_tip(store: &SharedStore) {
    let rust = room("rust");
    let lost = |after| async move {
        let events = vec![event(after + 1, "bob", said("x"))];
        let outcome = store.append(&room("rust"), after, events).await.unwrap();
        assert_eq!(outcome, Append::Lost, "after {after}");
    };
    lost(1).await;
    lost(7).await;
    let mut log = put(store, &rust, 0, "ann", [said("1"), said("2")]).await;
    for after in [0, 1, 3, 100] {
        lost(after).await;
    }
    log.extend(put(store, &rust, 2, "ann", [said("3")]).await);
    log.extend(put(store, &rust, 3, "ann", [said("4"), said("5")]).await);
    assert_eq!(whole_log(store, &rust).await, log);
    // Another room has numbers of its own.
    let other = put(store, &room("go"), 0, "ann", [said("1")]).await;
    assert_eq!(whole_log(store, &room("go")).await, other);
    assert_eq!(whole_log(store, &rust).await, log);
}

pub(crate) async fn badly_numbered_events_are_refused(store: &SharedStore) {
    let rust = room("rust");
    let log = put(store, &rust, 0, "ann", [said("1")]).await;
    for numbers in [&[][..], &[1], &[3], &[2, 4], &[2, 2], &[2, 3, 1], &[0]] {
        let events = numbers
            .iter()
            .map(|&seq| event(seq, "bob", said("x")))
            .collect();
        let outcome = store.append(&rust, 1, events).await;
        assert!(
            matches!(outcome, Err(StoreError::Refused(_))),
            "{numbers:?}: {outcome:?}"
        );
    }
    assert_eq!(whole_log(store, &rust).await, log);
}

pub(crate) async fn one_of_two_gets_the_number(store: &SharedStore) {
    const ROUNDS: u64 = 40;
    let rust = room("rust");
    let mut log = Vec::new();
    for round in 0..ROUNDS {
        let after = log.len() as u64;
        // Of different lengths, so that one may not stand in the other's tail either.
        let propose = |sender: &str, count: u64| -> Vec<_> {
            (1..=count)
                .map(|n| event(after + n, sender, said(&format!("{sender} {round}"))))
                .collect()
        };
        let proposals = [propose("ann", 1), propose("bob", 3)];
        let race = proposals.clone().map(|events| {
            let (store, rust) = (store.clone(), rust.clone());
            tokio::spawn(async move { store.append(&rust, after, events).await.unwrap() })
        });
        let [ann, bob] = race;
        let winner = match (ann.await.unwrap(), bob.await.unwrap()) {
            (Append::Stored, Append::Lost) => 0,
            (Append::Lost, Append::Stored) => 1,
            other => panic!("round {round}: {other:?}"),
        };
        log.extend(proposals[winner].clone());
        assert_eq!(whole_log(store, &rust).await, log, "round {round}");
    }
}

pub(crate) async fn events_after_a_refused_one_are_not_stored(store: &SharedStore) {
    let rust = room("rust");
    let mut log = put(store, &rust, 0, "ann", [said("1"), said("2"), said("3")]).await;
    // The fifth of them bears a nonce that is taken.
    let mut batch: Vec<_> = (4..=9).map(|seq| event(seq, "ann", said("x"))).collect();
    batch[4].nonce = EventNonce::from_seq(2);
    let existing = Box::new(log[1].clone());
    let taken = |index| Append::NonceTaken {
        index,
        existing: existing.clone(),
    };
    log.extend(put_refused(store, &rust, 3, batch, 4, taken).await);
    assert_eq!(whole_log(store, &rust).await, log);
    // The numbers and nonces of the others are free.
    let tip = log.len() as u64;
    log.extend(put(store, &rust, tip, "ann", (tip..9).map(|_| said("y"))).await);
    assert_eq!(whole_log(store, &rust).await, log);
}

pub(crate) async fn a_nonce_is_unique_across_appends(store: &SharedStore) {
    let rust = room("rust");
    let first = with_nonce(event(1, "ann", said("first")), "n1");
    assert_eq!(
        store.append(&rust, 0, vec![first.clone()]).await.unwrap(),
        Append::Stored
    );
    let again = with_nonce(event(2, "ann", said("again")), "n1");
    let taken = Append::NonceTaken {
        index: 0,
        existing: Box::new(first.clone()),
    };
    assert_eq!(store.append(&rust, 1, vec![again]).await.unwrap(), taken);
    assert_eq!(whole_log(store, &rust).await, std::slice::from_ref(&first));

    let find = |sender, nonce: &str| {
        let marks = [(user(sender), EventNonce::from_stored(nonce.into()))];
        async move {
            let found = store.events_by_nonces(&room("rust"), &marks).await;
            found.unwrap().pop()
        }
    };
    assert_eq!(find("ann", "n1").await, Some(first));
    assert_eq!(find("ann", "N1").await, None);
    assert_eq!(find("Ann", "n1").await, None);
    assert_eq!(find("ann", "n2").await, None);
}

pub(crate) async fn events_of_many_nonces_are_found_at_once(store: &SharedStore) {
    let rust = room("rust");
    let log: Vec<_> = [("ann", "n1"), ("bob", "n1"), ("ann", "n2"), ("eve", "n3")]
        .into_iter()
        .zip(1..)
        .map(|((sender, nonce), seq)| with_nonce(event(seq, sender, said("hi")), nonce))
        .collect();
    store.append(&rust, 0, log.clone()).await.unwrap();
    let mark = |sender, nonce: &str| (user(sender), EventNonce::from_stored(nonce.into()));
    // bob's n2 and ann's n3 are none, although both senders and both nonces are asked for.
    let marks = [
        mark("ann", "n1"),
        mark("ann", "n2"),
        mark("bob", "n2"),
        mark("ann", "n3"),
        mark("bob", "n9"),
    ];
    let mut found = store.events_by_nonces(&rust, &marks).await.unwrap();
    found.sort_by_key(|event| event.seq);
    assert_eq!(found, [log[0].clone(), log[2].clone()]);
    assert_eq!(store.events_by_nonces(&rust, &[]).await.unwrap(), []);
    let elsewhere = store.events_by_nonces(&room("go"), &marks).await.unwrap();
    assert_eq!(elsewhere, []);
}

pub(crate) async fn a_nonce_is_unique_in_an_append(store: &SharedStore) {
    let rust = room("rust");
    let log = put(store, &rust, 0, "ann", [said("1")]).await;
    let batch: Vec<_> = (2..=5)
        .zip(["a", "b", "a", "b"])
        .map(|(seq, nonce)| with_nonce(event(seq, "ann", said("x")), nonce))
        .collect();
    let taken = Append::NonceTaken {
        index: 2,
        existing: Box::new(batch[0].clone()),
    };
    assert_eq!(store.append(&rust, 1, batch).await.unwrap(), taken);
    assert_eq!(whole_log(store, &rust).await, log);
}

pub(crate) async fn a_nonce_is_a_senders_in_a_room(store: &SharedStore) {
    let nonced = |seq, sender| with_nonce(event(seq, sender, said("x")), "same");
    let (rust, go) = (room("rust"), room("go"));
    let mine = vec![nonced(1, "ann"), nonced(2, "bob"), nonced(3, "Ann")];
    assert_eq!(
        store.append(&rust, 0, mine.clone()).await.unwrap(),
        Append::Stored
    );
    let there = vec![nonced(1, "ann")];
    assert_eq!(
        store.append(&go, 0, there.clone()).await.unwrap(),
        Append::Stored
    );
    assert_eq!(whole_log(store, &rust).await, mine);
    assert_eq!(whole_log(store, &go).await, there);
}

pub(crate) async fn snapshots_never_go_back(store: &SharedStore) {
    let rust = room("rust");
    assert_eq!(store.snapshot(&rust).await.unwrap(), None);
    let snapshot = |seq, state: &[u8]| Snapshot {
        rules_version: 1,
        seq,
        state: state.into(),
    };
    // The snapshot that is offered, and the one that is stored afterwards.
    for (offered, stands) in [
        (snapshot(10, b"ten"), snapshot(10, b"ten")),
        (snapshot(9, b"nine"), snapshot(10, b"ten")),
        (snapshot(100, b"\0\xff{}'"), snapshot(100, b"\0\xff{}'")),
        (snapshot(99, b"late"), snapshot(100, b"\0\xff{}'")),
        (snapshot(101, b""), snapshot(101, b"")),
    ] {
        store.save_snapshot(&rust, offered).await.unwrap();
        assert_eq!(store.snapshot(&rust).await.unwrap(), Some(stands));
    }
    // A snapshot that other rules folded can't be used, however far it reaches.
    for rules_version in [2, 1] {
        let other = Snapshot {
            rules_version,
            ..snapshot(7, b"other rules")
        };
        store.save_snapshot(&rust, other.clone()).await.unwrap();
        assert_eq!(store.snapshot(&rust).await.unwrap(), Some(other));
    }
    assert_eq!(store.snapshot(&room("go")).await.unwrap(), None);
}

pub(crate) async fn hostile_strings_in_the_log(store: &SharedStore) {
    let rust = room("rust");
    let mut log = Vec::new();
    for text in HOSTILE {
        let seq = log.len() as u64 + 1;
        // Names and nonces of the demo's time may look like anything too.
        let event = with_nonce(event(seq, text, said(text)), text);
        assert_eq!(
            store
                .append(&rust, seq - 1, vec![event.clone()])
                .await
                .unwrap(),
            Append::Stored
        );
        let marks = [(event.sender.clone(), event.nonce.clone())];
        let found = store.events_by_nonces(&rust, &marks).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&event));
        log.push(event);
    }
    let longest = [said(&"🦀".repeat(4_000)), said(&"\0".repeat(4_000))];
    log.extend(put(store, &rust, log.len() as u64, "ann", longest).await);
    assert_eq!(whole_log(store, &rust).await, log);
    for name in HOSTILE {
        let hall = room("hall");
        let after = whole_log(store, &hall).await.len() as u64;
        put(store, &hall, after, name, [EventBody::Joined]).await;
        assert_eq!(
            store.rooms_of(&user(name)).await.unwrap(),
            [hall],
            "{name:?}"
        );
    }
}

pub(crate) async fn every_body_comes_back(store: &SharedStore) {
    let rust = room("rust");
    let bodies = [
        created(RoomKind::Private, "a topic"),
        EventBody::Joined,
        EventBody::Message {
            text: "t".into(),
            reply_to: Some(2),
            bot: true,
            mentions: Vec::new(),
        },
        EventBody::Left { heir: None },
    ];
    let log = put(store, &rust, 0, "ann", bodies).await;
    assert_eq!(whole_log(store, &rust).await, log);
}
