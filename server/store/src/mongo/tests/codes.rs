//! Uses of invites: none is lost where the store fails, and neither counting nor many at once costs
//! much.

use std::sync::Arc;
use std::time::Duration;

use chat_shared::Username;
use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::proxy::{Fault, Proxy};
use super::{open_behind_proxy, open_behind_proxy_with};
use crate::mongo::{MongoStore, Timeouts};
use crate::{Code, CodeId, CodeKind, CodeStore, CodeUse, StoreError};

/// How long the background may take to give a use back.
const PATIENCE: Duration = Duration::from_secs(60);

/// Uses at the same time, of one code with many.
const RACERS: usize = 12;
const MANY_USES: u32 = 1_000;

/// So long that all racers have read which numbers are free before the first has one.
const RACE_DELAY: Duration = Duration::from_secs(1);

const KIND: CodeKind = CodeKind::Invite;

async fn add(store: &MongoStore, name: &str, uses: u32) -> CodeId {
    let id = CodeId(name.to_owned());
    let code = Code {
        id: id.clone(),
        kind: KIND,
        by: Some(Username::existing("ann")),
        created: 1,
        expires: 9,
        uses,
        room: None,
        account: None,
        epoch: None,
    };
    assert!(store.add_code(code).await.unwrap());
    id
}

async fn used(store: &MongoStore, id: &CodeId) -> u32 {
    store.code(KIND, id).await.unwrap().unwrap().used
}

/// Fails every command of this name on this collection but the first.
fn fail_all_but_first(proxy: &Proxy, command: &str, collection: &str) {
    let fault = Fault::error(10_107, &[]);
    proxy.play(command, Some(collection), usize::MAX, fault);
    proxy.play(command, Some(collection), 1, Fault::None);
}

/// How often these commands came, by their names and collections.
fn passed(proxy: &Proxy) -> Vec<String> {
    let passed = proxy.take_passed().into_iter();
    let of_codes = passed.filter(|command| command.collection.starts_with("code"));
    of_codes
        .map(|command| format!("{} {}", command.name, command.collection))
        .collect()
}

/// Plays a fault on a use, and checks that the use can be taken afterwards.
async fn check_given_back(fault: &str, play: impl FnOnce(&Proxy)) {
    let (_database, proxy, store) = open_behind_proxy().await;
    let id = add(&store, "a", 1).await;
    play(&proxy);
    let outcome = store.use_code(KIND, &id, "first", 2).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{fault}: {outcome:?}"
    );
    proxy.heal();
    let deadline = Instant::now() + PATIENCE;
    while used(&store, &id).await > 0 {
        assert!(Instant::now() < deadline, "{fault}: the use is lost");
        sleep(Duration::from_millis(100)).await;
    }
    let outcome = store.use_code(KIND, &id, "again", 2).await.unwrap();
    assert!(matches!(outcome, CodeUse::Taken(_)), "{fault}: {outcome:?}");
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_use_that_the_store_failed_on_is_given_back() {
    check_given_back("the code can't be read again", |proxy| {
        fail_all_but_first(proxy, "find", "codes");
    })
    .await;
    check_given_back("nobody knows whether it is inserted", |proxy| {
        proxy.play("insert", Some("codeUses"), usize::MAX, Fault::CutAfter);
        fail_all_but_first(proxy, "find", "codeUses");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_use_is_given_back_once_the_store_works_again() {
    let (_database, proxy, store) = open_behind_proxy().await;
    let id = add(&store, "a", 2).await;
    for attempt in ["kept", "given back"] {
        let outcome = store.use_code(KIND, &id, attempt, 2).await.unwrap();
        assert!(matches!(outcome, CodeUse::Taken(_)), "{outcome:?}");
    }
    proxy.play("delete", Some("codeUses"), usize::MAX, Fault::CutAfter);
    store.give_code_back(KIND, &id, "given back").await.unwrap();
    // Its reply was lost, and its number is taken again before it is repeated.
    let outcome = store.use_code(KIND, &id, "newer", 2).await.unwrap();
    assert!(matches!(outcome, CodeUse::Taken(_)), "{outcome:?}");
    proxy.heal();
    store.shared.give_back_unused().await;
    assert_eq!(used(&store, &id).await, 2, "another's use was given back");
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn uses_are_counted_without_reading_them() {
    let (_database, proxy, store) = open_behind_proxy().await;
    let id = add(&store, "a", 3).await;
    for attempt in ["first", "second"] {
        store.use_code(KIND, &id, attempt, 2).await.unwrap();
    }
    proxy.take_passed();
    assert_eq!(used(&store, &id).await, 2);
    let expected = ["find codes", "aggregate codeUses"];
    assert_eq!(passed(&proxy), expected);
    let all = store.codes(KIND).await.unwrap();
    assert_eq!(all.iter().map(|kept| kept.used).collect::<Vec<_>>(), [2]);
    assert_eq!(passed(&proxy), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn uses_at_the_same_time_seldom_try_the_same_number() {
    let (_database, proxy, store) = open_behind_proxy_with(Timeouts::default()).await;
    let store = Arc::new(store);
    let id = add(&store, "a", MANY_USES).await;
    let delay = Fault::Delay(RACE_DELAY);
    proxy.play("insert", Some("codeUses"), RACERS, delay);
    proxy.take_passed();
    let racers = (0..RACERS).map(|n| {
        let (store, id) = (Arc::clone(&store), id.clone());
        tokio::spawn(async move { store.use_code(KIND, &id, &n.to_string(), 2).await })
    });
    for outcome in join_all(racers).await {
        let outcome = outcome.unwrap().unwrap();
        assert!(matches!(outcome, CodeUse::Taken(_)), "{outcome:?}");
    }
    let passed = passed(&proxy);
    let inserts = passed.iter().filter(|it| *it == "insert codeUses").count();
    assert!(
        inserts <= RACERS * 2,
        "{inserts} inserts of {RACERS} attempts"
    );
}
