//! The server from outside: the real binary, raw HTTP and raw WebSocket, using only what
//! PROTOCOL.md promises. One test binary, so that the waits of different tests overlap.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

mod admins;
mod audit;
mod backup;
mod bad_input;
mod bad_start;
mod basics;
mod bots;
mod certificate;
mod cleanup;
mod conformance;
mod conversations;
mod deleted;
mod demo;
mod durability;
mod faults;
mod invites;
mod markers;
mod metrics;
#[cfg(unix)]
mod operator;
mod page_memory;
mod permissions;
mod presence_batches;
mod quotas;
mod resets;
mod resume;
mod sdk;
mod service;
mod set_aside;
mod set_up;
mod slow;
mod snapshot;
mod support;
mod sync;
mod transcripts;
