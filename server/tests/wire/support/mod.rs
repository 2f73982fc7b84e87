//! Helpers of all tests: a running server, people, HTTP calls and WebSocket connections.

mod bare;
pub(crate) mod frames;
mod http;
#[path = "../../mongo_server/mod.rs"]
pub(crate) mod mongo_server;
mod operator;
mod people;
mod programs;
mod seed;
mod server;
#[allow(dead_code, reason = "some tests need one end of TLS, some the other")]
pub(crate) mod tls;
mod ws;

pub(crate) use bare::Bare;
pub(crate) use http::{Answer, call};
pub(crate) use operator::admin_with;
pub(crate) use people::{PASSWORD, User};
pub(crate) use programs::{note, runs};
pub(crate) use seed::{from_env, seeded};
pub(crate) use server::{Log, Server, Site, mongo_flags, on_ferretdb, run_to_end, run_to_end_with};
pub(crate) use ws::{Received, Ws, fresh_nonce, is_noise, kind_of, text_of};

use std::time::Duration;

/// The deadline of every wait: generous, for a busy machine with a FerretDB.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
