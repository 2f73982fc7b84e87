//! The contract on MongoDB's wire, and what is MongoDB's own.

#[path = "../../../tests/mongo_server/mod.rs"]
mod mongo_server;
#[path = "../../../tests/mongo_proxy/mod.rs"]
#[allow(dead_code, reason = "it is shared with the server's tests")]
mod proxy;

use std::sync::Arc;
use std::time::Duration;

mod codes;
mod demo;
mod fault_calls;
mod fault_table;
mod following;
mod outcomes;
mod questions;
mod races;
mod round_trips;
mod searching;
mod shapes;
mod shapes_list;
mod starts;
mod versions;

use self::mongo_server::TestDatabase;
use self::proxy::Proxy;
use super::{MongoStore, Timeouts, connect};

/// A store behind a proxy, whose patience is short.
async fn open_behind_proxy() -> (TestDatabase, Proxy, MongoStore) {
    open_behind_proxy_with(Timeouts {
        operation: Duration::from_secs(1),
        write: Duration::from_millis(1_500),
        ..Timeouts::default()
    })
    .await
}

async fn open_behind_proxy_with(timeouts: Timeouts) -> (TestDatabase, Proxy, MongoStore) {
    let database = TestDatabase::new();
    let proxy = Proxy::start(&database.url).await;
    let options = connect::options(&proxy.url(), timeouts).await.unwrap();
    let store = MongoStore::open_with(options, &database.name, timeouts).await;
    (database, proxy, store.unwrap())
}

async fn open_new() -> (TestDatabase, Arc<MongoStore>) {
    let database = TestDatabase::new();
    let store = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    (database, Arc::new(store))
}

/// A store that keeps no recent messages in memory, so that every search meets the entries.
async fn open_without_memory() -> (TestDatabase, Arc<MongoStore>) {
    let (database, store) = open_new().await;
    store.shared.recent.disable();
    (database, store)
}

mod contract {
    use super::*;
    use crate::contract::{Fixture, store_contract};

    async fn open() -> Fixture {
        let (database, store) = open_new().await;
        Fixture {
            store,
            _keep: Box::new(database),
        }
    }

    store_contract!(
        #[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
        open
    );
}

mod contract_of_entries {
    use super::*;
    use crate::contract::conversations::{
        a_search_finds_what_stands, hostile_searches, searches_come_in_pages,
    };

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
    async fn searches_hold_the_contract_without_memory() {
        for case in 0..3 {
            let (_database, store) = open_without_memory().await;
            let store: crate::SharedStore = store;
            match case {
                0 => a_search_finds_what_stands(&store).await,
                1 => searches_come_in_pages(&store).await,
                _ => hostile_searches(&store).await,
            }
        }
    }
}
