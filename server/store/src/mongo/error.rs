//! Errors of MongoDB and its driver, sorted by what can be done about them.

use std::time::Duration;

use mongodb::error::{Error, ErrorKind, WriteFailure};

use super::Shared;
use crate::StoreError;

/// A write's key stands already.
const DUPLICATE_KEY: i32 = 11_000;
/// Unauthorized and AuthenticationFailed.
const DENIED: [i32; 2] = [13, 18];
/// Codes after which the same may work: interrupted, shutting down, another primary, a majority
/// not reached in time. <https://www.mongodb.com/docs/manual/reference/error-codes/>
const PASSING: [i32; 19] = [
    6, 7, 43, 50, 63, 64, 89, 91, 100, 112, 189, 202, 262, 9001, 10_107, 11_600, 11_602, 13_435,
    13_436,
];

/// Why MongoDB did not do what it was asked. No text of it holds a value, of a document or of the
/// URL: the server's own messages quote keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("a key stands already")]
    Duplicate,
    /// It may work when tried again. A write may have been done all the same.
    #[error("{0}")]
    Away(String),
    #[error("{0}")]
    Denied(String),
    /// A newer version wrote what was read.
    #[error("{0}")]
    TooNew(String),
    #[error("{0}")]
    Corrupt(String),
    #[error("{0}")]
    Invalid(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &*error.kind {
            // A majority that did not acknowledge leaves the outcome open, whatever else is known,
            // and a key that is taken hides no other error.
            ErrorKind::InsertMany(insert) if insert.write_concern_error.is_some() => {
                majority_not_reached()
            }
            ErrorKind::InsertMany(insert) => {
                let codes = insert.write_errors.iter().flatten().map(|error| error.code);
                let other = codes.clone().find(|code| *code != DUPLICATE_KEY);
                let first = other.or(codes.min());
                first.map_or_else(majority_not_reached, by_code)
            }
            ErrorKind::Write(WriteFailure::WriteError(error)) => by_code(error.code),
            ErrorKind::Write(WriteFailure::WriteConcernError(_)) => majority_not_reached(),
            ErrorKind::Command(command) => by_code(command.code),
            ErrorKind::Authentication { .. } => Self::Denied("it does not let us in".into()),
            ErrorKind::Io(io) => Self::Away(format!("the connection failed ({})", io.kind())),
            ErrorKind::ServerSelection { .. } => Self::Away("no server can be reached".into()),
            ErrorKind::ConnectionPoolCleared { .. } => {
                Self::Away("the connections were lost".into())
            }
            ErrorKind::DnsResolve { .. } => Self::Away("its host can't be found".into()),
            ErrorKind::Shutdown => Self::Away("it is closed".into()),
            ErrorKind::InvalidTlsConfig { .. } => {
                Self::Invalid("the URL's TLS options can't be used".into())
            }
            ErrorKind::IncompatibleServer { .. } => {
                Self::Invalid("its version is too old for this server".into())
            }
            ErrorKind::InvalidArgument { .. } => {
                Self::Invalid("the driver takes it for invalid".into())
            }
            ErrorKind::Bson(_) => Self::Corrupt("a document of an unknown shape".into()),
            _ => Self::Corrupt("an answer that the driver can't read".into()),
        }
    }
}

fn by_code(code: i32) -> Failure {
    match code {
        DUPLICATE_KEY => Failure::Duplicate,
        code if DENIED.contains(&code) => Failure::Denied(format!("its error is {code}")),
        code if PASSING.contains(&code) => Failure::Away(format!("its error is {code}")),
        code => Failure::Invalid(format!("its error is {code}")),
    }
}

fn majority_not_reached() -> Failure {
    Failure::Away("a majority did not acknowledge in time".into())
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(text) => Self::Unavailable(text),
            Failure::Denied(text) => Self::Unavailable(format!("access was refused: {text}")),
            Failure::TooNew(text) => Self::TooNew(text),
            Failure::Corrupt(text) => Self::Corrupt(text),
            Failure::Invalid(text) => Self::Refused(text),
            Failure::Duplicate => Self::Refused("a key stands already".into()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(text) => Self::Away(text),
            StoreError::TooNew(text) => Self::TooNew(text),
            StoreError::Corrupt(text) => Self::Corrupt(text),
            StoreError::Refused(text) => Self::Invalid(text),
        }
    }
}

impl Failure {
    /// Whether it lies in what was read, so that asking again gives the same.
    pub(super) fn is_of_the_data(&self) -> bool {
        matches!(self, Self::TooNew(_) | Self::Corrupt(_))
    }
}

pub(super) fn too_slow(waited: Duration) -> Failure {
    Failure::Away(format!("no answer in {} s", waited.as_secs_f32()))
}

impl Shared {
    /// One question, with an end to the wait for its answer.
    pub(super) async fn ask<T>(
        &self,
        action: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Failure> {
        let wait = self.timeouts.operation;
        match tokio::time::timeout(wait, action.into_future()).await {
            Ok(answer) => answer.map_err(Failure::from),
            Err(_) => Err(too_slow(wait)),
        }
    }
}
