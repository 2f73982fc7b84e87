//! A fixed number of places, from which no network keeps another one out.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::table::NetworkTable;
use super::{ClientNetwork, WIDER_SHARES};

/// Places of which each network may have some. Where all are taken, a newcomer gets the newest
/// place of the network that has most.
#[derive(Debug, Clone)]
pub struct SharedPlaces {
    max: usize,
    per_network: usize,
    table: Arc<Mutex<NetworkTable>>,
}

/// One place of [`SharedPlaces`]; given back when dropped.
#[derive(Debug)]
pub struct SharedPlace {
    id: u64,
    table: Arc<Mutex<NetworkTable>>,
    withdrawn: oneshot::Receiver<()>,
}

impl SharedPlaces {
    pub fn new(max: usize, per_network: usize) -> Self {
        Self {
            max,
            per_network,
            table: Arc::default(),
        }
    }

    /// A place, unless the network has its share already, or all places are taken and no network
    /// has more than this one.
    pub fn take(&self, network: ClientNetwork) -> Option<SharedPlace> {
        let mut table = self.table.lock();
        // On the scale of the table, a network's connection counts as much as four of its /48.
        let weight = WIDER_SHARES as usize;
        let own = table.share(network);
        if own >= self.per_network.saturating_mul(weight) {
            return None;
        }
        if table.len() >= self.max {
            let (largest, group) = table.largest()?;
            if table.share(largest) <= own + weight {
                return None;
            }
            let (_, newest) = group.idle.last_key_value()?;
            let newest = *newest;
            table.remove(newest);
        }
        let (id, withdrawn) = table.insert(network);
        drop(table);
        Some(SharedPlace {
            id,
            table: Arc::clone(&self.table),
            withdrawn,
        })
    }
}

impl SharedPlace {
    /// Does something while the place is held; `None` where the place goes to another network
    /// meanwhile.
    pub async fn hold<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            _ = &mut self.withdrawn => None,
        }
    }
}

impl Drop for SharedPlace {
    fn drop(&mut self) {
        self.table.lock().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl SharedPlaces {
        pub(crate) fn is_empty(&self) -> bool {
            self.table.lock().is_empty()
        }
    }

    fn network(text: &str) -> ClientNetwork {
        ClientNetwork::of(text.parse().unwrap())
    }

    fn is_withdrawn(place: &mut SharedPlace) -> bool {
        place.withdrawn.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    #[test]
    fn a_network_has_no_more_than_its_share_and_gives_it_back() {
        let places = SharedPlaces::new(9, 1);
        let first = places.take(network("127.0.0.1")).unwrap();
        assert!(places.take(network("127.0.0.1")).is_none());
        assert!(places.take(network("127.0.0.2")).is_some());
        drop(first);
        assert!(places.is_empty());
        assert!(places.take(network("127.0.0.1")).is_some());
    }

    #[test]
    fn a_customer_with_a_whole_48_has_four_shares() {
        let places = SharedPlaces::new(99, 5);
        let of_subnet = |n: u32| places.take(network(&format!("2001:db8:5:{n:x}::1")));
        let taken: Vec<_> = (0..40).filter_map(of_subnet).collect();
        assert_eq!(taken.len(), 20);
        assert!(places.take(network("2001:db8:6::1")).is_some());
        drop(taken);
        assert!(places.is_empty());
    }

    #[test]
    fn a_newcomer_gets_the_newest_place_of_the_network_with_most() {
        let places = SharedPlaces::new(6, 4);
        let mut taken: Vec<SharedPlace> = ["192.0.2.1", "192.0.2.2"]
            .into_iter()
            .flat_map(|from| [from; 3])
            .chain(["192.0.2.1"])
            .filter_map(|from| places.take(network(from)))
            .collect();
        assert_eq!(taken.len(), 6, "all have three");
        let newcomer = places.take(network("198.51.100.1"));
        assert!(newcomer.is_some());
        let withdrawn: Vec<bool> = taken.iter_mut().map(is_withdrawn).collect();
        assert_eq!(withdrawn, [false, false, false, false, false, true]);
        drop((taken, newcomer));
        assert!(places.is_empty());
    }

    #[test]
    fn many_networks_together_keep_no_newcomer_out() {
        let places = SharedPlaces::new(64, 32);
        let mut taken = Vec::new();
        for n in 0..20 {
            let network = network(&format!("192.0.2.{n}"));
            taken.extend(std::iter::from_fn(|| places.take(network)).take(40));
        }
        assert!(places.take(network("198.51.100.1")).is_some());
    }

    #[tokio::test]
    async fn work_ends_when_its_place_is_withdrawn() {
        let places = SharedPlaces::new(2, 2);
        let mut done = places.take(network("192.0.2.1")).unwrap();
        assert_eq!(done.hold(async { 7 }).await, Some(7));
        drop(done);
        let _first = places.take(network("192.0.2.1")).unwrap();
        let mut second = places.take(network("192.0.2.1")).unwrap();
        let newcomer = places.take(network("192.0.2.2"));
        assert!(newcomer.is_some());
        assert_eq!(second.hold(std::future::pending::<()>()).await, None);
    }
}
