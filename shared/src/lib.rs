//! The chat's wire protocol, and the SDK for clients and bots.
//!
//! The server, the terminal client and bots are built on this crate. The web page is held to the
//! same example frames (`golden/`). `PROTOCOL.md` describes the wire for authors of clients in any
//! language. The crate knows no server and no store; without the feature `client` it also has no
//! socket, no clock and no tokio.
//!
//! # Map
//!
//! | module | what it holds |
//! |---|---|
//! | [`protocol`] | the types of every frame: [`Command`](protocol::Command), [`ServerFrame`](protocol::ServerFrame), [`CloseCode`](protocol::CloseCode) |
//! | [`codec`] | reads frames from text and writes them |
//! | [`limits`] | every limit of the wire |
//! | crate root | names and texts that are valid by construction: [`Username`], [`RoomName`], [`Nonce`], [`MessageText`] |
//! | [`text`] | the formatting of a message: [`parse`](text::parse) |
//! | [`view`] | a room as a client knows it, folded from pages and events: [`RoomView`](view::RoomView) |
#![cfg_attr(
    feature = "client",
    doc = "| [`client`] | the SDK: [`connect`](client::connect), [`Client`](client::Client), [`Events`](client::Events) |"
)]
#![cfg_attr(
    not(feature = "client"),
    doc = "| `client` | the SDK, under the feature `client` |"
)]
//!
//! # The path of a message
//!
//! 1. A program calls `Client::send`. The SDK checks the text ([`MessageText`]), chooses a
//!    [`Nonce`], and keeps the message until the server has answered.
//! 2. [`codec::encode`] writes a [`Command::Send`](protocol::Command::Send) as a frame; the server
//!    reads it with [`codec::decode_client_frame`].
//! 3. Once the message is stored, the server sends an [`Ack`](protocol::Ack) to the sender and a
//!    [`ChatEvent`](protocol::ChatEvent), with its [`Seq`], to every member.
//! 4. The SDK moves its cursor of the room and returns the event from `Events::next`. A
//!    [`RoomView`](view::RoomView) adds it to what is shown.
//! 5. After a lost connection, the SDK sends the message again with the same nonce, and asks for
//!    the events above its cursors. The server stores the message once.
//!
//! # Example
//!
//! ```
//! use chat_shared::codec::decode_server_frame;
//! use chat_shared::protocol::ServerFrame;
//!
//! let text = r#"{"type":"chat","room":"lobby","seq":7,"ts":1767225600000,
//!     "username":"ann","message":"Hello!","nonce":"a1"}"#;
//! let frame = decode_server_frame(text)?;
//! let Some((room, seq)) = frame.place() else { panic!("chat is a durable event") };
//! assert_eq!((room.as_str(), seq), ("lobby", 7));
//! assert!(matches!(frame, ServerFrame::Chat(chat) if chat.message == "Hello!"));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Invariants
//! - What these types write they also read, and get the same value back.
//! - Receivers ignore fields and frame types that they don't know.
//! - A [`Nonce`], [`RequestId`], [`RoomName`] or [`Emoji`] is valid by construction.
#![warn(missing_docs)]

#[cfg(feature = "client")]
pub mod client;
pub mod codec;
pub mod limits;
mod names;
pub mod protocol;
pub mod text;
pub mod view;

pub use names::{Emoji, LOBBY, NameError, Nonce, RequestId, RoomName, Username};
pub use text::{
    DisplayNameError, MessageText, PasswordError, TextError, check_display_name,
    check_new_password, mentioned_names,
};

/// The position of an event in its room: 1, 2, 3 and so on, without gaps. It stays below 2⁵³, so
/// that JavaScript represents it exactly. 0 means "no event yet".
pub type Seq = u64;

/// Milliseconds since 1970-01-01 UTC. Timestamps are for people and are never cursors.
pub type TimestampMs = u64;

/// The protocol version that this crate speaks.
pub const PROTOCOL_VERSION: u32 = 1;
