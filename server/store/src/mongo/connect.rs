//! Turns a URL into the driver's options, and words its errors for the operator.

use std::time::Duration;

use mongodb::error::ErrorKind;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};

use super::error::Failure;

/// Connections to each server of MongoDB. A room has one write under way, so this many rooms write
/// at once before one waits for another; MongoDB spends up to 1 MiB on each.
const CONNECTIONS_MAX: u32 = 32;

/// How long the store waits for MongoDB.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a primary to be found. Somebody waits for an answer meanwhile; an election that takes
    /// longer is waited for by trying again.
    pub selection: Duration,
    /// For a connection, with TLS, to be made.
    pub connection: Duration,
    /// For one question to be answered. The driver itself would wait forever on a network that
    /// swallows what is sent.
    pub operation: Duration,
    /// For a write whose outcome is unknown to become known, all attempts together.
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            selection: Duration::from_secs(2),
            connection: Duration::from_secs(3),
            operation: Duration::from_secs(5),
            write: Duration::from_secs(8),
        }
    }
}

/// Why the store can't be used. Each is a sentence for the operator; of the URL none shows more
/// than its hosts.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "MONGO_URL (--mongo-url) is not a URL of MongoDB. It looks like \
         mongodb://user:password@host:27017/ with what is special in the password percent-encoded."
    )]
    Url,
    #[error(
        "The hosts that MONGO_URL (--mongo-url) names can't be found in the DNS. Correct the URL, \
         or try again when the network is there."
    )]
    Dns,
    #[error(
        "MongoDB at {hosts} does not answer: {reason}. Start it, or correct MONGO_URL (--mongo-url)."
    )]
    Away { hosts: String, reason: String },
    #[error(
        "MongoDB at {hosts} refuses us: {reason}. Correct the user and password in MONGO_URL \
         (--mongo-url), or give that user readWrite on the database {database}."
    )]
    Refused {
        hosts: String,
        database: String,
        reason: String,
    },
    #[error(
        "The database {database} of MongoDB at {hosts} was made by a newer chat-server: it has \
         version {found} and this one knows {known}. Start the newer one, or name another database \
         with --mongo-database."
    )]
    TooNew {
        hosts: String,
        database: String,
        found: u32,
        known: u32,
    },
    #[error(
        "The database {database} of MongoDB at {hosts} can't be used: {reason}. Correct it, or name \
         another with --mongo-database."
    )]
    Unusable {
        hosts: String,
        database: String,
        reason: String,
    },
}

impl OpenError {
    pub(super) fn new(hosts: &str, database: &str, failure: &Failure) -> Self {
        let (hosts, database) = (hosts.to_owned(), database.to_owned());
        let reason = failure.to_string();
        match failure {
            Failure::Away(_) => Self::Away { hosts, reason },
            Failure::Denied(_) => Self::Refused {
                hosts,
                database,
                reason,
            },
            Failure::Duplicate | Failure::TooNew(_) | Failure::Corrupt(_) | Failure::Invalid(_) => {
                Self::Unusable {
                    hosts,
                    database,
                    reason,
                }
            }
        }
    }
}

/// The driver's options. What correctness rests on is ours, whatever the URL says.
pub(super) async fn options(url: &str, timeouts: Timeouts) -> Result<ClientOptions, OpenError> {
    // The parser's own errors may quote the URL.
    let parsing = tokio::time::timeout(timeouts.operation, ClientOptions::parse(url));
    let mut options = parsing
        .await
        .map_err(|_| OpenError::Dns)?
        .map_err(|error| match *error.kind {
            ErrorKind::DnsResolve { .. } => OpenError::Dns,
            _ => OpenError::Url,
        })?;
    ours(&mut options, timeouts);
    Ok(options)
}

fn ours(options: &mut ClientOptions, timeouts: Timeouts) {
    options.app_name = Some("chat-server".to_owned());
    options.max_pool_size = Some(options.max_pool_size.unwrap_or(CONNECTIONS_MAX));
    options.server_selection_timeout = Some(timeouts.selection);
    options.connect_timeout = Some(timeouts.connection);
    // What is acknowledged survives a failover, and what is read was.
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .w_timeout(timeouts.operation)
            .build(),
    );
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
}

/// Where it connects to, without who one is.
pub(super) fn hosts(options: &ClientOptions) -> String {
    let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
    hosts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_correctness_rests_on_is_ours() {
        let url =
            "mongodb://ann:hunter42@a:1,b:2/?readPreference=secondary&w=0&readConcernLevel=local";
        let options = options(url, Timeouts::default()).await.unwrap();
        let acknowledgment = options.write_concern.as_ref().unwrap().w.clone();
        assert_eq!(acknowledgment, Some(Acknowledgment::Majority));
        assert_eq!(options.read_concern, Some(ReadConcern::majority()));
        let Some(SelectionCriteria::ReadPreference(ReadPreference::Primary)) =
            options.selection_criteria
        else {
            panic!("{:?}", options.selection_criteria)
        };
        assert_eq!(hosts(&options), "a:1, b:2");
    }

    #[tokio::test]
    async fn no_error_of_the_url_quotes_it() {
        for url in [
            "hunter42",
            "mongodb://ann:hunter42",
            "mongodb://ann:hunter42@",
            "mongodb://ann:hunter42/x@host/",
            "mongodb://ann:hunter42@host/?hunter42",
            "mongodb://ann:hunter42@host/?w=hunter42",
            "mongodb://ann:hunter42@host:hunter42/",
            "mongodb://ann:%zzhunter42@host/",
            "mysql://ann:hunter42@host/",
        ] {
            let texts = match options(url, Timeouts::default()).await {
                Ok(options) => [hosts(&options), format!("{:?}", options.credential)],
                Err(error) => [error.to_string(), format!("{error:?}")],
            };
            for text in texts {
                assert!(!text.contains("hunter42"), "{url}: {text}");
            }
        }
    }
}
