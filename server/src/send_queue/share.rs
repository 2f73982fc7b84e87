//! Bounds on the bytes that wait in the send queues of one user, and in all of them together.
//!
//! Above the total, connections are closed of those networks whose queues hold at least the average
//! of all networks: in them, the connections of users that hold at least the average of all users,
//! and those that hold at least the average of their network. A network is a [`ClientNetwork`], in
//! IPv6 the /48. So a client of another network keeps its connection, whoever filled the memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;

use crate::network::ClientNetwork;

/// Bytes that may wait for all connections of one user.
pub const USER_SEND_QUEUES_BYTES_MAX: usize = 16 << 20;

/// Bytes that may wait for all connections together. Above it, those that hold most are too slow.
pub const SEND_QUEUES_BYTES_MAX: usize = 48 << 20;

/// Bytes above which every connection with more than one waiting frame is too slow.
pub const SEND_QUEUES_BYTES_HARD_MAX: usize = 64 << 20;

/// Bytes that wait in all queues.
static ALL: AtomicUsize = AtomicUsize::new(0);

/// Users for whom bytes wait.
static USERS: AtomicUsize = AtomicUsize::new(0);

/// Networks for which bytes wait.
static NETWORKS: AtomicUsize = AtomicUsize::new(0);

/// Networks that have a connection.
static KNOWN: LazyLock<Mutex<HashMap<ClientNetwork, Weak<NetworkShare>>>> =
    LazyLock::new(Mutex::default);

/// Bytes that wait for all connections together.
pub fn bytes_waiting() -> usize {
    ALL.load(Ordering::Relaxed)
}

/// The bytes that wait in all send queues of one user.
#[derive(Debug, Default)]
pub struct QueueShare(AtomicUsize);

/// The bytes that wait in all send queues of one network.
#[derive(Debug, Default)]
pub(super) struct NetworkShare {
    network: Option<ClientNetwork>,
    bytes: AtomicUsize,
    /// Its connections for which bytes wait.
    connections: AtomicUsize,
}

/// The accounts that one queue's bytes are in.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// The bytes of this queue.
    own: usize,
    user: Arc<QueueShare>,
    network: Arc<NetworkShare>,
}

impl Accounts {
    pub(super) fn set_user(&mut self, user: Arc<QueueShare>) {
        self.user.subtract(self.own);
        user.add(self.own);
        self.user = user;
    }

    pub(super) fn set_network(&mut self, network: ClientNetwork) {
        let network = NetworkShare::of(network);
        self.network.subtract(self.own, true);
        network.add(self.own, true);
        self.network = network;
    }

    pub(super) fn charge(&mut self, bytes: usize) {
        self.user.add(bytes);
        self.network.add(bytes, self.own == 0);
        self.own += bytes;
    }

    pub(super) fn discharge(&mut self, bytes: usize) {
        self.own -= bytes;
        self.user.subtract(bytes);
        self.network.subtract(bytes, self.own == 0);
    }

    /// Whether this queue, its user or its network holds more than it may while others need memory
    /// too.
    pub(super) fn is_over_a_bound(&self) -> bool {
        let load = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        let held = Held {
            all: load(&ALL),
            users: load(&USERS),
            of_user: load(&self.user.0),
            networks: load(&NETWORKS),
            of_network: load(&self.network.bytes),
            connections_of_network: load(&self.network.connections),
            of_connection: self.own,
        };
        held.is_over_a_bound()
    }
}

/// Bytes that wait, and for how many.
#[derive(Debug, Clone, Copy)]
struct Held {
    all: usize,
    users: usize,
    of_user: usize,
    networks: usize,
    of_network: usize,
    connections_of_network: usize,
    of_connection: usize,
}

impl Held {
    fn is_over_a_bound(self) -> bool {
        if self.of_user > USER_SEND_QUEUES_BYTES_MAX || self.all > SEND_QUEUES_BYTES_HARD_MAX {
            return true;
        }
        let is_average = |part: usize, count: usize, all| part.saturating_mul(count.max(1)) >= all;
        self.all > SEND_QUEUES_BYTES_MAX
            && is_average(self.of_network, self.networks, self.all)
            && (is_average(self.of_user, self.users, self.all)
                || is_average(
                    self.of_connection,
                    self.connections_of_network,
                    self.of_network,
                ))
    }
}

