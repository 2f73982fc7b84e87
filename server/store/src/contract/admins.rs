//! The list of admins.

use std::sync::Arc;

use chat_shared::Username;

use crate::{AdminList, SharedStore};

/// Writers of one list at the same time.
const RACERS: usize = 8;

/// Rounds of a race.
const ROUNDS: u64 = 8;

fn names(names: &[&str]) -> Vec<Username> {
    names.iter().map(|name| Username::existing(name)).collect()
}

pub(crate) async fn a_list_of_admins_is_replaced(store: &SharedStore) {
    assert_eq!(store.admins().await.unwrap(), AdminList::default());
    let lists: [&[&str]; 4] = [&["ann"], &["ann", "b'o\"$b:"], &[], &["Cat"]];
    for (version, list) in (0..).zip(lists) {
        assert!(store.replace_admins(version, names(list)).await.unwrap());
        let kept = store.admins().await.unwrap();
        assert_eq!((kept.version, kept.names), (version + 1, names(list)));
    }
    // None of the earlier versions is the current one.
    for version in 0..4 {
        let mallory = names(&["mallory"]);
        assert!(!store.replace_admins(version, mallory).await.unwrap());
        let kept = store.admins().await.unwrap();
        assert_eq!(kept.names, names(&["Cat"]), "after version {version}");
    }
}

/// Of several at the same time one replaces the list, and the others learn that they did not.
pub(crate) async fn a_list_is_replaced_once_in_each_version(store: &SharedStore) {
    for version in 0..ROUNDS {
        let racers: Vec<_> = (0..RACERS)
            .map(|n| {
                let (store, name) = (Arc::clone(store), format!("racer{n}"));
                tokio::spawn(async move {
                    let list = names(&[&name]);
                    let replaced = store.replace_admins(version, list.clone()).await.unwrap();
                    replaced.then_some(list)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for racer in racers {
            winners.extend(racer.await.unwrap());
        }
        let kept = store.admins().await.unwrap();
        assert_eq!(kept.version, version + 1);
        assert_eq!(winners, [kept.names], "round {version}");
    }
}
