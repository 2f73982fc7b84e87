//! The rules of a room: pure, without IO, clock or randomness.
//!
//! A room is a log of durable events, numbered 1, 2, 3… without a hole. [`RoomState::apply`] folds
//! the log into the room's state. [`decide()`] takes a state and a [`RoomCommand`] with its actor and
//! returns the event that the command proposes, or a [`Refusal`]. Event n is proposed only from a
//! state that has applied event n − 1.
//!
//! ```text
//!  Proposal { actor, command, now, … } ──► decide ──► LogEvent ──► the store appends it
//!                                           ▲ ▲          │
//!                    RoomState ─────────────┘ │          ▼
//!                    MessageStates ───────────┘ ◄── apply
//! ```
//!
//! Commands that edit, delete, react or reply need the message that they are about:
//! [`MessageStates`] has such messages in their current form and follows the log together with the
//! state.
//!
//! Where to read on:
//!
//! - What a command does and who may do it: `decide.rs`, then `writing.rs` for messages and
//!   `people.rs` for members, bans, mutes and roles.
//! - What an event changes: [`RoomState::apply`].
//! - What is different in the lobby: [`RoomScope`].
//!
//! Events and states are stored, so both have a version: [`EVENT_FORMAT_VERSION`] and
//! [`RULES_VERSION`].
#![warn(missing_docs)]

mod command;
mod decide;
mod event;
mod lobby;
mod message_states;
mod people;
mod refusal;
mod state;
#[cfg(test)]
mod tests;
mod writing;

pub use command::{Actor, Proposal, RoomCommand, Subject};
pub use decide::decide;
pub use event::{
    AccountChange, EVENT_FORMAT_VERSION, EVENT_KINDS, EventBody, EventId, EventNonce, LogEvent,
};
pub use lobby::RoomScope;
pub use message_states::{MessageState, MessageStates, StoredChanges, StoredEdit};
pub use refusal::Refusal;
pub use state::{Member, RULES_VERSION, ReadMark, RoomState};
