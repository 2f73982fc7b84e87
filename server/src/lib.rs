pub mod accounts;
pub mod config;
pub mod http;
pub mod rules;
pub mod run;
pub mod store;
pub mod telemetry;
