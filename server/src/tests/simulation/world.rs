//! Nodes, people and what happens to them.

use std::sync::Arc;
use std::time::Duration;

use chat_shared::protocol::{
    About, AboutFor, Command, CommandFrame, Create, Delete, Edit, GiveRole, History, Join, Leave,
    React, Role, Send,
};
use chat_shared::{Emoji, Nonce, RequestId, RoomName, Seq, TimestampMs, Username};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::store::SimStore;
use super::{BEGIN_MS, Counts, checks};
use crate::accounts::{Accounts, Options, change_reports};
use crate::gateway::{Gateway, GatewayLimits};
use crate::hub::{Environment, Hub};
use chat_server_store::SharedStore;

const NODES: usize = 3;
const PEOPLE: usize = 6;
const ROOMS: [&str; 3] = ["lobby", "pub", "prv"];

/// Milliseconds between two looks at what other nodes appended, as a bus that is lost needs them.
const LOOK_MS: u64 = 3_000;

/// Rounds in which everything must come to rest once nothing fails any more.
const ROUNDS_TO_REST_MAX: usize = 60;

pub(super) struct World {
    chance: fastrand::Rng,
    store: SimStore,
    nodes: Vec<Gateway>,
    people: Vec<Client>,
    bus: Bus,
    counts: Counts,
    ids: u64,
    began: Instant,
}

/// The bus that tells nodes of each other's events.
struct Bus {
    appended: mpsc::UnboundedReceiver<RoomName>,
    chance: fastrand::Rng,
    is_faulty: bool,
}

/// The time of a run, which follows the paused time of its runtime.
#[derive(Debug)]
pub(super) struct SimClock(pub(super) Instant);

