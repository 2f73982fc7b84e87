//! `chat-tui tail`: prints events as they happen.

use std::io::{self, Write};

use chat_shared::client::{CommandError, Event};
use chat_shared::limits::EVENTS_LIMIT_MAX;
use chat_shared::protocol::ServerFrame;

use super::connection::{Connection, Identity};
use super::cursors::{PrintDecision, RoomCursors};
use super::lists::own_rooms;
use super::output::Output;
use super::{Failure, Status, Tail};
use crate::messages;

pub(super) async fn run(args: Tail, who: &Identity, out: &mut Output) -> Result<(), Failure> {
    let mut connection = Connection::open(who, args.timeout).await?;
    let outcome = follow(&args, &mut connection, out).await;
    connection.close().await;
    outcome
}

async fn follow(args: &Tail, connection: &mut Connection, out: &mut Output) -> Result<(), Failure> {
    let mut printer = Printer {
        cursors: RoomCursors::new(args.room.clone()),
        json: args.json,
        left: args.count,
        out,
    };
    let mut passed = Vec::new();
    let rooms = own_rooms(connection, |frame| {
        if frame.place().is_some() {
            passed.push(frame.clone());
        }
    })
    .await?;
    rooms.iter().for_each(|room| printer.cursors.follow(room));
    passed
        .iter()
        .for_each(|frame| printer.cursors.note_unprinted(frame));
    if let Some(room) = &args.room {
        if !printer.cursors.is_followed(room) {
            let why = messages::scripts::not_in_room(room);
            return Err(Failure::WithStatus(Status::Refused, why));
        }
        if let Some(since) = args.since {
            printer.cursors.rewind(room, since);
        }
    }
    let mut connected = true;
    while !printer.is_done() {
        if connected && printer.cursors.next_request().is_some() {
            match printer.fetch(connection).await {
                // Ask again once the connection is back.
                Err(Failure::WithStatus(Status::Unreachable, why)) => {
                    report(&why);
                    connected = false;
                }
                other => other?,
            }
            continue;
        }
        match connection.events.next().await {
            Some(Event::Frame(ServerFrame::RoomGone(gone)))
                if args.room.as_ref() == Some(&gone.room) =>
            {
                let why = messages::chat::not_in_room(&gone.room);
                return Err(Failure::WithStatus(Status::Refused, why));
            }
            Some(Event::Frame(frame)) => printer.on(&frame)?,
            Some(Event::Connected(welcome)) => {
                welcome
                    .rooms
                    .iter()
                    .for_each(|room| printer.cursors.follow(room));
                connected = true;
            }
            Some(Event::Disconnected { reason, .. }) => {
                report(&reason);
                connected = false;
            }
            Some(Event::Closed(reason)) => return Err(CommandError::Closed(reason).into()),
            Some(_) => {}
            None => return Ok(()),
        }
    }
    Ok(())
}

struct Printer<'a> {
    cursors: RoomCursors,
    json: bool,
    /// The number of lines still to print, if it is limited.
    left: Option<u64>,
    out: &'a mut Output,
}

impl Printer<'_> {
    fn is_done(&self) -> bool {
        self.left == Some(0)
    }

    /// Prints a frame if it is the next event of its room.
    fn on(&mut self, frame: &ServerFrame) -> Result<(), Failure> {
        if self.cursors.handle(frame) == PrintDecision::Print && !self.is_done() {
            self.out.frame(frame, self.json)?;
            self.left = self.left.map(|left| left - 1);
            self.out.flush()?;
        }
        Ok(())
    }

    /// Fetches and prints a page of missing events.
    async fn fetch(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let Some((room, after)) = self.cursors.next_request() else {
            return Ok(());
        };
        connection.renew_timeout();
        let client = connection.client.clone();
        let mut passed = Vec::new();
        let page = connection
            .during(
                client.events(&room, after, Some(EVENTS_LIMIT_MAX)),
                |frame| {
                    passed.push(frame.clone());
                },
            )
            .await?;
        for frame in &page.events {
            self.on(frame)?;
        }
        if !page.more {
            self.cursors.mark_complete(&room);
        }
        passed
            .iter()
            .for_each(|frame| self.cursors.note_unprinted(frame));
        Ok(())
    }
}

/// Reports the connection's state on standard error.
fn report(why: &str) {
    // If even this can't be written, nobody reads it.
    let _ = writeln!(
        io::stderr(),
        "{}",
        messages::program::line(crate::text::sanitize(why))
    );
}
