//! The chat's wire protocol: types, limits, names, codec and validation.
//!
//! Server, terminal client and bots are built on this crate; the page is held to the same golden
//! frames (`golden/`). It knows no server, no socket and no clock. Under the feature `client` the
//! module `client` adds the SDK, and with it tokio.
//!
//! Invariants:
//! - What these types accept they also write, and a reader gets the same value back.
//! - Receivers ignore fields and frame types that they don't know.
//! - A [`Nonce`], [`RequestId`] or [`RoomName`] is valid by construction.
#![warn(missing_docs)]

#[cfg(feature = "client")]
pub mod client;
pub mod codec;
pub mod limits;
mod names;
pub mod protocol;
mod text;
pub mod view;

pub use names::{Emoji, LOBBY, NameError, Nonce, RequestId, RoomName, Username};
pub use text::{
    DisplayNameError, MessageText, PasswordError, TextError, check_display_name,
    check_new_password, mentioned_names,
};

/// The position of an event in its room: 1, 2, 3… with no hole; under 2⁵³, so that JavaScript
/// holds it exactly. 0 is "nothing yet".
pub type Seq = u64;

/// Milliseconds since 1970-01-01 UTC. For people, never a cursor.
pub type TimestampMs = u64;

/// The protocol version that this crate speaks.
pub const PROTOCOL_VERSION: u32 = 1;
