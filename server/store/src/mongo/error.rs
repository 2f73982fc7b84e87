//! Errors of MongoDB and its driver, sorted by what can be done about them.

use std::time::Duration;

use mongodb::Collection;
use mongodb::error::{
    Error, ErrorKind, RETRYABLE_ERROR, RETRYABLE_WRITE_ERROR, SYSTEM_OVERLOADED_ERROR,
    TRANSIENT_TRANSACTION_ERROR, WriteFailure,
};
use serde::Serialize;
use tokio::time::Instant;

use super::{Shared, unreachable};
use crate::StoreError;

/// A unique index has the key already.
const DUPLICATE_KEY: i32 = 11_000;
/// Unauthorized and AuthenticationFailed.
const DENIED: [i32; 2] = [13, 18];
/// Codes after which the same may work: interrupted, shutting down, another primary, a majority
/// not reached in time, too much load. <https://www.mongodb.com/docs/manual/reference/error-codes/>
const PASSING: [i32; 30] = [
    6, 7, 24, 43, 46, 50, 63, 64, 89, 91, 100, 112, 133, 134, 150, 189, 202, 262, 317, 365, 384,
    391, 462, 9001, 10_107, 11_600, 11_602, 13_388, 13_435, 13_436,
];
/// Labels after which the same may work, whatever the code is: MongoDB or the driver adds them to
/// errors that an older driver does not know.
const PASSING_LABELS: [&str; 4] = [
    RETRYABLE_WRITE_ERROR,
    TRANSIENT_TRANSACTION_ERROR,
    SYSTEM_OVERLOADED_ERROR,
    RETRYABLE_ERROR,
];
/// The longest name of an error code that is shown; MongoDB's have half of that.
const CODE_NAME_CHARS_MAX: usize = 60;

/// The reason why MongoDB did not do what it was asked. Its texts hold no value of a document or of
/// the URL. The server's own messages quote keys, so they are not used.
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
        // The outcome is open where no majority acknowledged, whatever else the reply says: the
        // write that took a key may be rolled back.
        if lacks_majority(&error) {
            return majority_not_reached();
        }
        let is_passing = PASSING_LABELS
            .iter()
            .any(|label| error.contains_label(label));
        match by_kind(&error.kind) {
            Self::Invalid(text) | Self::Corrupt(text) if is_passing => Self::Away(text),
            failure => failure,
        }
    }
}

/// Whether the reply has a write concern error beside whatever else it has. The driver keeps it for
/// inserts of many documents alone, so the reply itself is looked at.
fn lacks_majority(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::InsertMany(insert) if insert.write_concern_error.is_some() => true,
        ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
        _ => error
            .server_response()
            .is_some_and(|reply| matches!(reply.get("writeConcernError"), Ok(Some(_)))),
    }
}

fn by_kind(kind: &ErrorKind) -> Failure {
    let away = |text: &str| Failure::Away(text.to_owned());
    match kind {
        ErrorKind::InsertMany(insert) => {
            let mut errors = insert.write_errors.iter().flatten();
            let first = errors.clone().next();
            // A duplicate key must not hide another error.
            let other = errors.find(|error| error.code != DUPLICATE_KEY);
            other.or(first).map_or_else(majority_not_reached, |error| {
                by_code(error.code, error.code_name.as_deref())
            })
        }
        ErrorKind::Write(WriteFailure::WriteError(error)) => {
            by_code(error.code, error.code_name.as_deref())
        }
        ErrorKind::Write(WriteFailure::WriteConcernError(_)) => majority_not_reached(),
        ErrorKind::Command(command) => by_code(command.code, Some(&command.code_name)),
        ErrorKind::Authentication { .. } => Failure::Denied("it does not let us in".into()),
        ErrorKind::Io(io) => Failure::Away(format!("the connection failed ({})", io.kind())),
        ErrorKind::ServerSelection { message, .. } => away(unreachable::reason(message)),
        ErrorKind::ConnectionPoolCleared { .. } => away("the connections were lost"),
        ErrorKind::DnsResolve { .. } => away("its host can't be found"),
        ErrorKind::Shutdown => away("it is closed"),
        ErrorKind::InvalidTlsConfig { .. } => {
            Failure::Invalid("the URL's TLS options can't be used".into())
        }
        ErrorKind::IncompatibleServer { .. } => {
            Failure::Invalid("its version is too old for this server".into())
        }
        ErrorKind::InvalidArgument { .. } => {
            Failure::Invalid("the driver rejects it as invalid".into())
        }
        ErrorKind::Bson(_) => Failure::Corrupt("a document of an unknown shape".into()),
        _ => Failure::Corrupt("an answer that the driver can't read".into()),
    }
}

