//! The acts by which an operator administers people and rooms (`chat-server admin`).
//!
//! An act is data ([`Act`]) and one module carries it out ([`Executor`]), whether the server runs or
//! not:
//!
//! ```text
//!                        ┌─ a server listens at the socket ──► socket ──► Executor of the server
//!  command ── Act ──────►┤
//!                        └─ none does ──► the store, under its lock ──► Executor of the command
//! ```
//!
//! On a running server an act takes effect at once, and its answer comes after that.

mod act;
mod command;
mod erasure;
mod executor;
mod invites;
mod output;
mod rooms;
#[cfg(unix)]
mod socket;
#[cfg(test)]
mod tests;

pub use act::{Act, Answer, Link, Messages, Outcome, Person, RoomRow, SessionRow, StorageUse};
pub use command::{
    AdminArgs, AdminCommand, AdminError, InvitesCommand, PeopleCommand, RoomsCommand, run,
};
pub use executor::Executor;
#[cfg(unix)]
pub use socket::{AdminSocket, SocketError};
