//! The rules of a room: pure, without IO, clock or randomness.
//!
//! A room is a log of durable events, numbered 1, 2, 3… without a hole. [`RoomState::apply`] folds
//! the log into the room's state. [`decide`] takes a state and a [`Command`] with its actor and
//! returns the event that the command proposes, or a [`Refusal`]. Event n is proposed only from a
//! state that has applied event n − 1.
//!
//! Commands that edit, delete, react or reply need the message that they are about: [`Targets`]
//! holds such messages as they are now and follows the log together with the state.
//!
//! Events and states are stored, so both have a version: [`EVENT_FORMAT_VERSION`] and
//! [`RULES_VERSION`].

mod command;
mod decide;
mod event;
mod people;
mod state;
mod targets;
#[cfg(test)]
mod tests;

pub use command::{Actor, Command, Proposal, Refusal, Subject};
pub use decide::decide;
pub use event::{
    AccountChange, EVENT_FORMAT_VERSION, EVENT_KINDS, EventBody, EventId, EventNonce, LogEvent,
};
pub use state::{Member, RULES_VERSION, ReadMark, RoomState};
pub use targets::{StoredChanges, StoredEdit, Target, Targets};
