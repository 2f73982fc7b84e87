mod contract {
    use std::sync::Arc;

    use super::super::SqliteStore;
    use crate::store::contract::{Fixture, store_contract};

    async fn open() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path()).unwrap());
        Fixture {
            store,
            _keep: Box::new(dir),
        }
    }

    store_contract!(open);
}
