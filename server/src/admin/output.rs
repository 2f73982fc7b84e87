//! Prints outcomes on standard output: tables for people, JSON for scripts.
//!
//! Names and texts are other people's. Characters that a terminal acts on are printed as escapes, so
//! that nothing of them runs.

use std::io::{self, ErrorKind, Write};

use chat_shared::protocol::{AuditInfo, InviteInfo, RoomKind};
use chat_shared::text::escape_controls;
use chat_shared::{RoomName, TimestampMs, Username};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::act::{Outcome, Person, RoomRow, SessionRow, StorageUse};

/// Spaces between the columns of a table.
const COLUMN_GAP: usize = 2;

/// Prints the outcomes of one command. A reader that has gone, such as `head`, is no error.
pub(super) fn print(outcomes: &[Outcome], json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = write(&mut out, outcomes, json).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn write(out: &mut impl Write, outcomes: &[Outcome], json: bool) -> io::Result<()> {
    match json {
        true => outcomes.iter().try_for_each(|it| write_as_json(out, it)),
        false => write_for_people(out, outcomes),
    }
}

fn write_as_json(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    match outcome {
        Outcome::People { people, .. } => write_json(out, people),
        Outcome::Sessions(sessions) => write_json(out, sessions),
        Outcome::Audit { entries, .. } => write_json(out, entries),
        Outcome::Rooms { rooms, .. } => write_json(out, rooms),
        Outcome::Invites(invites) => write_json(out, invites),
        Outcome::Storage(usage) => write_json(out, std::slice::from_ref(usage)),
        Outcome::Done { sentence } => write_json(out, &[json!({ "done": sentence })]),
        Outcome::Changed { person, .. } => write_json(out, std::slice::from_ref(person)),
        Outcome::Link { link, .. } => write_json(out, std::slice::from_ref(link)),
    }
}

fn write_for_people(out: &mut impl Write, outcomes: &[Outcome]) -> io::Result<()> {
    let (mut all, mut all_rooms, mut audit) = (Vec::new(), Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::People { people, .. } => all.extend(people),
            Outcome::Rooms { rooms, .. } => all_rooms.extend(rooms),
            Outcome::Audit { entries, .. } => audit.extend(entries),
            Outcome::Sessions(sessions) => write_sessions(out, sessions)?,
            Outcome::Invites(invites) => write_invites(out, invites)?,
            Outcome::Storage(usage) => write_usage(out, usage)?,
            Outcome::Done { sentence } | Outcome::Changed { sentence, .. } => {
                writeln!(out, "{}", escape_controls(sentence))?;
            }
            Outcome::Link { sentence, link } => {
                writeln!(out, "{}", escape_controls(sentence))?;
                writeln!(out, "{}", link.url.as_ref().unwrap_or(&link.path))?;
            }
        }
    }
    if !all.is_empty() {
        write_people(out, &all)?;
    }
    if !all_rooms.is_empty() {
        write_rooms(out, &all_rooms)?;
    }
    match audit.is_empty() {
        true => Ok(()),
        false => write_audit(out, &audit),
    }
}

fn write_json<T: Serialize>(out: &mut impl Write, rows: &[T]) -> io::Result<()> {
    for row in rows {
        let json = serde_json::to_string(row).map_err(io::Error::other)?;
        writeln!(out, "{}", escape_controls(&json))?;
    }
    Ok(())
}

fn write_people(out: &mut impl Write, people: &[&Person]) -> io::Result<()> {
    let rows = people.iter().map(|person| {
        [
            person.username.clone(),
            person.display_name.clone(),
            date(person.created),
            state(person),
        ]
    });
    write_table(out, ["USERNAME", "DISPLAY NAME", "CREATED", "STATE"], rows)
}

fn write_sessions(out: &mut impl Write, sessions: &[SessionRow]) -> io::Result<()> {
    let rows = sessions.iter().map(|session| {
        let expires = session.expires.map_or_else(|| "never".to_owned(), date);
        [session.id.clone(), date(session.created), expires]
    });
    write_table(out, ["SESSION", "SINCE", "UNTIL"], rows)
}

