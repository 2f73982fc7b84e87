//! Rules that a test breaks on purpose, to see that the checks find it. They are broken around the
//! servers: by the store that they ask, and by what reaches a client.

use std::cell::Cell;

/// A broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The store reports failed appends as stored, so that commands are acknowledged too early.
    ErrorsCountAsStored,
    /// A removed member still receives the room's events.
    RemovedMembersStillHear,
    /// Some events do not reach a client that is live.
    EventsGetLost,
}

thread_local! {
    static BROKEN: Cell<Option<Broken>> = const { Cell::new(None) };
}

pub(super) fn is_broken(rule: Broken) -> bool {
    BROKEN.get() == Some(rule)
}

/// Breaks a rule in the runs of this thread from here on.
pub(super) fn set_broken(rule: Option<Broken>) {
    BROKEN.set(rule);
}
