//! Sign-ins: how they begin, end, and follow the account's password.

use super::accounts::{new_password, new_user};
use super::{session, user};
use crate::{
    PasswordChange, PasswordEpoch, PasswordRecord, SESSIONS_MAX, SecretHash, Session, SharedStore,
    StoreError,
};

fn until(id: &str, expires: Option<u64>) -> Session {
    Session {
        expires,
        ..session(id, "ann")
    }
}

pub(crate) async fn sessions_live_and_end(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    assert_eq!(store.session("s1").await.unwrap(), None);
    for each in [until("s1", Some(2_000)), until("bot", None)] {
        assert_eq!(store.create_session(each.clone()).await.unwrap(), [""; 0]);
        assert_eq!(store.session(&each.id).await.unwrap(), Some(each));
    }
    let again = store.create_session(until("s1", None)).await;
    assert!(matches!(again, Err(StoreError::Refused(_))), "{again:?}");
    assert_eq!(store.session("S1").await.unwrap(), None);

    store.renew_session("s1", 3_000).await.unwrap();
    assert_eq!(
        store.session("s1").await.unwrap(),
        Some(until("s1", Some(3_000)))
    );
    assert_eq!(
        store.session("bot").await.unwrap(),
        Some(until("bot", None))
    );

    store.revoke_session("s1").await.unwrap();
    assert_eq!(store.session("s1").await.unwrap(), None);
    // A renewal that was under way does not bring a revoked session back.
    store.renew_session("s1", 9_000).await.unwrap();
    store.revoke_session("s1").await.unwrap();
    assert_eq!(store.session("s1").await.unwrap(), None);
    assert!(store.session("bot").await.unwrap().is_some());
}

pub(crate) async fn ended_sessions_are_purged(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    let all = [
        ("a", Some(999)),
        ("b", Some(1_000)),
        ("c", Some(1_001)),
        ("d", None),
    ];
    for (id, expires) in all {
        store.create_session(until(id, expires)).await.unwrap();
    }
    store.purge_sessions(1_000).await.unwrap();
    for (id, stays) in [("a", false), ("b", true), ("c", true), ("d", true)] {
        assert_eq!(store.session(id).await.unwrap().is_some(), stays, "{id}");
    }
}

