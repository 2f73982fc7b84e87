//! Why a configuration can't be used.

/// Why the server can't run as it is configured. Each is a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "MongoDB takes no database of that name (--mongo-database): use letters, digits, - and _, \
         63 characters at most."
    )]
    MongoDatabase,
    #[error(
        "The file of --mongo-url-file, or systemd's credential mongo-url, can't be used ({0}): correct it, \
         or let this user read it."
    )]
    MongoUrlFile(String),
    #[error("CHAT_BUS is set, but this version has no bus between servers: unset CHAT_BUS.")]
    BusUnsupported,
    #[error("--listen can't be used: {0}.")]
    Listen(String),
    #[error(
        "A unix socket has no TLS: leave out --tls-cert and --tls-key, and let the proxy speak TLS."
    )]
    TlsOnUnixSocket,
    #[error("--tls-cert and --tls-key go together: give both, or neither.")]
    TlsHalfGiven,
    #[error("Your data directory can't be found ({0}): name one with --data-dir.")]
    NoDataDirectory(String),
}
