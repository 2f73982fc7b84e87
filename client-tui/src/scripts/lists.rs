//! Commands that print a list and end: rooms, history and search.

use chat_shared::limits::{HISTORY_LIMIT_MAX, LIST_LIMIT_MAX, SEARCH_LIMIT_MAX};
use chat_shared::protocol::{ChatEvent, PageKind, Rooms as RoomsCommand, Search as SearchCommand};
use chat_shared::protocol::{RoomInfo, ServerFrame};

use super::connection::{Connection, Identity};
use super::output::Output;
use super::{Failure, History, Rooms, Search, username};
use crate::messages::scripts as messages;

pub(super) async fn rooms(args: Rooms, who: &Identity, out: &mut Output) -> Result<(), Failure> {
    let mut connection = Connection::open(who, args.timeout).await?;
    let listed = if args.public {
        public_rooms(&mut connection, args.json, out).await
    } else {
        let rooms = own_rooms(&mut connection, |_| {}).await;
        rooms.and_then(|rooms| {
            rooms
                .iter()
                .try_for_each(|room| own_room(room, args.json, out))
        })
    };
    connection.close().await;
    listed
}

/// All rooms of the user: those in the welcome and those in the frames after it.
pub(super) async fn own_rooms(
    connection: &mut Connection,
    mut on: impl FnMut(&ServerFrame),
) -> Result<Vec<RoomInfo>, Failure> {
    let mut rooms = std::mem::take(&mut connection.welcome.rooms);
    if connection.welcome.more {
        let mut more = Vec::new();
        let client = connection.client.clone();
        // Frames that belong to the welcome arrive before the answer to any later command.
        let pong = connection.during(client.ping(), |frame| match frame {
            ServerFrame::RoomsState(state) => more.extend(state.rooms.iter().cloned()),
            frame => on(frame),
        });
        pong.await?;
        rooms.append(&mut more);
    }
    rooms.sort_by(|a, b| (!a.room.is_lobby(), &a.room).cmp(&(!b.room.is_lobby(), &b.room)));
    Ok(rooms)
}

fn own_room(room: &RoomInfo, json: bool, out: &mut Output) -> Result<(), Failure> {
    if json {
        return out.json(room);
    }
    let (unread, mentions) = (room.unread.to_string(), room.mentions.to_string());
    let about = match &room.with {
        Some(with) => messages::with(with),
        None => room.topic.clone(),
    };
    out.columns(&[room.room.as_str(), &unread, &mentions, &about])
}

async fn public_rooms(
    connection: &mut Connection,
    json: bool,
    out: &mut Output,
) -> Result<(), Failure> {
    let client = connection.client.clone();
    let mut which = RoomsCommand {
        limit: Some(LIST_LIMIT_MAX),
        ..RoomsCommand::default()
    };
    loop {
        let page = connection.ask(client.rooms(which.clone())).await?;
        for room in &page.rooms {
            if json {
                out.json(room)?;
            } else {
                let (members, joined) = (room.members.to_string(), room.joined);
                let joined = if joined { messages::JOINED } else { "" };
                out.columns(&[room.room.as_str(), &members, joined, &room.topic])?;
            }
        }
        match page.rooms.last() {
            Some(last) if page.more => which.after = Some(last.room.to_string()),
            _ => return Ok(()),
        }
        connection.renew_timeout();
    }
}

pub(super) async fn history(
    args: History,
    who: &Identity,
    out: &mut Output,
) -> Result<(), Failure> {
    let mut connection = Connection::open(who, args.timeout).await?;
    let messages = past(&mut connection, &args).await;
    connection.close().await;
    for message in messages?.into_iter().rev() {
        out.message(message, args.json)?;
    }
    Ok(())
}

/// Newest first.
async fn past(connection: &mut Connection, args: &History) -> Result<Vec<ChatEvent>, Failure> {
    let client = connection.client.clone();
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut messages: Vec<ChatEvent> = Vec::new();
    let mut page = args.before.map_or(PageKind::Newest, PageKind::Before);
    while messages.len() < wanted {
        let left = u32::try_from(wanted - messages.len()).unwrap_or(u32::MAX);
        let limit = Some(left.min(HISTORY_LIMIT_MAX));
        let answer = connection
            .ask(client.history(&args.room, page, limit))
            .await?;
        let oldest = answer.messages.first().map(|message| message.seq);
        messages.extend(answer.messages.into_iter().rev());
        match oldest {
            Some(oldest) if answer.more_before => page = PageKind::Before(oldest),
            _ => break,
        }
        connection.renew_timeout();
    }
    Ok(messages)
}

pub(super) async fn search(args: Search, who: &Identity, out: &mut Output) -> Result<(), Failure> {
    let mut connection = Connection::open(who, args.timeout).await?;
    let found = found(&mut connection, &args, out).await;
    connection.close().await;
    found
}

async fn found(
    connection: &mut Connection,
    args: &Search,
    out: &mut Output,
) -> Result<(), Failure> {
    let client = connection.client.clone();
    let mut left = args.limit;
    let mut search = SearchCommand {
        query: args.words.join(" "),
        room: args.room.clone(),
        from: args.from.as_deref().map(username),
        ..SearchCommand::default()
    };
    loop {
        search.limit = Some(left.min(SEARCH_LIMIT_MAX));
        let page = connection.ask(client.search(search.clone())).await?;
        left = left.saturating_sub(u32::try_from(page.messages.len()).unwrap_or(u32::MAX));
        for message in page.messages {
            out.message(message, args.json)?;
        }
        search.cursor = page.cursor;
        if left == 0 || search.cursor.is_none() {
            return Ok(());
        }
        // Print results as soon as they are found.
        out.flush()?;
        connection.renew_timeout();
    }
}
