//! Checks the database's version, which is one document, before anything else is read.
//!
//! A database without it is empty or of version 1. Fields that were added since are optional and
//! their absence has a meaning, so that a migration only writes the document. The projections that
//! a version adds are repaired from the log at start, like all others.

use mongodb::bson::doc;

use super::Shared;
use super::documents::SchemaDoc;
use super::error::Failure;

/// The version of what this server writes: 2 brought password epochs, 3 the states of messages, 4 a
/// list of admins and deactivated accounts, which an older server would let in.
pub(super) const SCHEMA_VERSION: u32 = 4;

/// The oldest version whose servers understand what this one writes.
const OLDEST_READER: u32 = 4;

const ID: &str = "schema";

/// Whether this server can use a database.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Schema {
    Usable,
    /// A newer server made it, and this version does not understand it. Nothing was changed.
    TooNew {
        found: u32,
    },
}

impl Shared {
    /// Reads the database's version, and raises it to this server's where it is older. A newer one
    /// that this server can read is used as it is, so that servers can be replaced one by one.
    pub(super) async fn check_schema(&self) -> Result<Schema, Failure> {
        let find = async || self.ask(self.schema.find_one(doc! { "_id": ID })).await;
        let found = match find().await? {
            Some(found) => found,
            None => {
                let ours = SchemaDoc {
                    id: ID.to_owned(),
                    version: SCHEMA_VERSION,
                    oldest_reader: OLDEST_READER,
                };
                match self.insert_one(&self.schema, &ours).await {
                    Ok(()) => return Ok(Schema::Usable),
                    // Another server starts at the same moment.
                    Err(Failure::Duplicate) => find().await?.ok_or_else(|| {
                        Failure::Away("another server is writing the schema's version".to_owned())
                    })?,
                    Err(failure) => return Err(failure),
                }
            }
        };
        if found.oldest_reader > SCHEMA_VERSION {
            let found = found.version;
            return Ok(Schema::TooNew { found });
        }
        if found.version >= SCHEMA_VERSION {
            return Ok(Schema::Usable);
        }
        let older = doc! { "_id": ID, "version": { "$lt": SCHEMA_VERSION } };
        let set = doc! { "version": SCHEMA_VERSION, "oldestReader": OLDEST_READER };
        self.ask(self.schema.update_one(older, doc! { "$set": set }))
            .await?;
        Ok(Schema::Usable)
    }
}