pub(super) fn by_code(code: i32, name: Option<&str>) -> Failure {
    let is_word = |name: &&str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric();
        (1..=CODE_NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(is_letter)
    };
    let text = match name.filter(is_word) {
        Some(name) => format!("its error is {name} ({code})"),
        None => format!("its error is {code}"),
    };
    match code {
        DUPLICATE_KEY => Failure::Duplicate,
        code if DENIED.contains(&code) => Failure::Denied(text),
        code if PASSING.contains(&code) => Failure::Away(text),
        _ => Failure::Invalid(text),
    }
}

pub(super) fn majority_not_reached() -> Failure {
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
            StoreError::Corrupt(text) | StoreError::Damaged(text) => Self::Corrupt(text),
            StoreError::Refused(text) => Self::Invalid(text),
        }
    }
}

impl Failure {
    /// As [`StoreError::is_fault`].
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Denied(_))
    }

    /// Whether the stored data is the cause, so that asking again fails again.
    pub(super) fn is_of_the_data(&self) -> bool {
        matches!(self, Self::TooNew(_) | Self::Corrupt(_))
    }
}

pub(super) fn too_slow(waited: Duration) -> Failure {
    Failure::Away(format!("no answer in {:.1} s", waited.as_secs_f32()))
}

impl Shared {
    /// Asks one question, and waits for its answer as long as [`super::Timeouts::operation`] says.
    pub(super) async fn ask<T>(
        &self,
        action: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Failure> {
        self.ask_until(Instant::now() + self.timeouts.operation, action)
            .await
    }

    /// As [`Shared::ask`], and no longer than until `deadline`.
    pub(super) async fn ask_until<T>(
        &self,
        deadline: Instant,
        action: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Failure> {
        self.lease
            .check()
            .inspect_err(|failure| self.note_failure(failure))?;
        self.answer_until(deadline, action).await
    }

    /// As [`Shared::ask`], without the lease: for the questions about the lease.
    pub(super) async fn ask_anyway<T>(
        &self,
        action: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Failure> {
        self.answer_until(Instant::now() + self.timeouts.operation, action)
            .await
    }

    async fn answer_until<T>(
        &self,
        deadline: Instant,
        action: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        let end = deadline.min(begun + self.timeouts.operation);
        match tokio::time::timeout_at(end, action.into_future()).await {
            Ok(answer) => answer
                .map_err(Failure::from)
                .inspect_err(|failure| self.note_failure(failure)),
            Err(_) => {
                let failure = too_slow(end - begun);
                // A caller that gave MongoDB less time learns nothing about it.
                if end - begun >= self.timeouts.operation {
                    self.note_failure(&failure);
                }
                Err(failure)
            }
        }
    }

    /// Inserts one document. The driver's own insert of one drops the write concern error where
    /// there is a duplicate key too, so this is an insert of many.
    pub(super) async fn insert_one<T>(
        &self,
        collection: &Collection<T>,
        doc: &T,
    ) -> Result<(), Failure>
    where
        T: Serialize + Send + Sync,
    {
        self.ask(collection.insert_many([doc])).await.map(drop)
    }

    /// Inserts a document that need not be the first with its `_id`.
    pub(super) async fn insert_unless_there<T>(
        &self,
        collection: &Collection<T>,
        doc: &T,
    ) -> Result<(), Failure>
    where
        T: Serialize + Send + Sync,
    {
        match self.insert_one(collection, doc).await {
            Err(Failure::Duplicate) => Ok(()),
            done => done,
        }
    }
}
