//! The rooms that are loaded here, and how requests reach them.

use chat_shared::RoomName;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};

use super::{Hub, RoomRequest, room};

/// Requests that wait for one room; over it the answer is `busy`.
const ROOM_INBOX_MAX: usize = 1_024;

impl Hub {
    /// Hands a request to a room, which is loaded if need be. Gives the request back where the
    /// room has too much to do, or the server stops.
    pub fn request(&self, room: &RoomName, request: RoomRequest) -> Result<(), Box<RoomRequest>> {
        match self.room(room).try_send(request) {
            // The room was unloaded in between. Where it ends at once again, no room runs any more.
            Err(TrySendError::Closed(back)) => self.room(room).try_send(back),
            other => other,
        }
        .map_err(|refused| Box::new(refused.into_inner()))
    }

    /// Like [`Hub::request`], but waits for room in the inbox. A server that stops drops it.
    pub async fn request_wait(&self, room: &RoomName, request: RoomRequest) {
        if let Err(SendError(back)) = self.room(room).send(request).await {
            let _ = self.room(room).send(back).await;
        }
    }

    /// Asks a room that is loaded here to read its log again: another node may have appended to it.
    /// A room with a full inbox reads it soon anyway.
    pub fn reload(&self, room: &RoomName) {
        let inbox = self.0.rooms.lock().get(room).cloned();
        if let Some(inbox) = inbox {
            let _ = inbox.try_send(RoomRequest::Reload);
        }
    }

    /// A room's inbox. A task that ended without being unloaded, as all do when the server stops,
    /// has left a closed one behind.
    fn room(&self, room: &RoomName) -> mpsc::Sender<RoomRequest> {
        let mut rooms = self.0.rooms.lock();
        if let Some(inbox) = rooms.get(room).filter(|inbox| !inbox.is_closed()) {
            return inbox.clone();
        }
        let (inbox, requests) = mpsc::channel(ROOM_INBOX_MAX);
        rooms.insert(room.clone(), inbox.clone());
        tokio::spawn(room::run(self.clone(), room.clone(), requests));
        inbox
    }

    /// Takes an idle room out. `false` where a request came in between.
    pub(super) fn unload(
        &self,
        room: &RoomName,
        requests: &mut mpsc::Receiver<RoomRequest>,
    ) -> bool {
        let mut rooms = self.0.rooms.lock();
        if !requests.is_empty() {
            return false;
        }
        requests.close();
        rooms.remove(room);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::accounts::{Accounts, Options, change_reports};
    use crate::hub::SystemEnvironment;
    use chat_server_store::SharedStore;
    use chat_server_store::sqlite::SqliteStore;

    /// On a thread of its own, since what must not happen is that it never ends.
    fn ends<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
        let (ended, outcome) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let outcome = runtime.block_on(runtime.spawn(work)).unwrap();
            drop(runtime);
            ended.send(outcome)
        });
        let waited = outcome.recv_timeout(Duration::from_secs(20));
        waited.expect("it ends, and its runtime with it")
    }

    async fn hub(dir: &tempfile::TempDir) -> Hub {
        let store: SharedStore = Arc::new(SqliteStore::open(dir.path()).unwrap());
        let (reporter, _) = change_reports();
        let accounts = Accounts::open(Arc::clone(&store), Options::default(), reporter).await;
        Hub::open(store, accounts.unwrap(), Arc::new(SystemEnvironment))
            .await
            .unwrap()
    }

    #[test]
    fn a_room_whose_task_ended_is_loaded_again() {
        let dir = tempfile::tempdir().unwrap();
        let is_open = ends(async move {
            let hub = hub(&dir).await;
            let lobby = RoomName::lobby();
            let ended = || mpsc::channel(1).0;
            hub.0.rooms.lock().insert(lobby.clone(), ended());
            hub.request_wait(&lobby, RoomRequest::Reload).await;
            let mut open = vec![!hub.room(&lobby).is_closed()];
            hub.0.rooms.lock().insert(lobby.clone(), ended());
            assert!(hub.request(&lobby, RoomRequest::Reload).is_ok());
            open.push(!hub.room(&lobby).is_closed());
            open
        });
        assert_eq!(is_open, [true, true]);
    }

    #[test]
    fn a_connection_that_ends_does_not_delay_the_stop() {
        let dir = tempfile::tempdir().unwrap();
        ends(async move {
            let hub = hub(&dir).await;
            for n in 0..500 {
                let room = RoomName::parse(&format!("room-{n}")).unwrap();
                hub.request_wait(&room, RoomRequest::Reload).await;
            }
            for _ in 0..8 {
                let hub = hub.clone();
                tokio::spawn(async move {
                    for n in (0..500).cycle() {
                        let room = RoomName::parse(&format!("room-{n}")).unwrap();
                        hub.request_wait(&room, RoomRequest::Reload).await;
                        tokio::task::yield_now().await;
                    }
                });
            }
        });
    }
}
