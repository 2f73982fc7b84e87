//! Unread counts, mentions and read markers are the same for three connections of one person, live
//! and after reconnecting.

use chat_shared::RoomName;
use chat_shared::protocol::{HistoryPage, PageKind, RoomInfo, ServerFrame, Welcome};
use chat_shared::view::{PageError, RoomsView};
use serde_json::{Value, json};

use tokio::time::Instant;

use crate::support::{PATIENCE, Server, User, Ws, on_ferretdb, seeded};

/// A connection, and the counts that it has computed from its frames.
struct Device {
    ws: Ws,
    view: RoomsView,
}

impl Device {
    async fn new(server: &Server, user: &User) -> Self {
        let ws = server.enter(user).await;
        let mut view = RoomsView::default();
        view.welcome(&serde_json::from_value::<Welcome>(ws.welcome.clone()).unwrap());
        Self { ws, view }
    }

    /// Reconnects with the cursors that it has.
    async fn back(&mut self, server: &Server, user: &User) {
        let cursors: serde_json::Map<String, Value> = self
            .view
            .iter()
            .map(|room| (room.info().room.to_string(), json!(room.seq())))
            .collect();
        let more = json!({"log": self.ws.welcome["log"], "resume": cursors});
        self.ws = server.enter_with(user, more).await;
        let welcome: Welcome = serde_json::from_value(self.ws.welcome.clone()).unwrap();
        self.view.welcome(&welcome);
    }

    /// Handles all frames before the reply to a ping, and the rooms' events up to `tips`.
    async fn settle(&mut self, tips: &[(&str, u64)]) {
        let id = crate::support::fresh_nonce();
        self.ws.send(&json!({"type": "ping", "id": id})).await;
        let mut answered = false;
        loop {
            let there = tips
                .iter()
                .all(|(room, tip)| self.room(room).last_seq >= *tip && self.seq(room) >= *tip);
            if answered && there {
                return;
            }
            let frame = self.ws.next_any().await;
            answered |= frame["re"] == json!(id);
            self.view
                .apply(&serde_json::from_value::<ServerFrame>(frame).unwrap());
        }
    }

    /// Asks for the newest messages. Frames before the page are applied first, as a client does.
    async fn take_newest(&mut self, room: &str, limit: u32) {
        let name = RoomName::parse(room).unwrap();
        self.ws
            .send(&json!({"type": "history", "id": "page", "room": room, "limit": limit}))
            .await;
        let mut frames = self
            .ws
            .collect_until("the page", |frame| frame["re"] == "page")
            .await;
        let page: HistoryPage = serde_json::from_value(frames.pop().unwrap()).unwrap();
        for frame in frames {
            self.view
                .apply(&serde_json::from_value::<ServerFrame>(frame).unwrap());
        }
        let view = self.view.get_mut(&name).unwrap();
        // While a resume is being replayed, a page may be ahead of the view and not join it.
        let is_ahead = view.seq() < page.as_of;
        match view.take_page(PageKind::Newest, &page) {
            Err(PageError::Detached) if is_ahead => {}
            taken => taken.unwrap(),
        }
    }

    fn room(&self, room: &str) -> &RoomInfo {
        let room = RoomName::parse(room).unwrap();
        self.view
            .get(&room)
            .expect("a room that the user is in")
            .info()
    }

    fn seq(&self, room: &str) -> u64 {
        let room = RoomName::parse(room).unwrap();
        self.view
            .get(&room)
            .expect("a room that the user is in")
            .seq()
    }

    /// Read marker, unread messages, unread mentions.
    fn marks(&self, room: &str) -> (u64, u64, u64) {
        let info = self.room(room);
        (info.read_seq, info.unread, info.mentions)
    }
}

/// Bob, who owns the room "rust", and Ann, a member of it, with her three connections.
async fn bob_and_ann_with_three_devices(server: &Server) -> (Ws, User, Vec<Device>) {
    let (_, mut bob) = server.newcomer("bob").await;
    let ann = server.user("ann").await;
    bob.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.done(
        json!({"type": "invite", "room": "rust", "username": "ann"}),
        "ok",
    )
    .await;
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(Device::new(server, &ann).await);
    }
    (bob, ann, devices)
}

