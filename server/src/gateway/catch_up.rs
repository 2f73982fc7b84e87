//! Bringing a connection to the tip of its rooms: pages from the store, then what a room still
//! holds in memory, until the room's own task makes it live.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_shared::limits::RESUME_EVENTS_MAX;
use chat_shared::protocol::CloseCode;
use chat_shared::{RoomName, Seq};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::hub::{CatchUp, CatchUpStep, Connection, Hub, RoomRequest, wire};
use crate::outbox::Class;
use crate::store::StoreError;

/// Events read from the store at a time.
const PAGE_EVENTS_MAX: usize = 100;

/// Bytes that may wait in the outbox when the next page is read.
const WAITING_BYTES_MAX: usize = 128 << 10;

/// Catches up in the background, room after room. `permit` is held until all is told.
pub(super) fn start(
    hub: &Hub,
    connection: &Arc<Connection>,
    rooms: BTreeMap<RoomName, Seq>,
    same_log: bool,
    permit: Option<OwnedSemaphorePermit>,
) {
    if rooms.is_empty() {
        return;
    }
    let (hub, connection) = (hub.clone(), connection.clone());
    tokio::spawn(async move {
        let mut events_left = RESUME_EVENTS_MAX;
        for (room, after) in rooms {
            match one_room(&hub, &connection, &room, after, same_log, events_left).await {
                Ok(replayed) => events_left = events_left.saturating_sub(replayed),
                Err(error) => {
                    tracing::error!(%room, %error, "a connection could not catch up");
                    connection
                        .outbox
                        .close(CloseCode::ServerFault, "the store does not answer");
                    break;
                }
            }
        }
        drop(permit);
    });
}

/// How many events were replayed.
async fn one_room(
    hub: &Hub,
    connection: &Arc<Connection>,
    room: &RoomName,
    mut after: Seq,
    same_log: bool,
    events_max: u64,
) -> Result<u64, StoreError> {
    let first = after;
    let mut step = CatchUp::Start {
        after,
        same_log,
        events_max,
    };
    while !connection.outbox.is_closing() {
        let tip = match ask(hub, connection, room, step).await? {
            CatchUpStep::Behind { tip } => tip,
            CatchUpStep::Live { tip } => return Ok(tip.saturating_sub(first)),
            CatchUpStep::Limited | CatchUpStep::Gone => return Ok(0),
        };
        connection.outbox.drained_to(WAITING_BYTES_MAX).await;
        let before = after;
        let events = hub.store().events(room, after, PAGE_EVENTS_MAX).await?;
        for event in events.iter().take_while(|event| event.seq <= tip) {
            connection.push(wire::frame(&wire::event_frame(room, event), Class::Durable));
            after = event.seq;
        }
        if after == before {
            return Err(StoreError::Corrupt(format!(
                "{room} has no event above {after}"
            )));
        }
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
