//! The whole table of HTTP calls, through the router, over a real store.

mod accounts;
mod admission;
mod page;
mod world;
