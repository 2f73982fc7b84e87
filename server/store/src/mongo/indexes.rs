//! Builds the indexes of [`INDEXES`] that are missing.

use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use mongodb::bson::{Bson, Document};
use mongodb::error::ErrorKind;
use mongodb::options::{
    Acknowledgment, CommitQuorum, CreateIndexOptions, IndexOptions, WriteConcern,
};
use mongodb::{Collection, IndexModel};
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::error::{Failure, too_slow};
use super::index_list::{INDEXES, Index, SUPERSEDED};

/// The longest time that the indexes of one collection may take. Only the first start on a large
/// database takes long.
const BUILD_MAX: Duration = Duration::from_secs(3_600);

/// Time between two lines in the log while indexes are built.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

/// Collections whose indexes are looked at or built at the same time.
const COLLECTIONS_AT_ONCE_MAX: usize = 4;

/// `NamespaceNotFound`: the collection does not exist yet.
const NO_COLLECTION: i32 = 26;
/// `NotImplemented`, which FerretDB answers where MongoDB has partial indexes.
const NOT_IMPLEMENTED: i32 = 238;

impl Index {
    fn keys(&self) -> Document {
        let keys = self.fields.iter();
        keys.map(|field| ((*field).to_owned(), Bson::Int32(1)))
            .collect()
    }

    fn model(&self, is_partial: bool) -> IndexModel {
        let options = IndexOptions::builder()
            .name(self.name.to_owned())
            .unique(self.unique.then_some(true))
            .partial_filter_expression(self.part.filter().filter(|_| is_partial))
            .build();
        IndexModel::builder()
            .keys(self.keys())
            .options(options)
            .build()
    }

    /// Whether an existing index, under whatever name, serves the same queries. One that the
    /// operator or the demo made may be unique where this one need not be.
    fn is_served_by(&self, there: &IndexModel) -> bool {
        let options = there.options.clone().unwrap_or_default();
        let name = options.name.as_deref().unwrap_or_default();
        if SUPERSEDED.contains(&(self.collection, name)) {
            return false;
        }
        let covers_all = options.partial_filter_expression.is_none()
            || options.partial_filter_expression == self.part.filter();
        let is_usable = options.sparse != Some(true)
            && options.hidden != Some(true)
            && options.collation.is_none();
        let is_unique = !self.unique || options.unique == Some(true);
        same_keys(&there.keys, self.fields) && covers_all && is_usable && is_unique
    }
}

/// Whether these are the fields in their order, each ascending. Old shells wrote 1 as a double.
fn same_keys(keys: &Document, fields: &[&str]) -> bool {
    let is_ascending = |value: &Bson| match value {
        Bson::Int32(order) => *order == 1,
        Bson::Int64(order) => *order == 1,
        Bson::Double(order) => (*order - 1.0).abs() < f64::EPSILON,
        _ => false,
    };
    let same =
        |((key, value), field): ((&String, &Bson), &&str)| key == field && is_ascending(value);
    keys.len() == fields.len() && keys.iter().zip(fields).all(same)
}

impl Shared {
    /// Builds the indexes that are missing, and leaves the others as they are.
    pub(super) async fn make_indexes(&self, is_replica_set: bool) -> Result<(), Failure> {
        let mut collections: Vec<&str> = INDEXES.iter().map(|index| index.collection).collect();
        collections.sort_unstable();
        collections.dedup();
        futures::stream::iter(collections)
            .map(Ok)
            .try_for_each_concurrent(COLLECTIONS_AT_ONCE_MAX, async |name| {
                self.make_indexes_of(name, is_replica_set).await
            })
            .await
    }

    async fn make_indexes_of(&self, name: &str, is_replica_set: bool) -> Result<(), Failure> {
        let collection = self.database.collection::<Document>(name);
        let there = self.indexes_of(&collection).await?;
        let of_this = INDEXES.iter().filter(|index| index.collection == name);
        let missing: Vec<&Index> = of_this
            .filter(|index| !there.iter().any(|there| index.is_served_by(there)))
            .collect();
        let old: Vec<String> = there
            .into_iter()
            .filter_map(|there| there.options?.name)
            .filter(|old| SUPERSEDED.contains(&(name, old.as_str())))
            .collect();
        if !missing.is_empty() && !build(&collection, &missing, true, is_replica_set).await? {
            // FerretDB has no partial indexes, and only one with the same fields.
            self.drop_indexes(&collection, &old).await?;
            build(&collection, &missing, false, is_replica_set).await?;
            return Ok(());
        }
        self.drop_indexes(&collection, &old).await
    }

    async fn drop_indexes(
        &self,
        collection: &Collection<Document>,
        names: &[String],
    ) -> Result<(), Failure> {
        for index in names {
            self.ask(collection.drop_index(index)).await?;
            let collection = collection.name();
            tracing::info!(collection, index, "dropped an index of an older version");
        }
        Ok(())
    }

