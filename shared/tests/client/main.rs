//! The SDK against a server whose side the test writes itself, frame by frame.
//!
//! # How to read these tests
//!
//! A test has both ends of a connection. `played` has the words they are written in:
//!
//! ```text
//! let server = Server::start().await;             // a listener; no chat server behind it
//! let (client, mut events) = server.connect();    // the SDK, with short waits between attempts
//! let mut peer = server.welcome(&[("a", 4)]).await;  // accepts, reads `hello`, sends `welcome`
//!                                                 //   with the room "a", whose last seq is 4
//! peer.tell(chat("a", 5, "bob", "hi")).await;     // the server sends a frame
//! let message = peer.message().await;             // the client's next command, a `send`
//! peer.ack(message, 6).await;                     // ... which is stored with seq 6
//! peer.close(4413, "").await;                     // the server closes with a code and a reason
//! assert_eq!(told(&mut events, 2).await, ["connected", "5 hi"]);
//! ```
//!
//! - `next`, `connected` and `lost` take the next event of the SDK; the last two fail if it is
//!   another one.
//! - `told(events, n)` takes the next `n` events as short texts: `SEQ TEXT` for a message,
//!   `limited SEQ`, `connected`, `disconnected`.
//! - `spawn_send` sends in the background a message whose nonce is `n-` and its text.
//! - `Server::answer` answers one HTTP request with fixed bytes and returns the request.
//!
//! Everything that waits fails after `SOON`, so a test never hangs.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod commands;
mod documents;
mod ending;
mod played;
mod resuming;
mod sending;
mod slow;
