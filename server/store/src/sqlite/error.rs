//! Errors of SQLite as errors of the store.

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

impl From<Error> for StoreError {
    /// SQLite's texts name tables and columns, never values.
    fn from(error: Error) -> Self {
        match &error {
            Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    Self::Damaged(error.to_string())
                }
                ErrorCode::ConstraintViolation | ErrorCode::TooBig => {
                    Self::Refused(error.to_string())
                }
                _ => Self::Unavailable(error.to_string()),
            },
            Error::ToSqlConversionFailure(_) => Self::Refused(error.to_string()),
            _ => Self::Corrupt(error.to_string()),
        }
    }
}

/// Converts an error of a transaction as a whole. The caller must read back whether it was committed.
pub(super) fn unavailable(error: rusqlite::Error) -> StoreError {
    match StoreError::from(error) {
        damaged @ StoreError::Damaged(_) => damaged,
        StoreError::Unavailable(text)
        | StoreError::Corrupt(text)
        | StoreError::TooNew(text)
        | StoreError::Refused(text) => StoreError::Unavailable(text),
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}
