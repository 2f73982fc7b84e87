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