impl Environment for SimClock {
    fn now(&self) -> TimestampMs {
        let elapsed = self.0.elapsed().as_millis();
        BEGIN_MS + u64::try_from(elapsed).unwrap_or_default()
    }
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

async fn node(store: &SimStore, began: Instant) -> Gateway {
    let shared: SharedStore = Arc::new(store.clone());
    let (reporter, _) = change_reports();
    let options = Options {
        admin: Some("root".to_owned()),
        ..Options::default()
    };
    let accounts = Accounts::open(Arc::clone(&shared), options, reporter)
        .await
        .unwrap();
    let hub = Hub::open(shared, accounts, Arc::new(SimClock(began)))
        .await
        .unwrap();
    let limits = GatewayLimits {
        all: usize::MAX,
        per_user: 100,
        per_network: 10_000,
        rate: None,
    };
    Gateway::new(hub, limits, crate::disk::DiskSpace::default())
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let people = (0..PEOPLE).map(|i| format!("p{i}"));
        let names = people.chain((0..NODES).map(|i| format!("watcher{i}")));
        let people: Vec<_> = names.map(|name| Client::new(&name)).collect();
        let (appended_tell, appended) = mpsc::unbounded_channel();
        let names = people.iter().map(|person| person.name.clone()).collect();
        let store = SimStore::new(seed, names, appended_tell);
        let began = Instant::now();
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            nodes.push(node(&store, began).await);
        }
        let bus = Bus {
            appended,
            chance: fastrand::Rng::with_seed(seed ^ 0xb05),
            is_faulty: true,
        };
        let mut world = Self {
            chance: fastrand::Rng::with_seed(seed),
            store,
            nodes,
            people,
            bus,
            counts: Counts::new(),
            ids: 0,
            began,
        };
        world.begin().await;
        world.store.set_faulty(true);
        world
    }

    /// Two rooms with everyone in them.
    async fn begin(&mut self) {
        for (i, person) in self.people.iter_mut().enumerate() {
            person.come_back(&self.nodes[i % NODES], i % NODES, &self.store);
        }
        sleep(Duration::from_millis(5)).await;
        for name in &ROOMS[1..] {
            self.people[0].ask(Command::Create(Create {
                room: room(name),
                topic: None,
                private: *name == "prv",
                nonce: None,
            }));
            sleep(Duration::from_millis(5)).await;
            for whom in 1..self.people.len() {
                self.people[0].ask(Command::Invite(self.about(room(name), whom)));
            }
        }
        sleep(Duration::from_millis(5)).await;
        // Those on other nodes have their rooms from now on.
        for (i, person) in self.people.iter_mut().enumerate() {
            person.vanish();
            person.come_back(&self.nodes[i % NODES], i % NODES, &self.store);
        }
        sleep(Duration::from_millis(5)).await;
    }

    fn about(&self, room: RoomName, whom: usize) -> About {
        let username = self.people[whom].name.clone();
        About {
            room,
            username,
            nonce: None,
        }
    }

    pub(super) async fn step(&mut self) {
        match self.chance.u32(..100) {
            0..=69 => self.act(),
            70..=76 => self.vanish(),
            77..=88 => self.come_back(),
            89 => self.replace_a_node().await,
            90..=92 => {
                let who = self.chance.usize(..PEOPLE);
                self.people[who].say_again();
            }
            _ => {
                let long = self.chance.u64(1..1_500);
                sleep(Duration::from_millis(long)).await;
            }
        }
        self.bus.carry(&self.nodes, &mut self.counts);
        if self.chance.u32(..10) == 0 {
            self.watch();
        }
        if self.chance.u32(..3) > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Someone in every room stays on each node: a node that loads a room only later does not tell
    /// those who were let in elsewhere meanwhile, before there is a bus that loads it.
    fn watch(&mut self) {
        for (node, watcher) in self.people[PEOPLE..].iter_mut().enumerate() {
            if !watcher.is_online() {
                watcher.vanish();
                watcher.come_back(&self.nodes[node], node, &self.store);
            }
        }
    }

    fn vanish(&mut self) {
        let who = self.chance.usize(..PEOPLE);
        if self.people[who].is_connected() {
            self.people[who].vanish();
            *self.counts.entry("vanished").or_default() += 1;
        }
    }

    fn come_back(&mut self) {
        let (who, node) = (self.chance.usize(..PEOPLE), self.chance.usize(..NODES));
        if !self.people[who].is_online() {
            self.people[who].vanish();
            self.people[who].come_back(&self.nodes[node], node, &self.store);
            *self.counts.entry("came back").or_default() += 1;
        }
    }

    /// Another process in its place; what the old one had begun may still be stored.
    async fn replace_a_node(&mut self) {
        let at = self.chance.usize(..NODES);
        for person in &mut self.people {
            if person.node() == Some(at) {
                person.vanish();
            }
        }
        self.store.set_faulty(false);
        self.nodes[at] = node(&self.store, self.began).await;
        self.watch();
        sleep(Duration::from_millis(1)).await;
        self.store.set_faulty(true);
        *self.counts.entry("node replaced").or_default() += 1;
    }

    fn act(&mut self) {
        let who = self.chance.usize(..PEOPLE);
        if !self.people[who].is_online() {
            return;
        }
        let chance = &mut self.chance;
        let room = room(ROOMS[chance.usize(..ROOMS.len())]);
        let whom = chance.usize(..PEOPLE);
        let what = chance.u32(..100);
        let seq = chance.u64(..=self.store.tip_of(&room).max(1));
        self.ids += 1;
        let nonce = Nonce::parse(&format!("n{}", self.ids)).unwrap();
        if what < 60 {
            let id = RequestId::parse(&format!("s{}", self.ids)).ok();
            let text = format!("{} says {} to @p{whom}", self.people[who].name, self.ids);
            let command = Command::Send(Send {
                room,
                text,
                nonce: nonce.clone(),
                reply_to: None,
            });
            return self.people[who].say(nonce, CommandFrame { id, command });
        }
        // Mostly the person who made the rooms tries commands that need rights.
        let by = if what >= 75 && self.people[0].is_online() {
            0
        } else {
            who
        };
        let command = self.change(what, room, seq, whom, nonce);
        self.people[by].ask(command);
    }

    fn change(&self, what: u32, room: RoomName, seq: Seq, whom: usize, nonce: Nonce) -> Command {
        let about = About {
            nonce: Some(nonce.clone()),
            ..self.about(room.clone(), whom)
        };
        let nonce = Some(nonce);
        let for_s = what.is_multiple_of(2).then_some(2);
        let about_for = AboutFor {
            room: room.clone(),
            username: about.username.clone(),
            for_s,
            nonce: nonce.clone(),
        };
        match what {
            60..=63 => Command::Edit(Edit {
                text: format!("changed {seq}"),
                room,
                seq,
                nonce,
            }),
            64..=65 => Command::Delete(Delete { room, seq, nonce }),
            66..=68 => Command::React(React {
                emoji: Emoji::parse("🦀").unwrap(),
                on: seq.is_multiple_of(2),
                room,
                seq,
                nonce,
            }),
            69..=71 => Command::History(History {
                room,
                before: None,
                after: None,
                around: None,
                limit: Some(20),
            }),
            72..=73 => Command::Join(Join { room, nonce }),
            74 => Command::Leave(Leave { room, nonce }),
            75..=80 => Command::Kick(about),
            // A ban from the lobby is the server's affair.
            81..=83 if !room.is_lobby() => Command::Ban(about_for),
            84..=85 => Command::Unban(about),
            86..=87 => Command::Mute(about_for),
            88 => Command::Unmute(about),
            89 => Command::Role(GiveRole {
                username: about.username,
                role: Role::Moderator,
                room,
                nonce,
            }),
            _ => Command::Invite(about),
        }
    }

    /// Nothing fails any more: everyone comes back, says again what was not answered, and has the
    /// whole log. Returns the counts, or the promise that was broken.
    pub(super) async fn end(mut self) -> Result<Counts, String> {
        self.store.set_faulty(false);
        self.bus.is_faulty = false;
        for _ in 0..ROUNDS_TO_REST_MAX {
            self.watch();
            for person in &mut self.people {
                if !person.is_online() {
                    person.vanish();
                    person.come_back(&self.nodes[0], 0, &self.store);
                }
            }
            sleep(Duration::from_millis(LOOK_MS)).await;
            self.bus.carry(&self.nodes, &mut self.counts);
            self.people.iter().for_each(Client::say_again);
            if self.is_at_rest() {
                break;
            }
        }
        let rest = self.is_at_rest();
        let mut counts = self.counts;
        for (what, n) in self.store.counts() {
            *counts.entry(what).or_default() += n;
        }
        for person in &self.people {
            for (what, n) in &person.notes().counts {
                *counts.entry(what).or_default() += n;
            }
        }
        checks::all(&self.store, &self.people, &mut counts)?;
        if rest {
            Ok(counts)
        } else {
            Err("not all is answered and told once nothing fails any more".to_owned())
        }
    }

    fn is_at_rest(&self) -> bool {
        self.people.iter().all(|person| {
            let notes = person.notes();
            let mut rooms = notes.cursors.iter();
            let has_all = rooms.all(|(room, cursor)| *cursor == self.store.tip_of(room));
            let told: Vec<_> = notes.cursors.keys().cloned().collect();
            drop(notes);
            let has_all = has_all && told == self.store.rooms_now(&person.name);
            person.is_online() && person.is_answered() && has_all
        })
    }
}

