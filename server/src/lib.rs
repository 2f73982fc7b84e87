pub mod accounts;
pub mod gateway;
pub mod hub;
pub mod outbox;
pub mod rules;
pub mod store;
