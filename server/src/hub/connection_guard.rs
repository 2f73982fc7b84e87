use std::sync::Arc;

use super::{Connection, Hub, RoomRequest};

/// A connection's being there. Dropped, it is taken out of everything, however it ended.
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
