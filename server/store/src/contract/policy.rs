//! Blocks, quotas and known networks.

use chat_shared::{RoomName, Username};

use crate::{BLOCKED_MAX, KNOWN_NETWORKS_MAX, QuotaLimits, QuotaUse, SharedStore};

/// Uses of one quota at the same time.
const RACERS: usize = 8;

fn user(name: &str) -> Username {
    Username::existing(name)
}

fn direct(n: usize) -> RoomName {
    RoomName::parse(&format!("@{n:032x}")).unwrap()
}

pub(crate) async fn blocks_come_and_go(store: &SharedStore) {
    let (ann, bob) = (user("ann"), user("bob:'\"$x"));
    let room = direct(0);
    assert!(!store.is_blocked(&room, &bob).await.unwrap());
    for _ in 0..2 {
        assert!(store.block(&room, &ann, &bob).await.unwrap());
    }
    assert!(store.is_blocked(&room, &bob).await.unwrap());
    // The one who blocks is not blocked, nor is the blocked one with others.
    assert!(!store.is_blocked(&room, &ann).await.unwrap());
    assert!(!store.is_blocked(&direct(1), &bob).await.unwrap());
    assert!(store.block(&room, &bob, &ann).await.unwrap());
    assert!(store.is_blocked(&room, &ann).await.unwrap());
    let cat = user("Cat");
    assert!(store.block(&direct(2), &ann, &cat).await.unwrap());
    assert_eq!(store.blocked_by(&ann).await.unwrap(), [cat, bob.clone()]);
    let by_bob = store.blocked_by(&bob).await.unwrap();
    assert_eq!(by_bob, std::slice::from_ref(&ann));
    for _ in 0..2 {
        store.unblock(&room, &bob).await.unwrap();
    }
    assert!(!store.is_blocked(&room, &bob).await.unwrap());
    assert!(store.is_blocked(&room, &ann).await.unwrap());
    assert_eq!(store.blocked_by(&ann).await.unwrap(), [user("Cat")]);
}

pub(crate) async fn blocks_are_bounded(store: &SharedStore) {
    let ann = user("ann");
    for n in 0..BLOCKED_MAX {
        let whom = user(&format!("user{n}"));
        assert!(store.block(&direct(n), &ann, &whom).await.unwrap());
    }
    let more = user("more");
    assert!(
        !store
            .block(&direct(BLOCKED_MAX), &ann, &more)
            .await
            .unwrap()
    );
    assert!(!store.is_blocked(&direct(BLOCKED_MAX), &more).await.unwrap());
    assert!(store.block(&direct(0), &ann, &user("user0")).await.unwrap());
    assert_eq!(store.blocked_by(&ann).await.unwrap().len(), BLOCKED_MAX);
    store.unblock(&direct(0), &user("user0")).await.unwrap();
    assert!(
        store
            .block(&direct(BLOCKED_MAX), &ann, &more)
            .await
            .unwrap()
    );
}

pub(crate) async fn quotas_are_counted(store: &SharedStore) {
    let ann = user("ann");
    let check = async |who: &Username, kind: &str, day, expect| {
        let limits = QuotaLimits {
            today: 2,
            in_all: 3,
        };
        let counted = store.use_quota(who, kind, day, limits).await.unwrap();
        assert_eq!(counted, expect, "{who} {kind} {day}");
    };
    check(&ann, "rooms", 7, QuotaUse::Counted).await;
    check(&ann, "rooms", 7, QuotaUse::Counted).await;
    check(&ann, "rooms", 7, QuotaUse::SpentToday).await;
    check(&ann, "invitations", 7, QuotaUse::Counted).await;
    check(&user("bob"), "rooms", 7, QuotaUse::Counted).await;
    check(&ann, "rooms", 8, QuotaUse::Counted).await;
    check(&ann, "rooms", 8, QuotaUse::Spent).await;
    check(&ann, "rooms", 9, QuotaUse::Spent).await;
}

pub(crate) async fn a_quota_holds_in_a_race(store: &SharedStore) {
    let limits = QuotaLimits {
        today: RACERS as u64 / 2,
        in_all: 100,
    };
    let racers: Vec<_> = (0..RACERS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.use_quota(&user("ann"), "rooms", 1, limits).await })
        })
        .collect();
    let mut counted = 0;
    for racer in racers {
        counted += usize::from(racer.await.unwrap().unwrap() == QuotaUse::Counted);
    }
    assert_eq!(counted, RACERS / 2);
}

pub(crate) async fn the_newest_networks_are_known(store: &SharedStore) {
    let ann = user("ann");
    for n in 0..=KNOWN_NETWORKS_MAX as u64 {
        let network = format!("network{n}");
        store
            .remember_network(&ann, &network, 10 + n)
            .await
            .unwrap();
        // The first one is used all the time.
        store
            .remember_network(&ann, "network0", 11 + n)
            .await
            .unwrap();
    }
    store
        .remember_network(&user("bob"), "other", 1)
        .await
        .unwrap();
    for (network, expect) in [
        ("network0", true),
        ("network1", false),
        ("network2", true),
        ("other", true),
        ("unknown", false),
    ] {
        let known = store.knows_network(network).await.unwrap();
        assert_eq!(known, expect, "{network}");
    }
}
