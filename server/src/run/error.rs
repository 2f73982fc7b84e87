//! Why a server does not start, or ends by itself.

use std::io;

use crate::accounts;
#[cfg(unix)]
use crate::admin::SocketError;
use crate::config::ConfigError;
use crate::http::{PageError, TlsError};
use chat_server_store::StoreError;
use chat_server_store::mongo;
use chat_server_store::sqlite;

/// Why the server does not start. Each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(
        "{address} is in use by another program: stop that one, or choose another address with \
         --listen."
    )]
    AddressTaken { address: String },
    #[error("The server can't listen on {address}: {reason}. Choose another with --listen.")]
    Listen { address: String, reason: io::Error },
    #[error(transparent)]
    Sqlite(#[from] sqlite::OpenError),
    #[error(transparent)]
    Mongo(#[from] mongo::OpenError),
    #[cfg(unix)]
    #[error("{0} Choose another path with --admin-socket.")]
    AdminSocket(#[from] SocketError),
    #[error("The accounts in {place} can't be opened: {error}.")]
    Accounts {
        place: String,
        error: accounts::OpenError,
    },
    #[error("The rooms in {place} can't be opened: {error}.")]
    Rooms { place: String, error: StoreError },
    #[error(
        "Another chat-server has taken the database over, because this one could not renew its lease in \
         time: this one ended, so that only one writes."
    )]
    TakenOver,
    #[error("The server could not start because of an error in it: {0}.")]
    Internal(String),
}
