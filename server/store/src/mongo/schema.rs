//! The database's version: one document, looked at before anything else is.
//!
//! A database without it is empty or of version 1. Fields that were added since are optional and
//! their absence has a meaning, so that migrating is writing the document; the projections that a
//! version adds are repaired from the log at start, as all are.

use mongodb::bson::doc;

use super::Shared;
use super::documents::SchemaDoc;
use super::error::Failure;

/// The version of what this server writes: 2 brought password epochs, 3 the states of messages.
pub(super) const SCHEMA_VERSION: u32 = 3;

/// The oldest version whose servers understand what this one writes.
const OLDEST_READER: u32 = 3;

const ID: &str = "schema";

/// How a database stands to this server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Schema {
    Usable,
    /// A newer server made it, and no server of our version understands it. Nothing was changed.
    TooNew {
        found: u32,
    },
}

impl Shared {
    /// Looks at the database's version, and raises it to ours where it is older. One that is newer
    /// and says that we understand it is used as it is, so that servers can be replaced one by one.
    pub(super) async fn check_schema(&self) -> Result<Schema, Failure> {
        let ours = SchemaDoc {
            id: ID.to_owned(),
            version: SCHEMA_VERSION,
            oldest_reader: OLDEST_READER,
        };
        let found = match self.ask(self.schema.insert_one(&ours)).await {
            Ok(_) => return Ok(Schema::Usable),
            Err(Failure::Duplicate) => self.ask(self.schema.find_one(doc! { "_id": ID })).await?,
            Err(failure) => return Err(failure),
        };
        let Some(found) = found else {
            return Err(Failure::Away("the schema's version moves".to_owned()));
        };
        if found.oldest_reader > SCHEMA_VERSION {
            let found = found.version;
            return Ok(Schema::TooNew { found });
        }
        let older = doc! { "_id": ID, "version": { "$lt": SCHEMA_VERSION } };
        let set = doc! { "version": SCHEMA_VERSION, "oldestReader": OLDEST_READER };
        self.ask(self.schema.update_one(older, doc! { "$set": set }))
            .await?;
        Ok(Schema::Usable)
    }
}
