//! Pages that no single room can make: the directory of rooms, and search results.

use std::collections::HashMap;

use chat_shared::limits::{LIST_LIMIT_DEFAULT, SEARCH_LIMIT_DEFAULT};
use chat_shared::protocol::{
    ChatEvent, ErrorFrame, ResultsPage, RoomKind, RoomListing, Rooms, RoomsPage, Search,
    ServerFrame,
};
use chat_shared::{LOBBY, RequestId, RoomName, Seq, Username};

use crate::hub::{Connection, Hub, PagePermit, shown, take_fitting, take_fitting_messages};
use crate::messages;
use chat_server_rules::{Refusal, RoomScope};
use chat_server_store::{PublicRoom, StoreError, tokens};

/// Found messages whose texts are read at the same time.
const FOUND_READ_AT_ONCE: usize = 8;

pub(super) async fn rooms(
    hub: &Hub,
    connection: &Connection,
    re: Option<RequestId>,
    query: Rooms,
    permit: &PagePermit<'_>,
) -> Result<(), StoreError> {
    let limit = query.limit.unwrap_or(LIST_LIMIT_DEFAULT) as usize;
    let prefix = query.prefix.unwrap_or_default();
    let after = query.after.unwrap_or_default();
    let mut rooms = hub.store().public_rooms(&prefix, &after, limit + 1).await?;
    add_lobby(&mut rooms, &prefix, &after);
    let more = rooms.len() > limit;
    rooms.truncate(limit);
    let own = hub.store().rooms_of(&connection.identity.username).await?;
    let (rooms, cut_short) = take_fitting(rooms.into_iter().map(|room| {
        let has_everyone = RoomScope::of(&room.room).has_everyone();
        RoomListing {
            members: match has_everyone {
                true => hub.accounts().account_count(),
                false => room.members,
            },
            joined: has_everyone || own.contains(&room.room),
            room: room.room,
            topic: room.topic,
            last_seq: room.last_seq,
        }
    }));
    let more = more || cut_short;
    let page = ServerFrame::Rooms(RoomsPage { re, rooms, more });
    connection.send_page(permit, &page);
    Ok(())
}

/// The lobby exists before its first event, when no store knows of it yet.
fn add_lobby(rooms: &mut Vec<PublicRoom>, prefix: &str, after: &str) {
    let wanted = LOBBY.starts_with(prefix) && LOBBY > after;
    if wanted && !rooms.iter().any(|room| room.room.as_str() == LOBBY) {
        let at = rooms.partition_point(|room| room.room.as_str() < LOBBY);
        rooms.insert(
            at,
            PublicRoom {
                room: RoomName::lobby(),
                kind: RoomKind::Public,
                topic: String::new(),
                members: 0,
                last_seq: 0,
            },
        );
    }
}

/// Sends the messages that match a query, after all changes to them. Only the connection's rooms
/// are searched, and results from a room that it was removed from meanwhile are left out.
pub(super) async fn search(
    hub: &Hub,
    connection: &Connection,
    re: Option<RequestId>,
    query: Search,
    permit: &PagePermit<'_>,
) -> Result<Result<(), ErrorFrame>, StoreError> {
    let username = &connection.identity.username;
    let subscriptions = connection.subscriptions();
    let rooms = match query.room {
        Some(room) if subscriptions.contains_key(&room) => vec![room],
        Some(_) => {
            return Ok(Err(messages::refused(Refusal::NoSuchRoom)));
        }
        None => subscriptions.keys().cloned().collect(),
    };
    let phrases = tokens::phrases(&query.query);
    if phrases.is_empty() {
        return Ok(Err(messages::query_without_words()));
    }
    let mut wanted = chat_server_store::Search {
        phrases,
        rooms,
        from: query.from,
        cursor: query.cursor,
        limit: query.limit.unwrap_or(SEARCH_LIMIT_DEFAULT) as usize,
    };
    let mut page = loop {
        let found = hub.store().search(&wanted).await?;
        let (messages, cut_short) = fitting_messages(hub, &found.messages, username).await?;
        let (count, limit) = (messages.len(), wanted.limit);
        let page = ResultsPage {
            re: re.clone(),
            messages,
            cursor: found.cursor,
        };
        if !cut_short || limit == 1 {
            break page;
        }
        // The page's cursor must be that of the last message in it.
        wanted.limit = count.clamp(1, limit - 1);
    };
    loop {
        let lasts =
            |room: &RoomName| connection.subscription(room) == subscriptions.get(room).copied();
        page.messages.retain(|message| lasts(&message.room));
        let shown = page.messages.iter().filter_map(|message| {
            let subscription = subscriptions.get(&message.room)?;
            Some((message.room.clone(), *subscription))
        });
        let shown: HashMap<_, _> = shown.collect();
        let results = ServerFrame::Results(page.clone());
        if connection.send_in_all(permit, &shown, &results) {
            return Ok(Ok(()));
        }
    }
}

/// As many of the found messages as fit a page, in their order and without those that were deleted
/// meanwhile, and whether some were left out. Few are read at a time, because a page of long ones is
/// full after four.
async fn fitting_messages(
    hub: &Hub,
    found: &[(RoomName, Seq)],
    viewer: &Username,
) -> Result<(Vec<ChatEvent>, bool), StoreError> {
    let mut fitting = Vec::new();
    for some in found.chunks(FOUND_READ_AT_ONCE) {
        fitting.extend(current_messages(hub, some, viewer).await?);
        let (messages, cut_short) = take_fitting_messages(fitting);
        if cut_short {
            return Ok((messages, true));
        }
        fitting = messages;
    }
    Ok((fitting, false))
}

/// The found messages in their order, without those that were deleted meanwhile.
async fn current_messages(
    hub: &Hub,
    found: &[(RoomName, Seq)],
    viewer: &Username,
) -> Result<Vec<ChatEvent>, StoreError> {
    let mut by_room: HashMap<&RoomName, Vec<Seq>> = HashMap::new();
    for (room, seq) in found {
        by_room.entry(room).or_default().push(*seq);
    }
    let mut now: HashMap<(RoomName, Seq), ChatEvent> = HashMap::new();
    for (room, seqs) in by_room {
        let events = hub.store().events_at(room, &seqs).await?;
        for message in shown(hub, room, events, Seq::MAX, viewer, usize::MAX).await? {
            now.insert((room.clone(), message.seq), message);
        }
    }
    let in_order = found.iter().filter_map(|place| now.remove(place));
    Ok(in_order.filter(|message| !message.deleted).collect())
}
