//! The rules of a room, pure: no IO, no clock and no randomness of their own.
//!
//! A room is a log of durable events, numbered 1, 2, 3… with no hole. [`RoomState::apply`] folds
//! the log; [`decide`] says which event a command proposes, or why it is refused. Event n is
//! proposed only from a state that has applied n−1.

mod decide;
mod event;
mod state;

pub use decide::{Actor, Command, Proposal, Refusal, decide};
pub use event::{EventBody, EventId, EventNonce, LogEvent};
pub use state::{Member, RoomState};
