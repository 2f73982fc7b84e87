//! The HTTP connections of all clients, and which of them goes when there are too many.
//!
//! Every accepted connection has a [`Place`] until it ends or becomes a WebSocket. Where all places
//! are taken, a newcomer gets the place of the longest idle connection of the network that has
//! most, so that no network locks another one out. A network is what [`ClientNetwork`] says; a /48
//! is counted beside its /64s, with four times the share of one.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::network::{ClientNetwork, NetworkTable};

/// Between two log lines about connections that were closed for others.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The places of HTTP connections. A cheap handle.
#[derive(Debug, Clone)]
pub struct HttpConnections {
    max: usize,
    table: Arc<Mutex<Table>>,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    /// The network of the connection's other end, which may be a proxy's.
    network: ClientNetwork,
    table: Arc<Mutex<Table>>,
}

/// A request that is being answered. Its connection is idle again when this is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Place>);

#[derive(Debug, Default)]
struct Table {
    connections: NetworkTable,
    closed: Closed,
}

/// Connections that were closed since the last log line.
#[derive(Debug, Default)]
struct Closed {
    count: u64,
    logged: Option<Instant>,
}

impl HttpConnections {
    /// Places for `max` connections.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            table: Arc::default(),
        }
    }

    /// A place for a new connection, and what resolves when it must close. Where all are taken,
    /// another connection closes. `None`: the newcomer's own network has most, and none of its
    /// connections is idle.
    pub(super) fn enter(
        &self,
        network: ClientNetwork,
    ) -> Option<(Arc<Place>, oneshot::Receiver<()>)> {
        let mut table = self.table.lock();
        if table.connections.len() >= self.max && !table.close_one(Some(network)) {
            return None;
        }
        let (id, closed) = table.connections.insert(network);
        drop(table);
        let place = Place {
            id,
            network,
            table: Arc::clone(&self.table),
        };
        Some((Arc::new(place), closed))
    }

    /// Closes one connection where the system has no more descriptors.
    pub(super) fn make_room(&self) {
        self.table.lock().close_one(None);
    }
}

impl Place {
    /// Marks the connection as busy for a client, which a trusted proxy may have named.
    pub(super) fn begin(self: &Arc<Self>, client: ClientNetwork) -> Busy {
        self.table.lock().connections.turn(self.id, client, true);
        Busy(Arc::clone(self))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.table.lock().connections.remove(self.id);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let place = &self.0;
        let mut table = place.table.lock();
        table.connections.turn(place.id, place.network, false);
    }
}

impl Table {
    /// Closes the longest idle connection of the network with the largest share, or, where none of
    /// them is idle, the one whose request takes longest. That one is not closed for a newcomer of
    /// the same network.
    fn close_one(&mut self, newcomer: Option<ClientNetwork>) -> bool {
        let Some((network, group)) = self.connections.largest() else {
            return false;
        };
        let is_of_newcomer = newcomer
            .is_some_and(|newcomer| newcomer == network || newcomer.wider() == Some(network));
        let idle = group.idle.first_key_value();
        let chosen = idle.or_else(|| match is_of_newcomer {
            true => None,
            false => group.busy.first_key_value(),
        });
        let (chosen, connections) = (chosen.map(|(_, id)| *id), group.len());
        if let Some(id) = chosen {
            self.connections.remove(id);
        }
        metrics::counter!("chat_http_connections_closed_total").increment(1);
        self.closed.log(network, connections);
        chosen.is_some()
    }
}

impl Closed {
    fn log(&mut self, network: ClientNetwork, connections: usize) {
        self.count += 1;
        if self.logged.is_some_and(|at| at.elapsed() < LOG_INTERVAL) {
            return;
        }
        tracing::warn!(
            closed = self.count,
            largest_network = %network,
            its_connections = connections,
            "HTTP connections were closed to let others in"
        );
        *self = Self {
            count: 0,
            logged: Some(Instant::now()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entered = (Arc<Place>, oneshot::Receiver<()>);

    impl HttpConnections {
        fn len(&self) -> usize {
            self.table.lock().connections.len()
        }
    }

    fn network(text: &str) -> ClientNetwork {
        ClientNetwork::of(text.parse().unwrap())
    }

    fn is_closed(entered: &mut Entered) -> bool {
        entered.1.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    #[tokio::test]
    async fn the_longest_idle_of_the_largest_network_goes() {
        let connections = HttpConnections::new(4);
        let mut other = connections.enter(network("192.0.2.2")).unwrap();
        let mut of_one: Vec<Entered> = (0..3)
            .map(|_| connections.enter(network("192.0.2.1")).unwrap())
            .collect();
        let busy = of_one[0].0.begin(network("192.0.2.1"));
        let newcomer = connections.enter(network("192.0.2.3"));
        assert!(newcomer.is_some());
        let closed: Vec<bool> = of_one.iter_mut().map(is_closed).collect();
        assert_eq!(closed, [false, true, false]);
        assert!(!is_closed(&mut other));
        assert_eq!(connections.len(), 4);
        drop((busy, of_one, newcomer, other));
        assert_eq!(connections.len(), 0);
        assert!(connections.table.lock().connections.is_empty());
    }

    #[tokio::test]
    async fn where_none_is_idle_the_longest_busy_goes_for_another_network_only() {
        let connections = HttpConnections::new(2);
        let of_one = || connections.enter(network("192.0.2.1"));
        let (mut first, mut second) = (of_one().unwrap(), of_one().unwrap());
        let _busy = [&first, &second].map(|entered| entered.0.begin(network("192.0.2.1")));
        assert!(of_one().is_none());
        let other = connections.enter(network("192.0.2.2"));
        assert!(other.is_some());
        assert!(is_closed(&mut first) && !is_closed(&mut second));
    }

    #[tokio::test]
    async fn behind_a_proxy_the_client_counts_while_its_request_runs() {
        let connections = HttpConnections::new(4);
        let proxy = network("10.0.0.1");
        let mut entered: Vec<Entered> = (0..4).map(|_| connections.enter(proxy).unwrap()).collect();
        let hog = |entered: &Entered| entered.0.begin(network("192.0.2.1"));
        let mut busy: Vec<Busy> = entered[..3].iter().map(hog).collect();
        let other = entered[3].0.begin(network("192.0.2.2"));
        let _newcomer = connections.enter(proxy).unwrap();
        let closed: Vec<bool> = entered.iter_mut().map(is_closed).collect();
        assert_eq!(closed, [true, false, false, false]);
        drop((busy.remove(1), other));
        let table = connections.table.lock();
        let (largest, group) = table.connections.largest().unwrap();
        assert_eq!((largest, group.idle.len()), (proxy, 3));
    }

    #[tokio::test]
    async fn many_networks_of_one_48_count_together() {
        let connections = HttpConnections::new(20);
        let mut of_one: Vec<Entered> = (0..18)
            .map(|n| {
                connections
                    .enter(network(&format!("2001:db8:5:{n:x}::1")))
                    .unwrap()
            })
            .collect();
        let mut others = [(); 2].map(|()| connections.enter(network("192.0.2.1")).unwrap());
        assert!(connections.enter(network("192.0.2.2")).is_some());
        assert_eq!(
            of_one
                .iter_mut()
                .filter_map(|e| is_closed(e).then_some(()))
                .count(),
            1
        );
        assert!(!others.iter_mut().any(is_closed));
    }
}
