//! Turns a URL into the driver's options, and words its errors for the operator.

use std::time::Duration;

use mongodb::error::ErrorKind;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, Tls,
    WriteConcern,
};

use super::error::Failure;
use super::{unreachable, url};

/// Connections to each server of MongoDB. A room has one write under way, so this many rooms write
/// at once before one waits for another; MongoDB spends up to 1 MiB on each.
const CONNECTIONS_MAX: u32 = 32;

/// Connections that are made at the same time. The driver's 2 would take a second and more to fill
/// the pool after a failover, as each costs a TLS handshake and SCRAM.
const CONNECTING_MAX: u32 = 8;

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

impl Timeouts {
    /// For a majority to acknowledge a write: less than for the whole question, so that MongoDB
    /// answers before the store stops waiting. A connection whose answer nobody waits for has to be
    /// closed, and a set without a majority would cost one for each write.
    pub(super) fn majority(&self) -> Duration {
        let spare = self.operation.min(Duration::from_secs(2)) / 2;
        self.operation - spare
    }
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

/// The reason why the store can't be used. Each is a sentence for the operator, and shows nothing
/// of the URL but its hosts.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one of MongoDB.
    #[error(
        "MONGO_URL (--mongo-url) is not a URL of MongoDB. It looks like \
         mongodb://user:password@host:27017/ with what is special in the password percent-encoded."
    )]
    Url,
    /// An option of the URL can't be used.
    #[error(
        "MONGO_URL (--mongo-url) has the option {option} with a value that can't be used here, or \
         that this server does not have. Correct or remove it."
    )]
    Option {
        /// The option's name, and nothing of the URL.
        option: &'static str,
    },
    /// The hosts' names can't be resolved.
    #[error(
        "The hosts that MONGO_URL (--mongo-url) names can't be found in the DNS. Correct the URL, \
         or try again when the network is there."
    )]
    Dns,
    /// MongoDB does not answer.
    #[error(
        "MongoDB at {hosts} does not answer: {reason}. Start it, or correct MONGO_URL (--mongo-url)."
    )]
    Away {
        /// The hosts of the URL, without its password.
        hosts: String,
        /// What MongoDB or the driver answered.
        reason: String,
    },
    /// The URL and what answers there do not fit.
    #[error("MongoDB at {hosts} can't be used with this MONGO_URL (--mongo-url): {reason}.")]
    Misfit {
        /// The hosts of the URL, without its password.
        hosts: String,
        /// Why not, and what to change.
        reason: String,
    },
    /// MongoDB does not accept the user, or the user may not write.
    #[error(
        "MongoDB at {hosts} refuses us: {reason}. Correct the user and password in MONGO_URL \
         (--mongo-url), or give that user readWrite on the database {database}."
    )]
    Refused {
        /// The hosts of the URL, without its password.
        hosts: String,
        /// The database's name.
        database: String,
        /// What MongoDB or the driver answered.
        reason: String,
    },
    /// A newer chat-server wrote the database.
    #[error(
        "The database {database} of MongoDB at {hosts} was made by a newer chat-server: it has \
         version {found} and this one knows {known}. Start the newer one, or name another database \
         with --mongo-database."
    )]
    TooNew {
        /// The hosts of the URL, without its password.
        hosts: String,
        /// The database's name.
        database: String,
        /// The version in the database.
        found: u32,
        /// The newest version that this server reads.
        known: u32,
    },
    /// Another server uses the database.
    #[error(
        "Another chat-server ({holder}) uses the database {database} of MongoDB at {hosts}, and two \
         can't share one. Stop it first, or give this one a database of its own with \
         --mongo-database."
    )]
    Held {
        /// The hosts of the URL, without its password.
        hosts: String,
        /// The database's name.
        database: String,
        /// The name that the other server gave itself.
        holder: String,
    },
    /// The database's contents or indexes can't be used.
    #[error(
        "The database {database} of MongoDB at {hosts} can't be used: {reason}. Correct it, or name \
         another with --mongo-database."
    )]
    Unusable {
        /// The hosts of the URL, without its password.
        hosts: String,
        /// The database's name.
        database: String,
        /// What MongoDB or the driver answered.
        reason: String,
    },
}

impl OpenError {
    pub(super) fn new(hosts: &str, database: &str, failure: &Failure) -> Self {
        let (hosts, database) = (hosts.to_owned(), database.to_owned());
        let reason = failure.to_string();
        match failure {
            Failure::Away(_) if unreachable::is_of_the_url(&reason) => {
                Self::Misfit { hosts, reason }
            }
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

/// Makes the driver's options from a URL. The options that correctness depends on are the store's
/// own, whatever the URL says.
pub(super) async fn options(url: &str, timeouts: Timeouts) -> Result<ClientOptions, OpenError> {
    let (url, ignored) = url::without_ignored(url);
    if !ignored.is_empty() {
        let options = ignored.join(", ");
        tracing::info!(
            options,
            "options of MONGO_URL that change nothing here are left out"
        );
    }
    // The parser's own errors may quote the URL.
    let parsing = tokio::time::timeout(timeouts.operation, ClientOptions::parse(&url));
    let parsed = parsing.await.map_err(|_| OpenError::Dns)?;
    let mut options = match parsed {
        Ok(options) => options,
        Err(error) if matches!(*error.kind, ErrorKind::DnsResolve { .. }) => {
            return Err(OpenError::Dns);
        }
        Err(_) => {
            let option = url::wrong_option(&url).await;
            return Err(option.map_or(OpenError::Url, |option| OpenError::Option { option }));
        }
    };
    ours(&mut options, timeouts);
    trust_system(&mut options);
    Ok(options)
}

/// Makes the driver trust the authorities that this machine trusts, where the URL names none. By
/// itself the driver knows only those of Mozilla's list. `SSL_CERT_FILE` names another file.
fn trust_system(options: &mut ClientOptions) {
    if let Some(Tls::Enabled(tls)) = &mut options.tls
        && tls.ca_file_path.is_none()
    {
        tls.ca_file_path = openssl_probe::probe().cert_file;
    }
}

fn ours(options: &mut ClientOptions, timeouts: Timeouts) {
    options.app_name = Some("chat-server".to_owned());
    options.max_pool_size = Some(options.max_pool_size.unwrap_or(CONNECTIONS_MAX));
    options.max_connecting = Some(options.max_connecting.unwrap_or(CONNECTING_MAX));
    options.server_selection_timeout = Some(timeouts.selection);
    options.connect_timeout = Some(timeouts.connection);
    // A failover loses nothing that was acknowledged, and nothing that was read.
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .w_timeout(timeouts.majority())
            .build(),
    );
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
}

/// The hosts that the driver connects to, without the user's name and password.
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