fn write_rooms(out: &mut impl Write, rooms: &[&RoomRow]) -> io::Result<()> {
    let rows = rooms.iter().map(|room| {
        let kind = match room.kind {
            RoomKind::Public => "public",
            RoomKind::Private => "private",
            RoomKind::Direct => "direct",
        };
        [
            room.room.clone(),
            kind.to_owned(),
            room.members.to_string(),
            room.messages.to_string(),
            date(room.last),
            room.owners.join(", "),
            room.topic.clone(),
        ]
    });
    let heading = [
        "ROOM", "KIND", "MEMBERS", "MESSAGES", "LAST", "OWNERS", "TOPIC",
    ];
    write_table(out, heading, rows)
}

fn write_invites(out: &mut impl Write, invites: &[InviteInfo]) -> io::Result<()> {
    if invites.is_empty() {
        return Ok(());
    }
    let rows = invites.iter().map(|invite| {
        let room = invite.room.as_ref();
        [
            invite.invite.clone(),
            invite.by.to_string(),
            date(invite.created),
            date(invite.expires),
            format!("{} of {}", invite.used, invite.uses),
            room.map_or_else(String::new, RoomName::to_string),
        ]
    });
    let heading = ["INVITE", "BY", "MADE", "UNTIL", "USED", "ROOM"];
    write_table(out, heading, rows)
}

fn write_usage(out: &mut impl Write, usage: &StorageUse) -> io::Result<()> {
    let mib = usage.bytes.div_ceil(1 << 20);
    let row = [
        usage.store.clone(),
        format!("{mib} MiB"),
        usage.accounts.to_string(),
        usage.rooms.to_string(),
        usage.events.to_string(),
    ];
    let heading = ["STORE", "SIZE", "ACCOUNTS", "ROOMS", "EVENTS"];
    write_table(out, heading, [row].into_iter())
}

/// The states of an account, such as "bot, deactivated".
fn state(person: &Person) -> String {
    let banned = person.banned_until.is_some();
    let states = [
        (person.admin, "admin"),
        (person.bot, "bot"),
        (person.deactivated, "deactivated"),
        (person.erased, "erased"),
        (banned, "banned"),
    ];
    let states = states.into_iter().filter(|(is_so, _)| *is_so);
    states.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

fn write_audit(out: &mut impl Write, entries: &[&AuditInfo]) -> io::Result<()> {
    let text = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let rows = entries.iter().map(|entry| {
        [
            time(entry.ts, "%Y-%m-%d %H:%M:%SZ"),
            entry.action.clone(),
            text(entry.by.as_ref().map(Username::as_str)),
            text(entry.username.as_ref().map(Username::as_str)),
            text(entry.room.as_ref().map(RoomName::as_str)),
            text(entry.from.as_deref()),
            text(entry.detail.as_deref()),
        ]
    });
    let heading = ["TIME", "ACTION", "BY", "USERNAME", "ROOM", "FROM", "DETAIL"];
    write_table(out, heading, rows)
}

/// The day in UTC.
fn date(ts: TimestampMs) -> String {
    time(ts, "%Y-%m-%d")
}

/// A time in UTC.
fn time(ts: TimestampMs, format: &str) -> String {
    let ts = i64::try_from(ts).ok();
    let ts = ts.and_then(|ts| Timestamp::from_millisecond(ts).ok());
    ts.unwrap_or_default().strftime(format).to_string()
}

/// Writes rows under a heading, each column as wide as its widest cell.
fn write_table<const N: usize>(
    out: &mut impl Write,
    heading: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> io::Result<()> {
    let rows = rows.map(|row| row.map(|cell| escape_controls(&cell)));
    let rows: Vec<_> = [heading.map(str::to_owned)]
        .into_iter()
        .chain(rows)
        .collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].width());
        widths.max().unwrap_or_default()
    });
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + COLUMN_GAP));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
