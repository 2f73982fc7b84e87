//! The SDK: what a client or a bot needs to speak to a server.
//!
//! ```no_run
//! use chat_shared::RoomName;
//! use chat_shared::client::{ClientConfig, ServerUrl, connect, log_in};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let server = ServerUrl::parse("http://127.0.0.1:8000")?;
//!     let me = log_in(&server, "ann", "correct horse").await?;
//!     let (client, mut events) = connect(ClientConfig::new(server, me.token));
//!     client.send(&RoomName::lobby(), "Hello from Rust!").await?;
//!     while let Some(event) = events.next().await {
//!         println!("{event}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Invariants:
//! - A message given to [`Client::send`] is sent again with the same nonce after each reconnect,
//!   in its order, until it is acknowledged or refused; it is in its room once.
//! - Every durable event of a room comes to [`Events::next`] once and in order, or the room is
//!   `limited`: then drop what you cached of it and page [`Client::history`].
//! - One task owns the connection; when [`Client`] and [`Events`] are dropped it ends.
//! - No error, event or `Debug` shows a password or a token.
//!
//! Errors: [`ServerUrlError`] for an address, [`HttpError`] for the calls about accounts,
//! [`CommandError`] for commands, [`CloseReason`] when the connection is over for good.

mod backoff;
mod config;
mod connection;
mod cursors;
mod dial;
mod error;
mod events;
mod handle;
mod http;
mod outbox;
mod session;
mod task;
mod tls;
mod url;

pub use config::{ClientConfig, ResumePoint};
pub use error::CommandError;
pub use events::{CloseReason, Event, Events};
pub use handle::{Client, new_nonce};
pub use http::{Accounts, HttpError, log_in, log_out, me, register, register_bot};
pub use task::connect;
pub use tls::{RootCertificateError, TlsError};
pub use url::{ServerUrl, ServerUrlError};
