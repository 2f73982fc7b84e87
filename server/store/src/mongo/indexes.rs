//! The indexes. None is a text, TTL, partial or sparse one; `_id` has its own.

use mongodb::bson::{Bson, Document};
use mongodb::options::IndexOptions;
use mongodb::{Database, IndexModel};

use super::error::Failure;
use super::{
    DELETIONS, DEMO_NAMES, LOG, MEMBERSHIPS, REACTIONS, READ_MARKS, ROOMS, SEARCH, SESSIONS,
    Shared, USERS,
};

pub(super) struct Index {
    pub(super) collection: &'static str,
    pub(super) name: &'static str,
    /// Fields, ascending.
    pub(super) fields: &'static [&'static str],
    pub(super) unique: bool,
}

pub(super) const INDEXES: [Index; 18] = [
    Index {
        collection: LOG,
        name: "by_nonce",
        fields: &["room", "sender", "nonce"],
        unique: true,
    },
    Index {
        collection: LOG,
        name: "by_message",
        fields: &["room", "isMessage", "seq"],
        unique: false,
    },
    Index {
        collection: LOG,
        name: "by_target",
        fields: &["room", "target", "seq"],
        unique: false,
    },
    Index {
        collection: LOG,
        name: "by_mention_in_room",
        fields: &["mentions", "room", "seq"],
        unique: false,
    },
    Index {
        collection: LOG,
        name: "by_mention",
        fields: &["mentions", "ts"],
        unique: false,
    },
    Index {
        collection: REACTIONS,
        name: "by_target",
        fields: &["room", "target"],
        unique: false,
    },
    Index {
        collection: DELETIONS,
        name: "by_scrubbed",
        fields: &["scrubbed"],
        unique: false,
    },
    Index {
        collection: READ_MARKS,
        name: "by_room",
        fields: &["room"],
        unique: false,
    },
    Index {
        collection: READ_MARKS,
        name: "by_username",
        fields: &["username"],
        unique: false,
    },
    Index {
        collection: SEARCH,
        name: "by_word",
        fields: &["words", "ts", "_id"],
        unique: false,
    },
    Index {
        collection: SESSIONS,
        name: "by_username",
        fields: &["username", "created"],
        unique: false,
    },
    Index {
        collection: ROOMS,
        name: "by_kind",
        fields: &["kind", "_id"],
        unique: false,
    },
    Index {
        collection: MEMBERSHIPS,
        name: "by_username",
        fields: &["username", "member", "room"],
        unique: false,
    },
    Index {
        collection: MEMBERSHIPS,
        name: "by_room",
        fields: &["room", "member"],
        unique: false,
    },
    Index {
        collection: USERS,
        name: "chat_by_username",
        fields: &["username"],
        unique: false,
    },
    Index {
        collection: USERS,
        name: "chat_by_password_kind",
        fields: &["chatServer.passwordKind"],
        unique: false,
    },
    Index {
        collection: DEMO_NAMES,
        name: "by_folded",
        fields: &["folded"],
        unique: false,
    },
    Index {
        collection: SESSIONS,
        name: "by_expires",
        fields: &["expires"],
        unique: false,
    },
];

impl Shared {
    /// Makes what is missing; what is there is left as it is.
    pub(super) async fn make_indexes(&self, database: &Database) -> Result<(), Failure> {
        for index in &INDEXES {
            let keys: Document = index
                .fields
                .iter()
                .map(|field| ((*field).to_owned(), Bson::Int32(1)))
                .collect();
            let options = IndexOptions::builder()
                .name(index.name.to_owned())
                .unique(index.unique.then_some(true))
                .build();
            let model = IndexModel::builder().keys(keys).options(options).build();
            let collection = database.collection::<Document>(index.collection);
            // The first start on a large database takes as long as it takes.
            collection.create_index(model).await?;
        }
        Ok(())
    }
}
