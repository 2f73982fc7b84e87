//! Many updates in one command. The driver has no method for that on servers before MongoDB 8.

use mongodb::bson::{Bson, Document, doc};

use super::Shared;
use super::error::{Failure, by_code, majority_not_reached};

/// Updates of one command. MongoDB takes 100,000; fewer keep a command short enough to be answered
/// before [`super::Timeouts::operation`], and under 16 MiB with the longest messages.
const STATEMENTS_MAX: usize = 500;

/// One update of one document.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// The document that is changed.
    pub(super) filter: Document,
    /// The change.
    pub(super) update: Document,
    /// Whether a document is inserted where the filter finds none. A duplicate key then means that
    /// a newer one is there, and is no error.
    pub(super) upsert: bool,
}

impl From<&Statement> for Bson {
    fn from(statement: &Statement) -> Self {
        let mut doc = doc! { "q": &statement.filter, "u": &statement.update };
        if statement.upsert {
            doc.insert("upsert", true);
        }
        doc.into()
    }
}

/// The outcome of one command with independent statements.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// All statements were run.
    All,
    /// Some were: FerretDB stops at a duplicate key, although it is asked to go on, and does not
    /// say at which.
    Some,
}

impl Shared {
    /// Runs updates in one command, or in several where there are many. Their order does not
    /// matter, and each may be repeated.
    pub(super) async fn update_all(
        &self,
        collection: &str,
        statements: &[Statement],
    ) -> Result<(), Failure> {
        for chunk in statements.chunks(STATEMENTS_MAX) {
            if self.update_chunk(collection, chunk).await? == Outcome::All {
                continue;
            }
            for statement in chunk.chunks(1) {
                self.update_chunk(collection, statement).await?;
            }
        }
        Ok(())
    }

    async fn update_chunk(
        &self,
        collection: &str,
        statements: &[Statement],
    ) -> Result<Outcome, Failure> {
        let updates: Vec<Bson> = statements.iter().map(Bson::from).collect();
        let command = doc! {
            "update": collection,
            "updates": updates,
            "ordered": false,
            "writeConcern": {
                "w": "majority",
                "wtimeout": i64::try_from(self.timeouts.majority().as_millis()).unwrap_or(i64::MAX),
            },
        };
        let reply = self.ask(self.database.run_command(command)).await?;
        outcome_of(&reply)
    }
}

fn outcome_of(reply: &Document) -> Result<Outcome, Failure> {
    // A majority that did not acknowledge leaves all of them open, so this counts first.
    if reply.contains_key("writeConcernError") {
        return Err(majority_not_reached());
    }
    let errors = reply
        .get_array("writeErrors")
        .map_or(&[][..], Vec::as_slice);
    for error in errors.iter().filter_map(Bson::as_document) {
        match by_code(
            error.get_i32("code").unwrap_or_default(),
            error.get_str("codeName").ok(),
        ) {
            Failure::Duplicate => {}
            failure => return Err(failure),
        }
    }
    // MongoDB always says how many documents the statements found.
    Ok(match errors.is_empty() || reply.contains_key("n") {
        true => Outcome::All,
        false => Outcome::Some,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(index: i32, code: i32) -> Document {
        doc! { "index": index, "code": code, "errmsg": "played" }
    }

    #[test]
    fn duplicates_are_no_errors_and_a_stop_is_seen() {
        let all = |reply| outcome_of(&reply).unwrap();
        assert_eq!(all(doc! { "n": 3 }), Outcome::All);
        let on_mongodb = doc! { "n": 2, "writeErrors": [error(1, 11_000)] };
        assert_eq!(all(on_mongodb), Outcome::All);
        let on_ferretdb = doc! { "writeErrors": [error(0, 11_000)] };
        assert_eq!(all(on_ferretdb), Outcome::Some);
    }

    #[test]
    fn other_errors_are_not_hidden_by_duplicates() {
        let failure = |reply| outcome_of(&reply).unwrap_err();
        let errors = doc! { "n": 1, "writeErrors": [error(0, 11_000), error(1, 13)] };
        assert!(matches!(failure(errors), Failure::Denied(_)));
        let no_majority = doc! {
            "n": 2, "writeErrors": [error(1, 11_000)], "writeConcernError": { "code": 64 },
        };
        assert!(matches!(failure(no_majority), Failure::Away(_)));
    }
}
