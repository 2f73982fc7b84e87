//! Errors of SQLite as errors of the store.

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

impl From<Error> for StoreError {
    /// SQLite's texts name tables and columns, never values.
    fn from(error: Error) -> Self {
        match &error {
            Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    Self::Corrupt(error.to_string())
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

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}
