//! The table of indexes.

use mongodb::bson::{Document, doc};

use super::{
    BLOCKS, DELETIONS, DEMO_NAMES, KNOWN_NETWORKS, LOG, MEMBERSHIPS, REACTIONS, READ_MARKS, ROOMS,
    SEARCH, SESSIONS, USERS,
};

pub(super) struct Index {
    pub(super) collection: &'static str,
    pub(super) name: &'static str,
    /// Fields, ascending.
    pub(super) fields: &'static [&'static str],
    pub(super) unique: bool,
    pub(super) part: Part,
}

/// The documents that an index has entries for. A plain message is in [`Part::All`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    /// Events that change a message.
    Changes,
    /// Events whose text mentions somebody.
    Mentioning,
}

impl Part {
    /// The filter of the partial index. MongoDB uses the index only for queries that imply it.
    pub(super) fn filter(self) -> Option<Document> {
        match self {
            Self::All => None,
            Self::Changes => Some(doc! { "target": { "$gt": 0 } }),
            Self::Mentioning => Some(doc! { "mentions": { "$exists": true } }),
        }
    }
}

/// Indexes of earlier versions, which cost an entry for each message. They are dropped once the
/// indexes that replace them are built.
pub(super) const SUPERSEDED: [(&str, &str); 4] = [
    (LOG, "by_target"),
    (LOG, "by_mention_in_room"),
    (LOG, "by_mention"),
    (SEARCH, "by_word"),
];

pub(super) const INDEXES: [Index; 21] = [
    Index {
        collection: LOG,
        name: "by_nonce",
        fields: &["room", "sender", "nonce"],
        unique: true,
        part: Part::All,
    },
    Index {
        collection: LOG,
        name: "by_message",
        fields: &["room", "isMessage", "seq"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: LOG,
        name: "by_change",
        fields: &["room", "target", "seq"],
        unique: false,
        part: Part::Changes,
    },
    Index {
        collection: LOG,
        name: "by_mentioned_in_room",
        fields: &["mentions", "room", "seq"],
        unique: false,
        part: Part::Mentioning,
    },
    Index {
        collection: LOG,
        name: "by_mentioned",
        fields: &["mentions", "ts"],
        unique: false,
        part: Part::Mentioning,
    },
    Index {
        collection: REACTIONS,
        name: "by_target",
        fields: &["room", "target"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: DELETIONS,
        name: "by_scrubbed",
        fields: &["scrubbed"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: READ_MARKS,
        name: "by_room",
        fields: &["room"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: READ_MARKS,
        name: "by_username",
        fields: &["username"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: SEARCH,
        name: "by_word_in_room",
        fields: &["words", "room", "ts", "_id"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: SESSIONS,
        name: "by_username",
        fields: &["username", "created"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: ROOMS,
        name: "by_kind",
        fields: &["kind", "_id"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: MEMBERSHIPS,
        name: "by_username",
        fields: &["username", "member", "room"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: MEMBERSHIPS,
        name: "by_room",
        fields: &["room", "member"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: USERS,
        name: "chat_by_username",
        fields: &["username"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: USERS,
        name: "chat_by_password_kind",
        fields: &["chatServer.passwordKind"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: DEMO_NAMES,
        name: "by_folded",
        fields: &["folded"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: SESSIONS,
        name: "by_expires",
        fields: &["expires"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: BLOCKS,
        name: "by_by",
        fields: &["by"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: BLOCKS,
        name: "by_whom",
        fields: &["whom"],
        unique: false,
        part: Part::All,
    },
    Index {
        collection: KNOWN_NETWORKS,
        name: "by_username",
        fields: &["username", "used"],
        unique: false,
        part: Part::All,
    },
];
