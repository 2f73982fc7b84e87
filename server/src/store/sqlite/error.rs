use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

/// What SQLite's error means to the store's callers. SQLite's texts name tables, never values.
pub(super) fn store_error(error: Error) -> StoreError {
    match &error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                StoreError::Corrupt(error.to_string())
            }
            ErrorCode::ConstraintViolation | ErrorCode::TooBig => {
                StoreError::Refused(error.to_string())
            }
            _ => StoreError::Unavailable(error.to_string()),
        },
        Error::ToSqlConversionFailure(_) => StoreError::Refused(error.to_string()),
        _ => StoreError::Corrupt(error.to_string()),
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}