impl QueueShare {
    fn add(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        ALL.fetch_add(bytes, Ordering::Relaxed);
        if self.0.fetch_add(bytes, Ordering::Relaxed) == 0 {
            USERS.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn subtract(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        ALL.fetch_sub(bytes, Ordering::Relaxed);
        if self.0.fetch_sub(bytes, Ordering::Relaxed) == bytes {
            USERS.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl NetworkShare {
    /// The share of a network, the same one for all its connections.
    fn of(network: ClientNetwork) -> Arc<Self> {
        let network = network.wider().unwrap_or(network);
        let mut known = KNOWN.lock();
        let slot = known.entry(network).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let share = Arc::new(Self {
                network: Some(network),
                bytes: AtomicUsize::new(0),
                connections: AtomicUsize::new(0),
            });
            *slot = Arc::downgrade(&share);
            share
        })
    }

    /// `begins`: nothing waited for the connection before.
    fn add(&self, bytes: usize, begins: bool) {
        if bytes == 0 {
            return;
        }
        self.connections
            .fetch_add(usize::from(begins), Ordering::Relaxed);
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) == 0 {
            NETWORKS.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// `ends`: nothing waits for the connection any more.
    fn subtract(&self, bytes: usize, ends: bool) {
        if bytes == 0 {
            return;
        }
        self.connections
            .fetch_sub(usize::from(ends), Ordering::Relaxed);
        if self.bytes.fetch_sub(bytes, Ordering::Relaxed) == bytes {
            NETWORKS.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for NetworkShare {
    fn drop(&mut self) {
        let Some(network) = self.network else {
            return;
        };
        let mut known = KNOWN.lock();
        if known
            .get(&network)
            .is_some_and(|slot| slot.strong_count() == 0)
        {
            known.remove(&network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: usize = SEND_QUEUES_BYTES_MAX + 1;

    /// One network with a hundred users fills the memory, one user of another network is slow.
    fn hog() -> Held {
        Held {
            all: FULL,
            users: 101,
            of_user: FULL.div_ceil(101),
            networks: 2,
            of_network: FULL - (1 << 20),
            connections_of_network: 100,
            of_connection: FULL.div_ceil(101),
        }
    }

    #[test]
    fn above_the_total_the_network_that_holds_most_gives_way() {
        let slow = Held {
            of_user: 1 << 20,
            of_network: 1 << 20,
            connections_of_network: 1,
            of_connection: 1 << 20,
            ..hog()
        };
        assert!(hog().is_over_a_bound());
        assert!(!slow.is_over_a_bound());
        let all = SEND_QUEUES_BYTES_MAX;
        assert!(!Held { all, ..hog() }.is_over_a_bound());
        let all = SEND_QUEUES_BYTES_HARD_MAX + 1;
        assert!(Held { all, ..slow }.is_over_a_bound());
        let of_user = USER_SEND_QUEUES_BYTES_MAX + 1;
        let many = Held {
            all: of_user,
            of_user,
            ..slow
        };
        assert!(many.is_over_a_bound());
    }

    #[test]
    fn a_network_counts_its_connections_and_is_forgotten() {
        let network = ClientNetwork::of("2001:db8:77::1".parse().unwrap());
        let known = || KNOWN.lock().contains_key(&network.wider().unwrap());
        let mut queues = [Accounts::default(), Accounts::default()];
        queues[0].charge(5);
        for queue in &mut queues {
            queue.set_network(network);
        }
        queues[1].charge(7);
        let share = Arc::clone(&queues[0].network);
        let held = |share: &NetworkShare| {
            let load = |number: &AtomicUsize| number.load(Ordering::Relaxed);
            (load(&share.bytes), load(&share.connections))
        };
        assert_eq!(held(&share), (12, 2));
        queues[0].discharge(5);
        assert_eq!(held(&share), (7, 1));
        queues[1].discharge(7);
        assert_eq!(held(&share), (0, 0));
        assert!(known());
        drop((queues, share));
        assert!(!known());
    }
}
