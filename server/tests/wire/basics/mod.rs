//! Everyday use: sign up, connect, talk, leave, come back.

mod limits;
mod pages;
mod presence;
mod proxy;
mod rooms;
mod sessions;
mod stopping;
mod talking;

pub(crate) use pages::all_events;
