//! A shared resource by network: how much each one holds, and which one holds the largest share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::sync::oneshot;

use super::{ClientNetwork, WIDER_SHARES};

/// Entries of all networks, such as connections. An older one has a lower number.
#[derive(Debug, Default)]
pub(crate) struct NetworkTable {
    entries: HashMap<u64, Entry>,
    groups: HashMap<ClientNetwork, Group>,
    /// Every group with its share, the largest last.
    by_share: BTreeSet<(usize, ClientNetwork)>,
    /// Counts entries and changes of their state.
    last: u64,
}

#[derive(Debug)]
struct Entry {
    network: ClientNetwork,
    is_busy: bool,
    since: u64,
    /// Dropped to end the entry.
    _end: oneshot::Sender<()>,
}

/// The entries of one network: since when each is in its state, and its id.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) idle: BTreeMap<u64, u64>,
    pub(crate) busy: BTreeMap<u64, u64>,
}

impl Group {
    pub(crate) fn len(&self) -> usize {
        self.idle.len() + self.busy.len()
    }
}

impl NetworkTable {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds an idle entry: its id, and what resolves when it has been removed.
    pub(crate) fn insert(&mut self, network: ClientNetwork) -> (u64, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        self.last += 1;
        let id = self.last;
        let entry = Entry {
            network,
            is_busy: false,
            since: id,
            _end: end,
        };
        self.entries.insert(id, entry);
        self.change(id, |listed, since| {
            listed.insert(since, id);
        });
        (id, ended)
    }

    /// Changes an entry's network and state. One that was removed stays so.
    pub(crate) fn turn(&mut self, id: u64, network: ClientNetwork, is_busy: bool) {
        self.unlist(id);
        self.last += 1;
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.network = network;
        entry.is_busy = is_busy;
        entry.since = self.last;
        self.change(id, |listed, since| {
            listed.insert(since, id);
        });
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.unlist(id);
        self.entries.remove(&id);
    }

    /// The network that has the largest share.
    pub(crate) fn largest(&self) -> Option<(ClientNetwork, &Group)> {
        let (_, network) = self.by_share.last()?;
        Some((*network, self.groups.get(network)?))
    }

    /// How much a network and the /48 above it have, the larger of the two shares.
    pub(crate) fn share(&self, network: ClientNetwork) -> usize {
        let keys = [Some(network), network.wider()].into_iter().flatten();
        let shares = keys.map(|key| self.groups.get(&key).map_or(0, |group| share(key, group)));
        shares.max().unwrap_or(0)
    }

    fn unlist(&mut self, id: u64) {
        self.change(id, |listed, since| {
            listed.remove(&since);
        });
    }

    /// Changes the groups that an entry is listed in.
    fn change(&mut self, id: u64, change: impl Fn(&mut BTreeMap<u64, u64>, u64)) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        for key in [Some(entry.network), entry.network.wider()]
            .into_iter()
            .flatten()
        {
            let group = self.groups.entry(key).or_default();
            self.by_share.remove(&(share(key, group), key));
            let listed = if entry.is_busy {
                &mut group.busy
            } else {
                &mut group.idle
            };
            change(listed, entry.since);
            if group.len() > 0 {
                self.by_share.insert((share(key, group), key));
            } else {
                self.groups.remove(&key);
            }
        }
    }
}

/// The size of a group, on a scale on which a /48 may have [`WIDER_SHARES`] times as much.
fn share(key: ClientNetwork, group: &Group) -> usize {
    let weight = if key.is_wider() {
        1
    } else {
        WIDER_SHARES as usize
    };
    group.len() * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    impl NetworkTable {
        /// Whether nothing is left, in any of the maps.
        pub(crate) fn is_empty(&self) -> bool {
            self.entries.is_empty() && self.groups.is_empty() && self.by_share.is_empty()
        }
    }
}
