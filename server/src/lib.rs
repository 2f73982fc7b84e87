pub mod accounts;
mod broken;
pub mod config;
pub mod gateway;
pub mod http;
pub mod hub;
pub mod network;
pub mod run;
pub mod send_queue;
#[cfg(test)]
mod simulation;
pub mod telemetry;