impl Bus {
    /// Tells every node of what was appended, as far as the bus does.
    fn carry(&mut self, nodes: &[Gateway], counts: &mut Counts) {
        let mut count = |what| *counts.entry(what).or_default() += 1;
        if !self.is_faulty || self.chance.u32(..40) == 0 {
            // The look at all tips that heals what was lost.
            for node in nodes {
                ROOMS.iter().for_each(|name| node.hub().reload(&room(name)));
            }
        }
        while let Ok(room) = self.appended.try_recv() {
            for node in nodes {
                let mut copies = 1;
                if self.is_faulty && self.chance.u32(..5) == 0 {
                    count("hint lost");
                    copies = 0;
                } else if self.is_faulty && self.chance.u32(..8) == 0 {
                    count("hint doubled");
                    copies = 2;
                }
                for _ in 0..copies {
                    let hub = node.hub().clone();
                    if self.is_faulty && self.chance.bool() {
                        count("hint reordered");
                        let late = Duration::from_millis(self.chance.u64(1..400));
                        let room = room.clone();
                        tokio::spawn(async move {
                            sleep(late).await;
                            hub.reload(&room);
                        });
                    } else {
                        hub.reload(&room);
                    }
                }
            }
        }
    }
}

/// For the checks.
pub(super) fn names(people: &[Client]) -> Vec<Username> {
    people.iter().map(|person| person.name.clone()).collect()
}
