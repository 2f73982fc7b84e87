//! Invites and password resets.

use std::sync::atomic::{AtomicU64, Ordering};

use chat_shared::{RoomName, Username};

use crate::{
    CODES_MAX, Code, CodeId, CodeKind, CodeUse, KeptCode, PasswordEpoch, SharedStore, StoreError,
};

/// Uses of one code at the same time.
const RACERS: u32 = 12;

/// Rounds of a race.
const ROUNDS: usize = 8;

fn user(name: &str) -> Username {
    Username::existing(name)
}

fn id(name: &str) -> CodeId {
    CodeId(name.to_owned())
}

fn invite(name: &str, uses: u32) -> Code {
    Code {
        id: id(name),
        kind: CodeKind::Invite,
        by: Some(user("ann")),
        created: 1_000,
        expires: 2_000,
        uses,
        room: None,
        account: None,
        epoch: None,
    }
}

async fn use_by(store: &SharedStore, name: &str, attempt: &str, now: u64) -> CodeUse {
    let id = id(name);
    let used = store.use_code(CodeKind::Invite, &id, attempt, now);
    used.await.unwrap()
}

async fn use_once(store: &SharedStore, name: &str, now: u64) -> CodeUse {
    static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
    let attempt = ATTEMPTS.fetch_add(1, Ordering::Relaxed).to_string();
    use_by(store, name, &attempt, now).await
}

async fn used(store: &SharedStore, name: &str) -> Option<u32> {
    let kept = store.code(CodeKind::Invite, &id(name)).await.unwrap();
    kept.map(|kept| kept.used)
}

pub(crate) async fn codes_come_back(store: &SharedStore) {
    let into_room = Code {
        by: Some(user("an n:'\"$x")),
        room: Some(RoomName::parse("ops").unwrap()),
        created: 1_001,
        ..invite("b", 3)
    };
    let reset = Code {
        kind: CodeKind::Reset,
        account: Some(user("bob")),
        epoch: Some(PasswordEpoch("e".into())),
        ..invite("b", 1)
    };
    let plain = invite("a", 1);
    for code in [&plain, &into_room, &reset] {
        assert!(store.add_code(code.clone()).await.unwrap());
    }
    let kept = |code: &Code, used| KeptCode {
        code: code.clone(),
        used,
    };
    let taken = use_once(store, "b", 1_500).await;
    assert_eq!(taken, CodeUse::Taken(into_room.clone()));
    let all = store.codes(CodeKind::Invite).await.unwrap();
    assert_eq!(all, [kept(&into_room, 1), kept(&plain, 0)]);
    let all = store.codes(CodeKind::Reset).await.unwrap();
    assert_eq!(all, [kept(&reset, 0)]);
    let one = store.code(CodeKind::Reset, &id("b")).await.unwrap();
    assert_eq!(one, Some(kept(&reset, 0)));
    // A code is of one kind.
    let one = store.code(CodeKind::Reset, &id("a")).await.unwrap();
    assert_eq!(one, None);
}

pub(crate) async fn a_code_ends(store: &SharedStore) {
    assert_eq!(use_once(store, "a", 1_500).await, CodeUse::Unknown);
    store.add_code(invite("a", 2)).await.unwrap();
    for attempt in ["first", "second"] {
        let used = use_by(store, "a", attempt, 1_999).await;
        assert_eq!(used, CodeUse::Taken(invite("a", 2)));
    }
    assert_eq!(use_once(store, "a", 1_999).await, CodeUse::UsedUp);
    assert_eq!(use_once(store, "a", 2_000).await, CodeUse::Expired);
    // One that is given back can be taken again.
    let a = id("a");
    let given_back = store.give_code_back(CodeKind::Invite, &a, "first");
    given_back.await.unwrap();
    assert_eq!(used(store, "a").await, Some(1));
    let taken = use_once(store, "a", 1_999).await;
    assert!(matches!(taken, CodeUse::Taken(_)), "{taken:?}");
    assert_eq!(use_once(store, "a", 1_999).await, CodeUse::UsedUp);

    store.add_code(invite("b", 2)).await.unwrap();
    let removed = async |name| {
        store
            .remove_code(CodeKind::Invite, &id(name))
            .await
            .unwrap()
    };
    assert!(removed("b").await);
    assert!(!removed("b").await);
    assert_eq!(use_once(store, "b", 1_500).await, CodeUse::Unknown);
    assert_eq!(used(store, "a").await, Some(2), "it is another one's");
    for (before, expect) in [(2_000, Some(2)), (2_001, None)] {
        store.purge_codes(before).await.unwrap();
        assert_eq!(used(store, "a").await, expect, "{before}");
    }
}

pub(crate) async fn codes_are_bounded(store: &SharedStore) {
    for n in 0..CODES_MAX {
        let code = invite(&format!("code{n}"), 1);
        assert!(store.add_code(code).await.unwrap(), "{n}");
    }
    assert!(!store.add_code(invite("more", 1)).await.unwrap());
    assert_eq!(used(store, "more").await, None);
    // The other kind has places of its own, and expired ones make place.
    let kind = CodeKind::Reset;
    let reset = Code {
        kind,
        ..invite("more", 1)
    };
    assert!(store.add_code(reset).await.unwrap());
    let (created, expires) = (2_001, 3_000);
    let later = Code {
        created,
        expires,
        ..invite("later", 1)
    };
    assert!(store.add_code(later).await.unwrap());
    assert_eq!(store.codes(CodeKind::Invite).await.unwrap().len(), 1);
}

pub(crate) async fn of_many_uses_at_once_as_many_succeed_as_the_code_has(store: &SharedStore) {
    for round in 0..ROUNDS {
        let name = format!("code{round}");
        let uses = 1 + u32::try_from(round).unwrap() % 4;
        store.add_code(invite(&name, uses)).await.unwrap();
        let racers: Vec<_> = (0..RACERS)
            .map(|_| {
                let (store, name) = (store.clone(), name.clone());
                tokio::spawn(async move { use_once(&store, &name, 1_500).await })
            })
            .collect();
        let mut taken = 0;
        for racer in racers {
            match racer.await.unwrap() {
                CodeUse::Taken(_) => taken += 1,
                other => assert_eq!(other, CodeUse::UsedUp),
            }
        }
        assert_eq!(taken, uses, "round {round}");
        assert_eq!(used(store, &name).await, Some(uses));
    }
}

/// A use that succeeds came before the removal: after it nobody gets in.
pub(crate) async fn a_removed_code_is_not_used(store: &SharedStore) {
    for round in 0..ROUNDS {
        let name = format!("code{round}");
        store.add_code(invite(&name, RACERS)).await.unwrap();
        let racing = {
            let (store, name) = (store.clone(), name.clone());
            tokio::spawn(async move {
                let mut taken = 0;
                while let CodeUse::Taken(_) = use_once(&store, &name, 1_500).await {
                    taken += 1;
                }
                taken
            })
        };
        let id = id(&name);
        let removed = store.remove_code(CodeKind::Invite, &id);
        assert!(removed.await.unwrap());
        let after = use_once(store, &name, 1_500).await;
        assert_eq!(after, CodeUse::Unknown, "round {round}");
        assert!(racing.await.unwrap() <= RACERS);
    }
}

pub(crate) async fn a_new_log_id_ends_all_codes(store: &SharedStore) {
    store.add_code(invite("a", 1)).await.unwrap();
    let replaced: Result<(), StoreError> = store.replace_log_id("new").await;
    replaced.unwrap();
    assert_eq!(used(store, "a").await, None);
}
