//! The chat server: everything with a socket or a task.
//!
//! Start here, then read `ARCHITECTURE.md` for the states and invariants, and `docs/glossary.md`
//! for the words. The rules of a room are in [`chat_rules`], the stores in [`chat_store`], the wire
//! in [`chat_shared`].
//!
//! # Map
//!
//! - [`run`]: starts and stops a [`Server`](run::Server); [`config`] is what an operator may set
//! - [`http`]: the accept loop, sign-up, sign-in, origins, the web page; upgrades to WebSocket
//! - [`gateway`]: one connection: hello, welcome, commands, catching up, closing
//! - [`hub`]: the loaded rooms and the connected people; `hub::room` is the task that owns a room
//! - [`send_queue`]: the frames that wait for a connection's socket, with their bounds
//! - [`accounts`]: people, passwords, tokens, sessions
//! - [`telemetry`]: the log and the metrics; `network`: the unit that limits by address count
//!
//! A module uses those below it: `http`, `gateway`, `hub`, then `send_queue` and `accounts`.
//!
//! # The path of a `send`
//!
//! 1. **Read.** The connection loop in [`gateway`] reads a text frame; [`chat_shared::codec`]
//!    decodes it. `gateway::commands` checks the rate and looks up the names in the command.
//! 2. **Enqueue.** [`Hub::request`](hub::Hub::request) puts the command into the room's inbox, with
//!    one of the connection's permits.
//! 3. **Decide.** The room's task takes what waits and decides each command with
//!    [`chat_rules::decide`] against the state that its predecessors left (`hub::room::committer`).
//! 4. **Store.** The events are one batch for [`append`](chat_store::LogStore::append). SQLite's
//!    writer commits the batches of all rooms together and syncs the disk.
//! 5. **Acknowledge and deliver.** When the batch is stored, acks go to the senders, then the
//!    events, encoded once, to every live subscriber (`hub::room::audience`, `hub::fan_out`).
//! 6. **Write.** [`SendQueue::push`](send_queue::SendQueue::push) writes straight to an idle
//!    socket; what the socket does not take waits, and the connection's own task writes it later.
//!
//! ```text
//!  client ── text frame ──► gateway::connection_loop   reads, decodes, checks rates
//!                               │
//!                           gateway::commands          checks fields, looks up names, translates
//!                               │ hub::RoomRequest (an Envelope around an Ask)
//!                           hub::Hub::request          finds the room's task, or starts it
//!                               │ bounded inbox; full: `busy`
//!                           room (one task)            takes up to 64 waiting requests
//!                               │
//!                           room::committer            decides, stores the events as a batch
//!                               │ chat_store::LogStore::append
//!                               ▼ stored
//!                           room::commit               acknowledges to the senders
//!                               │
//!                           room::audience             encodes once, delivers to all subscribers
//!                               │
//!  clients ◄── bytes ────── send_queue::SendQueue      writes straight to the socket, or queues
//! ```
//!
//! State machines are drawn where they are held: a send queue's phases in `send_queue::waiting`, a
//! room's log in `hub::room::committer`, a subscriber's catch-up at [`hub::CatchUp`].
//!
//! # Where to start for a change
//!
//! A command's effect: [`chat_rules`]. Its translation from the wire: `gateway::translate`. What
//! readers get: `hub::history` and `hub::pages`. The sentences that people see about events:
//! `messages`. `CONTRIBUTING.md` lists every place of a new command.

pub mod accounts;
pub mod config;
pub mod gateway;
pub mod http;
pub mod hub;
mod messages;
pub mod network;
pub mod run;
pub mod send_queue;
#[cfg(test)]
mod simulation;
pub mod telemetry;
