//! The SDK against a server that the test plays itself, frame by frame.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod commands;
mod documents;
mod ending;
mod played;
mod resuming;
mod sending;
mod slow;
