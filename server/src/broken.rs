//! Rules that a test breaks on purpose, to see that the simulation finds it. Outside of tests none
//! is ever broken, and the compiler knows.

/// A rule that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Who is put out of a room hears nothing more of it.
    WhoIsOutHearsNothing,
    /// What the store did after an error is found out before anyone is acked.
    AnErrorIsNoStore,
    /// Who catches up is live only once all was told.
    AllIsToldBeforeLive,
}

#[cfg(not(test))]
pub(crate) const fn is_broken(_: Rule) -> bool {
    false
}

#[cfg(test)]
pub(crate) use in_tests::{is_broken, set_broken};

#[cfg(test)]
mod in_tests {
    use std::cell::Cell;

    use super::Rule;

    thread_local! {
        static BROKEN: Cell<Option<Rule>> = const { Cell::new(None) };
    }

    pub(crate) fn is_broken(rule: Rule) -> bool {
        BROKEN.get() == Some(rule)
    }

    /// On this thread, from here on.
    pub(crate) fn set_broken(rule: Option<Rule>) {
        BROKEN.set(rule);
    }
}
