//! Bringing a connection to the tip of its rooms: pages from the store, then what a room still
//! holds in memory, until the room's own task makes it live.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_shared::limits::RESUME_EVENTS_MAX;
use chat_shared::protocol::{CloseCode, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::hub::{CatchUp, CatchUpStep, Connection, Hub, Resume, RoomRequest, event_frames};
use chat_server_store::{PageLimit, StoreError, log_failure};

/// Events that a replay reads from the store at first, and at least.
const REPLAY_ROWS_MIN: usize = 16;

/// Events that a replay reads from the store at a time.
const REPLAY_ROWS_MAX: usize = 100;

/// Bytes of replayed events that are sent before the send queue is asked for room again.
const REPLAY_BYTES_MAX: usize = 64 << 10;

/// Replays, in the background, rooms that a connection is subscribed to already. All of them hold
/// their live events back before `ok` says that the replay begins. `permit` is held until the end.
pub(super) fn replay(
    hub: &Hub,
    connection: &Arc<Connection>,
    re: Option<RequestId>,
    cursors: BTreeMap<RoomName, Seq>,
    permit: OwnedSemaphorePermit,
) {
    let connection = connection.clone();
    hub.spawn_background(|hub| async move {
        for room in cursors.keys() {
            if let Err(error) = ask(&hub, &connection, room, CatchUp::Hold).await {
                return close_on_error(&connection, room, &error);
            }
        }
        if let Some(re) = re {
            connection.send(&ServerFrame::Ok { re });
        }
        let mut events_max = RESUME_EVENTS_MAX;
        for (room, after) in cursors {
            let start = CatchUp::Start(Resume {
                after,
                same_log: true,
                events_max,
            });
            match to_the_tip(&hub, &connection, &room, after, start).await {
                Ok(replayed) => events_max = events_max.saturating_sub(replayed),
                Err(error) => return close_on_error(&connection, &room, &error),
            }
        }
        drop(permit);
    });
}

/// Replays, in the background and room after room, where a room holds a connection back until it
/// caught up.
pub(super) fn replay_rooms(
    hub: &Hub,
    connection: &Arc<Connection>,
    rooms: Vec<(RoomName, Seq, CatchUp)>,
) {
    if rooms.is_empty() {
        return;
    }
    let connection = connection.clone();
    hub.spawn_background(|hub| async move {
        for (room, after, step) in rooms {
            if let Err(error) = to_the_tip(&hub, &connection, &room, after, step).await {
                return close_on_error(&connection, &room, &error);
            }
        }
    });
}

fn close_on_error(connection: &Connection, room: &RoomName, error: &StoreError) {
    log_failure!(error, error, %room, "a connection could not catch up");
    connection
        .send_queue
        .close(CloseCode::ServerFault, "the store does not answer");
}

/// Brings a connection to the tip of a room. Returns how many events were replayed.
async fn to_the_tip(
    hub: &Hub,
    connection: &Arc<Connection>,
    room: &RoomName,
    first: Seq,
    mut step: CatchUp,
) -> Result<u64, StoreError> {
    let (mut after, mut rows) = (first, REPLAY_ROWS_MIN);
    // The room may push what it holds in memory, which needs a permit too.
    while let Some(permit) = hub.page_permit(connection).await {
        let (tip, subscription) = match ask(hub, connection, room, step).await? {
            CatchUpStep::Behind { tip, subscription } => (tip, subscription),
            CatchUpStep::Live { tip } => return Ok(tip.saturating_sub(first)),
            CatchUpStep::Gone => return Ok(0),
        };
        let before = after;
        let limit = PageLimit::rows(rows);
        let events = hub.store().events(room, after, limit).await?.events;
        let up_to = events.partition_point(|event| event.seq <= tip);
        let (mut bytes, mut sent) = (0, 0);
        for frame in event_frames(hub, room, &events[..up_to]).await? {
            let Some(len) = connection.send_in(&permit, room, subscription, &frame) else {
                return Ok(after - first);
            };
            after = frame.place().map_or(after, |(_, seq)| seq);
            (bytes, sent) = (bytes + len, sent + 1);
            if bytes >= REPLAY_BYTES_MAX {
                break;
            }
        }
        if after == before {
            return Err(StoreError::Corrupt(format!(
                "{room} has no event above {after}"
            )));
        }
        // Long events are read a few at a time, short ones by the hundred.
        rows = if sent < up_to { sent } else { rows * 2 };
        rows = rows.clamp(REPLAY_ROWS_MIN, REPLAY_ROWS_MAX);
        step = CatchUp::Continue { after };
    }
    Ok(after - first)
}

async fn ask(
    hub: &Hub,
    connection: &Arc<Connection>,
    room: &RoomName,
    catch_up: CatchUp,
) -> Result<CatchUpStep, StoreError> {
    let (answer, answered) = oneshot::channel();
    let connection = connection.clone();
    hub.request_wait(
        room,
        RoomRequest::CatchUp {
            connection,
            catch_up,
            answer,
        },
    )
    .await;
    answered
        .await
        .map_err(|_| StoreError::Unavailable("the room could not be read".to_owned()))
}
