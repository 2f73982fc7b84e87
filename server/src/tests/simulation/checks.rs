//! Checks of all frames that the clients got, against the log that the store ended with.

use std::collections::{BTreeMap, BTreeSet};

use chat_shared::{RoomName, Seq, Username};

use super::Counts;
use super::client::{Client, Notes};
use super::store::SimStore;
use super::world::names;
use crate::hub::wire::event_frame;
use chat_server_rules::{EventBody, LogEvent, RoomState};

/// A room's log, and who was in the room after each of its events.
struct Truth {
    log: Vec<LogEvent>,
    members: Vec<BTreeSet<Username>>,
    /// The delete of each message that is deleted.
    deleted: BTreeMap<Seq, Seq>,
}

pub(super) fn all(store: &SimStore, people: &[Client], counts: &mut Counts) -> Result<(), String> {
    let names = names(people);
    let mut truths = BTreeMap::new();
    for (room, log) in store.rooms() {
        let truth = truth(&room, log, &names, counts)?;
        truths.insert(room, truth);
    }
    for person in people {
        let notes = person.notes();
        if let Some(wrong) = notes.wrong.first() {
            return Err(wrong.clone());
        }
        acks(&notes, &person.name, &truths)?;
        events(&notes, &person.name, &truths)?;
        pages(&notes, &person.name, &truths)?;
        let told: Vec<RoomName> = notes.cursors.keys().cloned().collect();
        let is = store.rooms_now(&person.name);
        if told != is {
            return Err(format!(
                "{} is in {is:?} and was told {told:?}",
                person.name
            ));
        }
    }
    Ok(())
}

/// The log itself: no hole, no nonce twice, nobody in it who had no right.
fn truth(
    room: &RoomName,
    log: Vec<LogEvent>,
    names: &[Username],
    counts: &mut Counts,
) -> Result<Truth, String> {
    let mut state = RoomState::empty(room.clone());
    let mut members = vec![BTreeSet::new()];
    let mut nonces = BTreeSet::new();
    let mut deleted = BTreeMap::new();
    for (event, expect) in log.iter().zip(1..) {
        if event.seq != expect {
            return Err(format!(
                "{room}: {} stands in the place of {expect}",
                event.seq
            ));
        }
        if event.ts < state.ts() {
            return Err(format!("{room}: time goes back at {expect}"));
        }
        let sender = &event.sender;
        if !nonces.insert((sender.clone(), event.nonce.clone())) {
            return Err(format!(
                "{room}: a nonce of {sender} stands twice, again at {expect}"
            ));
        }
        if event.body.text().is_some() || event.body.target().is_some() {
            let may = state.is_member(sender)
                && !state.is_muted(sender, event.ts)
                && !state.is_banned(sender, event.ts);
            if !may {
                return Err(format!(
                    "{room}: {sender} had no right to {expect}: {:?}",
                    event.body
                ));
            }
        }
        match event.body {
            EventBody::Kicked { .. } => *counts.entry("kicked").or_default() += 1,
            EventBody::Banned { .. } => *counts.entry("banned").or_default() += 1,
            EventBody::Deleted { target } => drop(deleted.insert(target, event.seq)),
            _ => {}
        }
        state.apply(event);
        let now = names.iter().filter(|name| state.is_member(name));
        members.push(now.cloned().collect());
    }
    Ok(Truth {
        log,
        members,
        deleted,
    })
}

fn acks(notes: &Notes, who: &Username, truths: &BTreeMap<RoomName, Truth>) -> Result<(), String> {
    for (room, nonce, seq) in &notes.acks {
        let event = truths.get(room).and_then(|truth| event_at(truth, *seq));
        let is = event.is_some_and(|event| {
            event.sender == *who && event.nonce.client().as_ref() == Some(nonce)
        });
        if !is {
            return Err(format!(
                "{who}: {nonce} is acked as {seq} of {room}, which is {event:?}"
            ));
        }
    }
    Ok(())
}

fn event_at(truth: &Truth, seq: Seq) -> Option<&LogEvent> {
    truth.log.get(usize::try_from(seq.checked_sub(1)?).ok()?)
}

/// Each event is as the log has it, and came to someone who was in the room then or later.
fn events(notes: &Notes, who: &Username, truths: &BTreeMap<RoomName, Truth>) -> Result<(), String> {
    for (frame, tip) in &notes.received {
        let Some((room, seq)) = frame.place() else {
            continue;
        };
        let truth = truths.get(room);
        let Some((truth, event)) = truth.and_then(|it| Some((it, event_at(it, seq)?))) else {
            return Err(format!("{who}: told {frame:?}, which does not stand"));
        };
        let as_said = event_frame(room, event, false);
        let message = event.body.target().unwrap_or(seq);
        let masked = event_frame(room, event, true);
        let may_be_masked = truth.deleted.get(&message).is_some_and(|at| at <= tip);
        if *frame != as_said && !(may_be_masked && *frame == masked) {
            return Err(format!("{who}: told {frame:?}, and it is {as_said:?}"));
        }
        let at = usize::try_from(seq).unwrap_or_default();
        let tip = usize::try_from(*tip)
            .unwrap_or_default()
            .min(truth.members.len() - 1);
        let was_in = truth.members[at - 1..=tip]
            .iter()
            .any(|in_it| in_it.contains(who));
        if !was_in {
            return Err(format!(
                "{who} had no right to hear {seq} of {room} at {tip}"
            ));
        }
    }
    Ok(())
}

/// A page shows messages as of a moment at which one was in the room, and no deleted text.
fn pages(notes: &Notes, who: &Username, truths: &BTreeMap<RoomName, Truth>) -> Result<(), String> {
    for page in &notes.pages {
        let Some(truth) = truths.get(&page.room) else {
            continue;
        };
        let as_of = usize::try_from(page.as_of).unwrap_or_default();
        let in_it = truth.members.get(as_of);
        if !page.room.is_lobby() && !in_it.is_some_and(|in_it| in_it.contains(who)) {
            return Err(format!(
                "{who} had no right to a page of {} as of {as_of}",
                page.room
            ));
        }
        for message in &page.messages {
            let deleted = truth
                .deleted
                .get(&message.seq)
                .is_some_and(|at| *at <= page.as_of);
            if deleted != message.deleted || (deleted && !message.message.is_empty()) {
                return Err(format!(
                    "{who}: as of {as_of}, deleted is {deleted}: {message:?}"
                ));
            }
            let said = event_at(truth, message.seq);
            if said.is_none_or(|event| event.sender != message.username) {
                return Err(format!("{who}: {message:?} is {said:?}"));
            }
        }
    }
    Ok(())
}