    async fn indexes_of(
        &self,
        collection: &Collection<Document>,
    ) -> Result<Vec<IndexModel>, Failure> {
        let all = async {
            match collection.list_indexes().await {
                Ok(all) => all.try_collect().await,
                Err(error) if has_code(&error.kind, NO_COLLECTION) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        };
        self.ask(all).await
    }
}

fn has_code(kind: &ErrorKind, code: i32) -> bool {
    matches!(kind, ErrorKind::Command(command) if command.code == code)
}

/// Builds indexes in one command, which reads the collection once. `false` means that the database
/// has no partial indexes, and nothing was built.
async fn build(
    collection: &Collection<Document>,
    indexes: &[&Index],
    is_partial: bool,
    is_replica_set: bool,
) -> Result<bool, Failure> {
    let majority = WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .w_timeout(BUILD_MAX)
        .build();
    // By default a build waits for every member with data, and one that is down would stop it.
    let options = CreateIndexOptions::builder()
        .commit_quorum(is_replica_set.then_some(CommitQuorum::Majority))
        .max_time(BUILD_MAX)
        .write_concern(majority)
        .build();
    let models = indexes.iter().map(|index| index.model(is_partial));
    let building = collection.create_indexes(models).with_options(options);
    let (name, count) = (collection.name(), indexes.len());
    tracing::info!(collection = name, count, "building indexes");
    let progress = || tracing::info!(collection = name, count, "indexes are still being built");
    match wait_for_build(building.into_future(), progress).await? {
        Err(error) if is_partial && has_code(&error.kind, NOT_IMPLEMENTED) => Ok(false),
        built => built.map(|_| true).map_err(Failure::from),
    }
}

/// Waits for a build, [`BUILD_MAX`] at most, and calls `progress` every [`PROGRESS_INTERVAL`].
async fn wait_for_build<T>(
    building: impl Future<Output = T>,
    progress: impl Fn(),
) -> Result<T, Failure> {
    let deadline = Instant::now() + BUILD_MAX;
    let mut building = pin!(building);
    loop {
        let next = deadline.min(Instant::now() + PROGRESS_INTERVAL);
        match timeout_at(next, building.as_mut()).await {
            Ok(built) => return Ok(built),
            Err(_) if next == deadline => return Err(too_slow(BUILD_MAX)),
            Err(_) => progress(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mongo::USERS;
    use mongodb::bson::doc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_build_is_waited_for_with_lines_and_until_its_deadline() {
        let lines = AtomicUsize::new(0);
        let progress = || {
            lines.fetch_add(1, Ordering::Relaxed);
        };
        let building = tokio::time::sleep(PROGRESS_INTERVAL * 7 / 2);
        wait_for_build(building, progress).await.unwrap();
        assert_eq!(lines.swap(0, Ordering::Relaxed), 3);

        let begun = Instant::now();
        let endless = wait_for_build(std::future::pending::<()>(), progress);
        assert!(matches!(endless.await, Err(Failure::Away(_))));
        assert_eq!(begun.elapsed(), BUILD_MAX);
        assert_eq!(lines.into_inner(), 359);
    }

    fn by_username() -> &'static Index {
        let is_it = |index: &&Index| index.collection == USERS && index.fields == ["username"];
        INDEXES.iter().find(is_it).unwrap()
    }

    fn there(keys: Document, options: IndexOptions) -> IndexModel {
        IndexModel::builder().keys(keys).options(options).build()
    }

    #[test]
    fn the_same_keys_under_another_name_serve() {
        let check = |keys: Document, options: IndexOptions, expected: bool| {
            let shown = format!("{keys} {options:?}");
            let serves = by_username().is_served_by(&there(keys, options));
            assert_eq!(serves, expected, "{shown}");
        };
        let named = |name: &str| IndexOptions::builder().name(name.to_owned()).build();
        check(doc! { "username": 1 }, named("username_1"), true);
        check(doc! { "username": 1.0 }, named("username_1"), true);
        let unique = IndexOptions::builder().unique(true).build();
        check(doc! { "username": 1 }, unique, true);
        check(doc! { "username": -1 }, named("username_-1"), false);
        check(doc! { "username": 1, "a": 1 }, named("more"), false);
        let sparse = IndexOptions::builder().sparse(true).build();
        check(doc! { "username": 1 }, sparse, false);
        let part = IndexOptions::builder()
            .partial_filter_expression(doc! { "a": 1 })
            .build();
        check(doc! { "username": 1 }, part, false);
    }

    #[test]
    fn an_index_that_is_not_unique_serves_no_unique_one() {
        let by_nonce = &INDEXES[0];
        let keys = || doc! { "room": 1, "sender": 1, "nonce": 1 };
        assert!(!by_nonce.is_served_by(&there(keys(), IndexOptions::default())));
        let unique = IndexOptions::builder().unique(true).build();
        assert!(by_nonce.is_served_by(&there(keys(), unique)));
    }

    #[test]
    fn a_superseded_index_serves_nothing() {
        let is_it = |index: &&Index| index.name == "by_change";
        let by_change = INDEXES.iter().find(is_it).unwrap();
        let keys = doc! { "room": 1, "target": 1, "seq": 1 };
        let old = IndexOptions::builder().name("by_target".to_owned()).build();
        assert!(!by_change.is_served_by(&there(keys.clone(), old)));
        assert!(by_change.is_served_by(&there(keys, IndexOptions::default())));
    }
}
