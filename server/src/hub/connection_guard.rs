//! The guard that takes a connection out of the hub and its rooms, however it ends.

use std::sync::Arc;

use super::{Connection, Hub, RoomRequest};

/// A connection that is registered in the hub. Dropping it unregisters the connection and
/// unsubscribes it from its rooms.
#[derive(Debug)]
pub struct ConnectionGuard {
    hub: Hub,
    pub connection: Arc<Connection>,
}

impl ConnectionGuard {
    pub(super) fn new(hub: Hub, connection: Arc<Connection>) -> Self {
        Self { hub, connection }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.hub.forget(&self.connection);
        let rooms = self.connection.end();
        let (hub, connection) = (self.hub.clone(), self.connection.clone());
        tokio::spawn(async move {
            for room in rooms {
                let connection = connection.clone();
                hub.request_wait(&room, RoomRequest::Unsubscribe { connection })
                    .await;
            }
        });
    }
}