pub(crate) async fn sessions_of_one_person(store: &SharedStore) {
    for (id, who, created) in [
        ("a", "ann", 1),
        ("b", "ann", 3),
        ("c", "ann", 2),
        ("d", "bob", 1),
    ] {
        store
            .create_session(Session {
                created,
                ..session(id, who)
            })
            .await
            .unwrap();
    }
    let own = async |who: &str, limit| {
        let own = store.sessions_of(&user(who), limit).await.unwrap();
        own.into_iter()
            .map(|session| session.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(own("ann", 9).await, ["b", "c", "a"]);
    assert_eq!(own("ann", 2).await, ["b", "c"]);
    store
        .revoke_sessions_of(&user("ann"), Some("c"))
        .await
        .unwrap();
    assert_eq!(own("ann", 9).await, ["c"]);
    store.revoke_sessions_of(&user("ann"), None).await.unwrap();
    assert_eq!(
        (own("ann", 9).await, own("bob", 9).await.len()),
        (vec![], 1)
    );
}

pub(crate) async fn a_session_keeps_its_fields(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    let full = Session {
        secret_hash: Some(SecretHash([7; 32])),
        epoch: Some(PasswordEpoch("e".into())),
        lobby_seq: 12,
        ..session("full", "ann")
    };
    store.create_session(full.clone()).await.unwrap();
    assert_eq!(store.session("full").await.unwrap(), Some(full));
}

/// Whether the session is there and valid for its account.
async fn is_valid(store: &SharedStore, id: &str) -> bool {
    let Some(session) = store.session(id).await.unwrap() else {
        return false;
    };
    let user = store.find_user(session.username.as_str()).await.unwrap();
    session.is_valid_for(&user.unwrap())
}

pub(crate) async fn a_new_password_ends_all_sessions_but_one(store: &SharedStore) {
    for name in ["ann", "bob"] {
        store.create_user(new_user(name)).await.unwrap();
    }
    for (id, who) in [("kept", "ann"), ("other", "ann"), ("bobs", "bob")] {
        store.create_session(session(id, who)).await.unwrap();
        assert!(is_valid(store, id).await, "{id}: no epoch equals no epoch");
    }
    let (ann, missing) = (user("ann"), PasswordRecord::Missing);
    let first = new_password(missing.clone(), 1);
    let change = store.set_password(&ann, None, first.clone(), Some("kept"));
    assert_eq!(change.await.unwrap(), PasswordChange::Done);
    // Signed in with the password before, and too late.
    store.create_session(session("late", "ann")).await.unwrap();
    for (id, valid) in [
        ("kept", true),
        ("other", false),
        ("late", false),
        ("bobs", true),
    ] {
        assert_eq!(is_valid(store, id).await, valid, "{id}");
    }
    let verified = Session {
        epoch: Some(first.epoch.clone()),
        ..session("new", "ann")
    };
    store.create_session(verified).await.unwrap();
    assert!(is_valid(store, "new").await);
    // A request that verified an earlier password changes nothing and ends no session.
    for outdated in [None, Some(PasswordEpoch("epoch7".into()))] {
        let second = new_password(missing.clone(), 2);
        let change = store.set_password(&ann, outdated.as_ref(), second, Some("late"));
        assert_eq!(change.await.unwrap(), PasswordChange::Outdated);
    }
    assert!(is_valid(store, "new").await && !is_valid(store, "late").await);
    let second = new_password(missing, 2);
    let change = store.set_password(&ann, Some(&first.epoch), second, Some("bobs"));
    assert_eq!(change.await.unwrap(), PasswordChange::Done);
    let own = store.sessions_of(&ann, 9).await.unwrap();
    assert_eq!(own, [], "none of them was kept");
    assert!(is_valid(store, "bobs").await);
}

pub(crate) async fn of_two_password_changes_one_is_done(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    let racers = (0..8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let record = PasswordRecord::Argon2id(format!("$argon2id${n}"));
            let new = new_password(record, n);
            let ann = user("ann");
            let change = store.set_password(&ann, None, new.clone(), None);
            (change.await.unwrap() == PasswordChange::Done).then_some(new)
        })
    });
    let mut done = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        done.extend(racer.await.unwrap());
    }
    assert_eq!(done.len(), 1);
    let ann = store.find_user("ann").await.unwrap().unwrap();
    assert!(ann.password == done[0].record);
    assert_eq!(ann.password_epoch.as_ref(), Some(&done[0].epoch));
}

pub(crate) async fn a_ban_ends_the_sessions_before_it(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    let ann = user("ann");
    store.create_session(session("old", "ann")).await.unwrap();
    store.set_banned(&ann, Some(9), Some(5)).await.unwrap();
    store.set_banned(&ann, None, Some(6)).await.unwrap();
    let since = Session {
        lobby_seq: 6,
        ..session("since", "ann")
    };
    store.create_session(since).await.unwrap();
    assert!(
        !is_valid(store, "old").await,
        "a lifted ban revives no session"
    );
    assert!(is_valid(store, "since").await);
}

pub(crate) async fn the_oldest_sessions_make_place(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    store.create_session(session("bobs", "bob")).await.unwrap();
    let of = |n: usize| Session {
        created: n as u64,
        ..session(&format!("s{n}"), "ann")
    };
    for n in 1..=SESSIONS_MAX {
        assert_eq!(store.create_session(of(n)).await.unwrap(), [""; 0]);
    }
    let above = SESSIONS_MAX + 1;
    assert_eq!(store.create_session(of(above)).await.unwrap(), ["s1"]);
    // The clock went back: the new one stays all the same.
    let ended = store.create_session(of(0)).await.unwrap();
    assert_eq!(ended, ["s2"]);
    let left = store
        .sessions_of(&user("ann"), usize::MAX >> 1)
        .await
        .unwrap();
    assert_eq!(left.len(), SESSIONS_MAX);
    assert!(store.session("s0").await.unwrap().is_some());
    assert!(store.session("bobs").await.unwrap().is_some());
}
