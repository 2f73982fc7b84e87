//! The rules of a room, pure: no IO, no clock and no randomness of their own.
//!
//! A room is a log of durable events, numbered 1, 2, 3… with no hole. [`RoomState::apply`] folds
//! the log; [`decide`] says which event a command proposes, or why it is refused. Event n is
//! proposed only from a state that has applied n−1. What a command must know of the message that it
//! changes stands in [`Targets`], which follow the log with the state.

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
