//! libFuzzer, as `fuzz/examples/fuzz.rs` uses it, under the name that its macro expects.

pub use libfuzzer_sys::*;
