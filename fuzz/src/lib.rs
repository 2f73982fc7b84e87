//! Fuzz targets: for each part that reads what strangers send, what must hold for every input.
//!
//! [`TARGETS`] is the table. A target is a function that takes any bytes and panics if something
//! that must hold does not. Its kept inputs are the files of `corpora/NAME`; the test `corpora`
//! runs each of them. `cargo xtask fuzz` links the targets with libFuzzer (`examples/fuzz.rs`),
//! which makes new inputs from the kept ones, guided by the code that they reach.
//!
//! `docs/testing.md` says how to run the targets, how to add one, and what to do with a finding.

mod targets;

use std::sync::LazyLock;

/// The variable that names the target which the program `fuzz` runs.
pub const TARGET_VARIABLE: &str = "CHAT_FUZZ_TARGET";

/// One line of the table.
#[derive(Debug)]
pub struct Target {
    /// Also the name of the folder with its kept inputs.
    pub name: &'static str,
    /// Runs one input.
    ///
    /// # Panics
    /// If something does not hold, which is a fault of the project.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "codec",
        run: targets::codec::run,
    },
    Target {
        name: "http",
        run: targets::http::run,
    },
    Target {
        name: "import",
        run: targets::import::run,
    },
    Target {
        name: "names",
        run: targets::names::run,
    },
    Target {
        name: "rules",
        run: targets::rules::run,
    },
    Target {
        name: "search",
        run: targets::search::run,
    },
    Target {
        name: "text",
        run: targets::text::run,
    },
    Target {
        name: "upload",
        run: targets::upload::run,
    },
];

static CHOSEN: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var(TARGET_VARIABLE).unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("{TARGET_VARIABLE} names no target: {name:?}"))
});

/// The target that [`TARGET_VARIABLE`] names.
///
/// # Panics
/// If it names none.
pub fn chosen() -> &'static Target {
    &CHOSEN
}
