//! The contract on MongoDB's wire, and what is MongoDB's own.

#[path = "../../../tests/mongo_server/mod.rs"]
mod mongo_server;

use std::sync::Arc;

mod races;
mod shapes;

use self::mongo_server::TestDatabase;
use super::MongoStore;

/// `None` where there is no MongoDB to test with.
async fn open_new() -> Option<(TestDatabase, Arc<MongoStore>)> {
    let database = TestDatabase::new()?;
    let store = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    Some((database, Arc::new(store)))
}

mod contract {
    use super::*;
    use crate::contract::{Fixture, store_contract};

    async fn open() -> Option<Fixture> {
        let (database, store) = open_new().await?;
        Some(Fixture {
            store,
            _keep: Box::new(database),
        })
    }

    store_contract!(open);
}
