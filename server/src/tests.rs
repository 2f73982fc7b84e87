//! Tests of the whole crate: the sum of all bounds, and whole servers without sockets.

mod bounds;
mod simulation;
