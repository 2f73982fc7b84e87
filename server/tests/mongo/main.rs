//! The server on MongoDB's wire, where that differs: faults between the two, several servers on one
//! database, the demo's users. Without a MongoDB to test with these pass and say so.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

mod demo_users;
mod faults;
mod proxy;
mod secrets;
mod speaker;
#[path = "../wire/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "it is shared with the wire's tests"
)]
mod support;
mod two_servers;
