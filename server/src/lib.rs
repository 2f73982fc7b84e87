pub mod accounts;
mod broken;
pub mod config;
pub mod gateway;
pub mod http;
pub mod hub;
pub mod outbox;
pub mod run;
#[cfg(test)]
mod simulation;
pub mod telemetry;
