//! The chat server: everything with a socket or a task.
//!
//! Start here, then read `ARCHITECTURE.md` for the states and invariants, and `docs/glossary.md`
//! for the words. The rules of a room are in [`chat_server_rules`], the stores in [`chat_server_store`], the wire
//! in [`chat_shared`].
//!
//! # Map
//!
//! - [`run`]: starts and stops a [`Server`](run::Server); [`config`] has the operator's settings
//! - [`http`]: the accept loop, sign-up, sign-in, origins, the web page; upgrades to WebSocket
//! - [`gateway`]: one connection: hello, welcome, commands, catching up, closing
//! - [`hub`]: the loaded rooms and the connected people; [`hub::room`] is the task that owns a room
//! - [`send_queue`]: the frames that wait for a connection's socket, with their bounds
//! - [`accounts`]: people, passwords, tokens, sessions
//! - [`admin`]: what an operator does by `chat-server admin`, on a running server or a stopped one
//! - [`messages`]: the sentences that people see
//! - [`listen`]: the sockets that connections come from
//! - [`disk`]: the free space of the disk, and the reserve of it
//! - [`telemetry`]: the log and the metrics; [`network`]: groups addresses for the limits
//!   per network
//!
//! A module uses those below it: `http`, `gateway`, `hub`, then `send_queue` and `accounts`.
//!
//! # The path of a `send`
//!
//! 1. **Read.** The [connection loop](gateway::connection_loop) reads a text frame,
//!    [`chat_shared::codec::decode_client_frame`] decodes it, and the loop measures its rate.
//!    [`gateway::commands`] rejects what is over the rate, checks its fields, looks up the names in
//!    it, and [translates](gateway::translate) it for the rules.
//! 2. **Enqueue.** [`Hub::request`](hub::Hub::request) puts it into the room's inbox as a
//!    [`RoomRequest`](hub::RoomRequest), with one of the connection's permits.
//! 3. **Decide.** The [room's task](hub::room) takes the waiting requests, and its
//!    [committer](hub::room::committer) decides each command with [`chat_server_rules::decide()`] against
//!    the state after the commands before it.
//! 4. **Store.** The events are one batch for [`append`](chat_server_store::LogStore::append). SQLite's
//!    writer commits the batches of all rooms together and syncs the disk.
//! 5. **Acknowledge.** When the batch is stored, [`hub::room::commit`] sends an `ack` to each
//!    sender.
//! 6. **Deliver.** Then [`hub::room::deliver`] hands the events to the
//!    [audience](hub::room::audience): [`hub::fan_out`] encodes them once for every live
//!    subscriber.
//! 7. **Write.** [`SendQueue::push`](send_queue::SendQueue::push) writes straight to an idle
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
//!                               │ chat_server_store::LogStore::append
//!                               ▼ stored
//!                           room::commit               acknowledges to the senders
//!                               │
//!                           room::audience             encodes once, delivers to all subscribers
//!                               │
//!  clients ◄── bytes ────── send_queue::SendQueue      writes straight to the socket, or queues
//! ```
//!
//! State machines are drawn where they are held: a send queue's phases in [`send_queue::waiting`], a
//! room's log in [`hub::room::committer`], a subscriber's catch-up at [`hub::CatchUp`].
//!
//! # Where to start for a change
//!
//! - The effect of a command: [`chat_server_rules`]; its translation from the wire: [`gateway::translate`]
//! - Pages of messages and lists: [`hub::history`] and [`hub::pages`]
//! - The sentences about events and errors: [`messages`]
//!
//! `CONTRIBUTING.md` lists every place of a new command.
#![allow(
    rustdoc::private_intra_doc_links,
    reason = "this page leads to private modules, and .cargo/config.toml has them documented"
)]

pub mod accounts;
pub mod admin;
pub mod config;
pub mod descriptors;
pub mod disk;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod gateway;
pub mod http;
pub mod hub;
pub mod listen;
pub mod maintenance;
mod messages;
pub mod network;
pub mod reload;
pub mod run;
pub mod send_queue;
#[cfg(unix)]
pub mod supervisor;
pub mod telemetry;

#[cfg(test)]
mod tests;
