//! Repeatable randomness.

/// A number from the environment, else `default`.
pub(crate) fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a whole number, not {value}"))
    })
}

/// A random generator whose seed is printed, and taken from `CHAT_SEED` if that is set.
#[expect(clippy::print_stderr, reason = "a failing run is repeated by its seed")]
pub(crate) fn seeded(test: &str) -> fastrand::Rng {
    let seed = from_env("CHAT_SEED", fastrand::u64(..));
    eprintln!("{test}: CHAT_SEED={seed} repeats this run's choices");
    fastrand::Rng::with_seed(seed)
}
