//! The SDK: what a client or a bot needs to talk to a server.
//!
//! ```no_run
//! use chat_shared::RoomName;
//! use chat_shared::client::{ClientConfig, ServerUrl, connect, sign_in};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let server = ServerUrl::parse("http://127.0.0.1:8000")?;
//!     let me = sign_in(&server, "ann", "correct horse").await?;
//!     let (client, mut events) = connect(ClientConfig::new(server, me.token));
//!     client.send(&RoomName::lobby(), "Hello from Rust!").await?;
//!     while let Some(event) = events.next().await {
//!         println!("{event}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # What the SDK guarantees
//! - A message given to [`Client::send`] is sent again with the same nonce after each reconnect, in
//!   the order in which messages were given, until the server acknowledges or refuses it. It is in
//!   its room once.
//! - [`Events::next`] returns every durable event of a room once and in order. Where that is not
//!   possible the room is `limited`: drop what you cached of it and read [`Client::history`].
//!   [`crate::view`] does this bookkeeping for you.
//! - One task owns the connection. It ends when every [`Client`] and the [`Events`] are dropped.
//! - No error, event or `Debug` output contains a password or a token.
//!
//! # The states of a connection
//!
//! ```text
//!            connect()
//!                │
//!                ▼
//!   ┌──────► connecting ── upgrade refused: 401, 403 ──────────────┐
//!   │            │                                                 │
//!   │            │ upgraded, `hello` sent                          │
//!   │            ▼                                                 │
//!   │        greeting ──── close 4401, 4403, 4406, 44xx ───────────┤
//!   │            │                                                 │
//!   │            │ `welcome`: Event::Connected                     │
//!   │            ▼                                                 ▼
//!   │         online ───── close(), or everything was dropped ──► closed
//!   │            │                                       Event::Closed
//!   │            │ connection lost: Event::Disconnected
//!   │            ▼
//!   └──────── waiting      backoff, `bye`, Retry-After
//! ```
//!
//! - *connecting* and *greeting*: commands other than `send` fail with
//!   [`CommandError::Disconnected`]; messages wait.
//! - *online*: waiting messages go out first, in their order. The events that were missed come
//!   before live ones, room by room.
//! - *waiting*: as connecting. A lost connection in any state leads here, unless trying again can't
//!   help.
//! - *closed*: every command fails with [`CommandError::Closed`], which has the reason.
//!
//! # Inside
//! `client_state` is the state machine without IO: frames go in, effects come out. `task` runs it
//! on a connection; `connection` is one WebSocket; `cursors` holds how far each room was received;
//! `pending` holds messages that the server has not acknowledged. `texts` has the sentences.
//!
//! # Errors
//! [`ServerUrlError`] for an address, [`HttpError`] for the requests about accounts,
//! [`CommandError`] for commands, and [`CloseReason`] when the SDK will not connect again.

mod backoff;
mod client_state;
mod config;
mod connection;
mod cursors;
mod dial;
mod error;
mod events;
mod handle;
mod http;
mod invite_code;
mod pending;
mod task;
mod texts;
mod tls;
mod url;

pub use config::{ClientConfig, ResumePoint};
pub use error::CommandError;
pub use events::{CloseReason, Event, Events};
pub use handle::{Client, new_nonce};
pub use http::{Accounts, HttpError, log_out, me, register, register_bot, sign_in};
pub use invite_code::InviteCode;
pub use task::connect;
pub use tls::{RootCertificateError, TlsError};
pub use url::{ServerUrl, ServerUrlError};
