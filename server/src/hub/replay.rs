//! Past events, as frames for clients that missed them.

use std::collections::HashSet;

use chat_shared::limits::EVENTS_LIMIT_DEFAULT;
use chat_shared::protocol::{Events, EventsPage, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq};

use super::pages::{LIST_BYTES_MAX, limit_of, take_fitting};
use super::{Hub, wire};
use chat_server_rules::LogEvent;
use chat_server_store::{PageLimit, StoreError};

/// The frames of past events. Messages that were deleted since show no text.
///
/// # Errors
/// Where the store fails.
pub async fn event_frames(
    hub: &Hub,
    room: &RoomName,
    events: &[LogEvent],
) -> Result<Vec<ServerFrame>, StoreError> {
    let with_text = events.iter().filter(|event| event.body.text().is_some());
    let messages: HashSet<Seq> = with_text.map(message_of).collect();
    let messages: Vec<Seq> = messages.into_iter().collect();
    let deleted = hub.store().deleted_among(room, &messages).await?;
    let deleted: HashSet<Seq> = deleted.into_iter().collect();
    Ok(events
        .iter()
        .map(|event| wire::event_frame(room, event, deleted.contains(&message_of(event))))
        .collect())
}

fn message_of(event: &LogEvent) -> Seq {
    event.body.target().unwrap_or(event.seq)
}

/// Makes a page of the events that a resume would send above `query.after`, up to `as_of`.
pub(super) async fn events(
    hub: &Hub,
    room: &RoomName,
    as_of: Seq,
    re: Option<RequestId>,
    query: Events,
) -> Result<ServerFrame, StoreError> {
    let limit = limit_of(query.limit, EVENTS_LIMIT_DEFAULT);
    let limit = PageLimit {
        rows: limit,
        bytes: LIST_BYTES_MAX,
    };
    let page = hub.store().events(room, query.after, limit).await?;
    let up_to = page.events.partition_point(|event| event.seq <= as_of);
    let more = page.more && up_to == page.events.len();
    let frames = event_frames(hub, room, &page.events[..up_to]).await?;
    let (events, cut_short) = take_fitting(frames);
    let more = more || cut_short;
    Ok(ServerFrame::Events(EventsPage {
        re,
        room: room.clone(),
        events,
        more,
    }))
}
