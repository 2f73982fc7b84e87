//! Tests of the server on MongoDB's wire that SQLite has no counterpart of: a network that fails
//! between server and database, two servers on one database, the demo's users.
//!
//! Those that need a MongoDB are `#[ignore]`d; `cargo xtask test mongo` runs them.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

mod admin_right;
mod demo_users;
mod faults;
mod full_speed;
mod indexes;
mod lease;
mod operator;
mod outage;
#[path = "../mongo_proxy/mod.rs"]
#[allow(dead_code, reason = "it is shared with the store's tests")]
mod proxy;
mod secrets;
mod sign_in;
mod speaker;
#[path = "../wire/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "it is shared with the wire's tests"
)]
mod support;
mod two_servers;
mod urls;
