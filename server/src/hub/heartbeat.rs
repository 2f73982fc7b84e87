//! The one timer of all connections: heartbeats, and the gauges for operators.

use std::sync::Arc;
use std::time::Duration;

use chat_shared::limits::HEARTBEAT_MS;
use tokio::time::{MissedTickBehavior, interval};

use super::{Connection, Hub};
use crate::send_queue::bytes_waiting;

/// Parts of a heartbeat's time; in each, a share of the connections is pinged.
const SHARES: u64 = 30;

/// Milliseconds until a session is checked again where the store did not answer.
const SESSION_RETRY_MS: u64 = 60_000;

/// Pings every connection once in [`HEARTBEAT_MS`]. One timer serves all of them.
pub(crate) async fn run(hub: Hub) {
    let mut ticks = interval(Duration::from_millis(HEARTBEAT_MS / SHARES));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for share in (0..SHARES).cycle() {
        ticks.tick().await;
        count(&hub);
        if share == 0 {
            hub.0.shares.forget_unused();
        }
        for connection in due(&hub, share) {
            connection.beat();
        }
        check_sessions(&hub);
    }
}

/// Sets the gauges for operators.
#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float; what is counted is far under 2⁵³"
)]
fn count(hub: &Hub) {
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    metrics::gauge!("chat_connections").set(hub.connection_count() as f64);
    metrics::gauge!("chat_rooms_loaded").set(hub.room_count() as f64);
    metrics::gauge!("chat_tasks").set(tasks as f64);
    metrics::gauge!("chat_send_queue_bytes").set(bytes_waiting() as f64);
}

/// Checks, beside the heartbeats, the sessions that may have ended by themselves or are to be
/// renewed. A connection is not looked at again before [`SESSION_RETRY_MS`] have passed.
fn check_sessions(hub: &Hub) {
    let now = hub.now();
    let connections: Vec<_> = hub
        .0
        .connections
        .lock()
        .values()
        .flatten()
        .filter(|connection| connection.is_session_check_due(now))
        .cloned()
        .collect();
    if connections.is_empty() {
        return;
    }
    let hub = hub.clone();
    for connection in &connections {
        connection.check_session_at(now + SESSION_RETRY_MS);
    }
    tokio::spawn(async move {
        for connection in connections {
            hub.check_session(&connection).await;
        }
    });
}

fn due(hub: &Hub, share: u64) -> Vec<Arc<Connection>> {
    let connections = hub.0.connections.lock();
    let all = connections.values().flatten();
    all.filter(|connection| connection.id % SHARES == share)
        .cloned()
        .collect()
}