#[tokio::test]
async fn three_connections_agree_step_by_step() {
    let server = Server::start().await;
    let (mut bob, ann, mut devices) = bob_and_ann_with_three_devices(&server).await;
    let check = async |devices: &mut [Device], tip: u64, expect: (u64, u64, u64)| {
        for (i, device) in devices.iter_mut().enumerate() {
            // The marker is sent to each connection separately.
            let deadline = Instant::now() + PATIENCE;
            loop {
                device.settle(&[("rust", tip)]).await;
                if device.marks("rust") == expect || Instant::now() > deadline {
                    break;
                }
            }
            assert_eq!(device.marks("rust"), expect, "connection {i} at {tip}");
        }
    };
    // Events 1 created and 2 invited: a new member has read everything before the invitation.
    check(&mut devices, 2, (2, 0, 0)).await;
    bob.say("rust", "one").await;
    bob.say("rust", "@ann two").await;
    bob.say("rust", "@ann three").await;
    check(&mut devices, 5, (2, 3, 2)).await;
    devices[1]
        .ws
        .done(json!({"type": "read", "room": "rust", "seq": 4}), "ok")
        .await;
    check(&mut devices, 5, (4, 1, 1)).await;
    // The marker only moves forward.
    devices[2]
        .ws
        .done(json!({"type": "read", "room": "rust", "seq": 3}), "ok")
        .await;
    check(&mut devices, 5, (4, 1, 1)).await;
    // A connection that was offline gets the new marker in its welcome.
    bob.say("rust", "four @ann").await;
    devices[0].back(&server, &ann).await;
    check(&mut devices, 6, (4, 2, 2)).await;
    // An edit or a delete takes the mention away.
    bob.done(
        json!({"type": "edit", "room": "rust", "seq": 6, "text": "nobody"}),
        "ok",
    )
    .await;
    check(&mut devices, 7, (4, 2, 1)).await;
    bob.done(json!({"type": "delete", "room": "rust", "seq": 5}), "ok")
        .await;
    check(&mut devices, 8, (4, 2, 0)).await;
    // The user's own message moves the marker up to it.
    devices[2].ws.say("rust", "mine").await;
    check(&mut devices, 9, (9, 0, 0)).await;
    devices[0].back(&server, &ann).await;
    check(&mut devices, 9, (9, 0, 0)).await;
    // A marker past the last event is set to the last event.
    bob.say("rust", "@ann five").await;
    devices[0]
        .ws
        .done(json!({"type": "read", "room": "rust", "seq": 999}), "ok")
        .await;
    check(&mut devices, 10, (10, 0, 0)).await;
}

/// Random commands, compared with a fresh connection's welcome.
#[tokio::test]
async fn three_connections_agree_at_random() {
    let steps = if on_ferretdb() { 15 } else { 150 };
    let mut chance = seeded("markers");
    let server = Server::start().await;
    let (mut bob, ann, mut devices) = bob_and_ann_with_three_devices(&server).await;
    let mut tips = [("lobby", 0), ("rust", 2)];
    for step in 0..steps {
        let at = chance.usize(..2);
        let (room, tip) = tips[at];
        let device = chance.usize(..3);
        match chance.u8(..12) {
            0..=4 => {
                let text = if chance.bool() { "@ann hi" } else { "hi" };
                tips[at].1 = bob.say(room, text).await["seq"].as_u64().unwrap();
            }
            5 => {
                tips[at].1 = devices[device].ws.say(room, "mine").await["seq"]
                    .as_u64()
                    .unwrap()
            }
            6..=8 => {
                let read = json!({"type": "read", "room": room, "seq": chance.u64(0..=tip)});
                devices[device].ws.done(read, "ok").await;
            }
            9 => devices[device].back(&server, &ann).await,
            10 => {
                let limit = chance.u32(1..30);
                devices[device].take_newest(room, limit).await;
            }
            _ => {
                // Several markers at once, each from another connection.
                for device in &mut devices {
                    let read = json!({"type": "read", "room": room, "seq": chance.u64(0..=tip), "id": format!("r{step}")});
                    device.ws.send(&read).await;
                }
                for device in &mut devices {
                    let done = device
                        .ws
                        .collect_until("ok", |frame| frame["re"] == json!(format!("r{step}")))
                        .await;
                    for frame in done {
                        device
                            .view
                            .apply(&serde_json::from_value::<ServerFrame>(frame).unwrap());
                    }
                }
            }
        }
        if chance.u8(..5) == 0 || step + 1 == steps {
            agree(&server, &ann, &mut devices, tips, step).await;
        }
    }
}

/// Checks that every connection has the counts of a fresh one.
async fn agree(
    server: &Server,
    ann: &User,
    devices: &mut [Device],
    tips: [(&str, u64); 2],
    step: usize,
) {
    let mut fresh = Device::new(server, ann).await;
    for (room, _) in tips {
        fresh.settle(&tips).await;
        for (i, device) in devices.iter_mut().enumerate() {
            let deadline = Instant::now() + PATIENCE;
            loop {
                device.settle(&tips).await;
                fresh.settle(&tips).await;
                if device.marks(room) == fresh.marks(room) || Instant::now() > deadline {
                    break;
                }
            }
            assert_eq!(
                device.marks(room),
                fresh.marks(room),
                "{room}, connection {i}, step {step}"
            );
        }
    }
}
