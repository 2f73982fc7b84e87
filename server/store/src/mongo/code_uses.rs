//! The uses of invites and password resets.
//!
//! A use is a document of its own whose `_id` has the number of the use, so that of two at the same
//! time one is inserted. A code is removed before its uses are. So a use that was inserted counts only
//! if the code is still there afterwards.
//!
//! ```text
//!         insert              the code is still there
//!  free ─────────▶ inserted ──────────────────────────▶ taken
//!    ▲                │                                   │
//!    │                │ the code is gone, or              │ no account
//!    │                │ the store failed                  │ came of it
//!    └────────────────┴── given back, maybe later ────────┘
//! ```

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use mongodb::bson::{Bson, doc};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::codes::{CodeDoc, all_of};
use super::error::Failure;
use super::insert::Insert;
use crate::{CodeKind, CodeUse, StoreError};

/// One use of a code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CodeUseDoc {
    /// See [`use_id`].
    #[serde(rename = "_id")]
    id: String,
    number: u32,
    /// Tells a use from one that another request tries to insert.
    attempt: String,
}

/// The `_id` of a use: that of its code, and its number.
fn use_id(code: &str, number: u32) -> String {
    format!("{code}:{number:06}")
}

/// A use that nobody has. It may be inserted or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UnusedUse {
    /// The `_id` of its code.
    code: String,
    attempt: String,
}

impl UnusedUse {
    pub(super) fn new(code: &str, attempt: &str) -> Self {
        let (code, attempt) = (code.to_owned(), attempt.to_owned());
        Self { code, attempt }
    }
}

impl Shared {
    /// Takes one use of a code that was found and has not expired.
    pub(super) async fn take_use(
        &self,
        kind: CodeKind,
        found: &CodeDoc,
        attempt: &str,
    ) -> Result<CodeUse, StoreError> {
        let taken = self.numbers_of(&found.id).await?;
        let still_there = match self.insert_use(found, &taken, attempt).await {
            Ok(false) => return Ok(CodeUse::UsedUp),
            Ok(true) => self.code(&found.id).await,
            Err(error) => Err(error),
        };
        let unused = || UnusedUse::new(&found.id, attempt);
        match still_there {
            Ok(Some(code)) => Ok(CodeUse::Taken(code.code(kind))),
            Ok(None) => {
                self.give_back(unused()).await;
                Ok(CodeUse::Unknown)
            }
            Err(error) => {
                // It may be inserted all the same. The background has more time than the caller.
                self.unused.add(&unused());
                Err(error)
            }
        }
    }

    /// Inserts a use under a free number. Returns `false` where none is left.
    async fn insert_use(
        &self,
        code: &CodeDoc,
        taken: &BTreeSet<u32>,
        attempt: &str,
    ) -> Result<bool, StoreError> {
        // A number that another request takes meanwhile is passed over.
        for number in free_numbers(code.uses, taken, attempt) {
            let doc = CodeUseDoc {
                id: use_id(&code.id, number),
                number,
                attempt: attempt.to_owned(),
            };
            let id = Bson::String(doc.id.clone());
            if let Insert::Done = self.insert(&self.code_uses, &id, &doc).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The numbers of a code's uses that are taken.
    async fn numbers_of(&self, code: &str) -> Result<BTreeSet<u32>, Failure> {
        let uses = self.collect(self.code_uses.find(all_of(code))).await?;
        Ok(uses.into_iter().map(|it| it.number).collect())
    }

    /// How many uses of a code are taken.
    pub(super) async fn count_uses(&self, code: &str) -> Result<u32, Failure> {
        let count = self.code_uses.count_documents(all_of(code));
        let count = self.ask(count.max_time(self.timeouts.operation)).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Gives a use back, now or once the store works again. Returns whether it was now.
    pub(super) async fn give_back(&self, unused: UnusedUse) -> bool {
        let deleted = self.delete_use(&unused).await;
        if let Err(error) = &deleted {
            tracing::warn!(%error, "a use of a code is given back later");
            self.unused.add(&unused);
        }
        deleted.is_ok()
    }

    /// Gives uses back that could not be given back before.
    pub(super) async fn give_back_unused(&self) {
        let mut all = self.unused.take().into_iter();
        while let Some(unused) = all.next() {
            if !self.give_back(unused).await {
                return self.unused.put_back(all);
            }
        }
    }

    /// Deletes a use by its attempt, so that repeating it never deletes that of another one.
    async fn delete_use(&self, unused: &UnusedUse) -> Result<(), Failure> {
        let mut filter = all_of(&unused.code);
        filter.insert("attempt", &unused.attempt);
        self.ask(self.code_uses.delete_one(filter)).await.map(drop)
    }
}

/// The numbers that are free, beginning at a place that the attempt decides: of many attempts at
/// once, few try the same number.
fn free_numbers(uses: u32, taken: &BTreeSet<u32>, attempt: &str) -> Vec<u32> {
    let free = (1..=uses).filter(|number| !taken.contains(number));
    let mut free: Vec<u32> = free.collect();
    if !free.is_empty() {
        let mut hasher = DefaultHasher::new();
        attempt.hash(&mut hasher);
        let begin = hasher.finish() % free.len() as u64;
        free.rotate_left(usize::try_from(begin).unwrap_or(0));
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_tries_each_free_number_from_a_place_of_its_own() {
        let taken = BTreeSet::from([2, 5]);
        let mut begins = BTreeSet::new();
        for attempt in 0..20 {
            let mut numbers = free_numbers(6, &taken, &attempt.to_string());
            begins.insert(numbers[0]);
            numbers.sort_unstable();
            assert_eq!(numbers, [1, 3, 4, 6]);
        }
        assert_eq!(begins, BTreeSet::from([1, 3, 4, 6]));
        assert!(free_numbers(2, &BTreeSet::from([1, 2]), "a").is_empty());
    }
}
