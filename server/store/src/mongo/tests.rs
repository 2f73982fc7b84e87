//! The contract on MongoDB's wire, and what is MongoDB's own.

#[path = "../../../tests/mongo_server/mod.rs"]
mod mongo_server;

use std::sync::Arc;

mod races;
mod shapes;
mod shapes_list;
mod versions;

use self::mongo_server::TestDatabase;
use super::MongoStore;

async fn open_new() -> (TestDatabase, Arc<MongoStore>) {
    let database = TestDatabase::new();
    let store = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    (database, Arc::new(store))
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
