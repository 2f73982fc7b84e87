//! Work that the background repeats once the store works again.

use std::collections::BTreeSet;

use parking_lot::Mutex;

/// The most things of one kind that are remembered. What is over it is not repaired by this process.
const BEHIND_MAX: usize = 10_000;

/// Things that could not be done, each once: rooms whose events are stored while what is derived from
/// them may not be, and uses of codes that nobody has.
#[derive(Debug)]
pub(super) struct Behind<T>(Mutex<BTreeSet<T>>);

impl<T: Ord> Default for Behind<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Ord + Clone> Behind<T> {
    pub(super) fn add(&self, thing: &T) {
        let mut things = self.0.lock();
        if things.len() < BEHIND_MAX {
            things.insert(thing.clone());
        }
    }

    pub(super) fn take(&self) -> BTreeSet<T> {
        std::mem::take(&mut *self.0.lock())
    }

    pub(super) fn put_back(&self, things: impl IntoIterator<Item = T>) {
        things.into_iter().for_each(|thing| self.add(&thing));
    }
}
