//! People who chat as usual, and how long their messages take.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use super::super::chat::{ask, connect_from, enter_by, send_frame};
use super::super::stats::quantile;
use super::super::swarm::{PATIENCE, Swarm};
use super::super::ws::Seen;
use super::{PEOPLE, Target, network};

/// People in one room.
const ROOM_PEOPLE: usize = 5;

/// Between two messages in a room.
const PACE: Duration = Duration::from_millis(500);

/// People who chat from one address.
const PEOPLE_PER_ADDRESS: usize = 10;

/// Milliseconds of each message's ways.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// From when it was due to the ack.
    acks: Vec<f64>,
    /// From when it was due to each of the room's people.
    deliveries: Vec<f64>,
}

impl Waits {
    pub(super) fn p99_of_acks(&self) -> anyhow::Result<f64> {
        quantile(&self.acks, 0.99).context("no message was acknowledged")
    }

    pub(super) fn p99_of_deliveries(&self) -> anyhow::Result<f64> {
        quantile(&self.deliveries, 0.99).context("no message was delivered")
    }
}

#[derive(Debug)]
pub(super) struct Chat {
    swarm: Swarm,
    rooms: Vec<Room>,
    nonce: u64,
}

#[derive(Debug)]
struct Room {
    name: String,
    /// Its people in the swarm: from here on, [`ROOM_PEOPLE`].
    first: usize,
    /// Whose turn it is.
    turn: usize,
    due: Instant,
    under_way: Option<UnderWay>,
}

/// A message that has not come to everybody.
#[derive(Debug)]
struct UnderWay {
    is_acked: bool,
    delivered: usize,
}

impl Room {
    /// Counts what one of its people got. Returns the milliseconds that it took.
    fn count(&mut self, seen: Seen) -> Option<f64> {
        let under_way = self.under_way.as_mut()?;
        match seen {
            Seen::Ack => under_way.is_acked = true,
            _ => under_way.delivered += 1,
        }
        let took = self.due.elapsed().as_secs_f64() * 1e3;
        if under_way.is_acked && under_way.delivered == ROOM_PEOPLE {
            self.under_way = None;
            self.due += PACE;
        }
        Some(took)
    }
}

impl Chat {
    /// Connects [`PEOPLE`] people, who make a room for each few of them.
    pub(super) fn start(target: &Target) -> anyhow::Result<Self> {
        let tokens = target.tokens_of_people();
        let mut streams = enter_by(tokens, |at| {
            connect_from(network(1, at / PEOPLE_PER_ADDRESS), target.address)
        })?;
        let mut rooms = Vec::new();
        for (at, people) in streams.chunks_mut(ROOM_PEOPLE).enumerate() {
            let name = format!("team-{at}");
            for (n, stream) in people.iter_mut().enumerate() {
                let kind = if n == 0 { "create" } else { "join" };
                ask(stream, json!({"type": kind, "room": name}))?;
            }
            rooms.push(Room {
                name,
                first: at * ROOM_PEOPLE,
                turn: 0,
                due: Instant::now(),
                under_way: None,
            });
        }
        let mut swarm = Swarm::new(streams)?;
        swarm.settle()?;
        debug_assert_eq!(swarm.len(), PEOPLE);
        Ok(Self {
            swarm,
            rooms,
            nonce: 0,
        })
    }

    /// Chats for this long. A message that is late counts from when it was due, so that a server
    /// that stands still is not asked more rarely.
    ///
    /// # Errors
    /// If a message does not arrive at all, or one of the people is refused or put out.
    pub(super) fn talk(&mut self, duration: Duration) -> anyhow::Result<Waits> {
        let start = Instant::now();
        let end = start + duration;
        let count = self.rooms.len() as u32;
        for (at, room) in self.rooms.iter_mut().enumerate() {
            room.due = start + PACE * at as u32 / count;
        }
        let mut waits = Waits::default();
        while self.rooms.iter().any(|room| room.under_way.is_some()) || Instant::now() < end {
            self.speak(end)?;
            let rooms = &mut self.rooms;
            self.swarm.poll(Duration::from_millis(1), |at, seen| {
                let room = &mut rooms[at / ROOM_PEOPLE];
                match seen {
                    Seen::Ack => waits.acks.extend(room.count(seen)),
                    Seen::Chat => waits.deliveries.extend(room.count(seen)),
                    _ => {}
                }
            })?;
        }
        Ok(waits)
    }

    /// Sends the messages that are due.
    fn speak(&mut self, end: Instant) -> anyhow::Result<()> {
        let now = Instant::now();
        for room in &mut self.rooms {
            if room.under_way.is_some() {
                if now > room.due + PATIENCE {
                    bail!("a message in {} did not come to everybody", room.name);
                }
                continue;
            }
            if room.due > now || room.due >= end {
                continue;
            }
            self.nonce += 1;
            let frame = send_frame(&room.name, self.nonce);
            self.swarm.write(room.first + room.turn, &frame)?;
            room.turn = (room.turn + 1) % ROOM_PEOPLE;
            room.under_way = Some(UnderWay {
                is_acked: false,
                delivered: 0,
            });
        }
        Ok(())
    }
}
