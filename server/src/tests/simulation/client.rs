//! Someone with one connection at a time, who notes all that comes and what is wrong with it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use chat_shared::codec::{decode_server_frame, encode};
use chat_shared::protocol::{
    Command, CommandFrame, Hello, HistoryPage, RoomInfo, ServerFrame, Welcome,
};
use chat_shared::{Nonce, PROTOCOL_VERSION, RoomName, Seq, Username};
use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::task::AbortOnDropHandle;

use super::Counts;
use super::faults::{Broken, is_broken};
use super::store::SimStore;
use crate::accounts::Identity;
use crate::gateway::Gateway;
use crate::hub::wire::event_frame;
use crate::network::ClientNetwork;

/// Bytes on their way between a client and its node.
const PIPE_BYTES: usize = 64 << 10;

pub(super) struct Client {
    pub(super) name: Username,
    notes: Arc<Mutex<Notes>>,
    link: Option<Link>,
}

/// A connection; dropped, it is cut.
struct Link {
    node: usize,
    outgoing: mpsc::UnboundedSender<Message>,
    _talking: AbortOnDropHandle<()>,
}

/// All frames that a client got.
#[derive(Default)]
pub(super) struct Notes {
    name: String,
    is_online: bool,
    /// The last event that the client has of each of its rooms.
    pub(super) cursors: BTreeMap<RoomName, Seq>,
    /// Events, with the tip of the store when they came.
    pub(super) received: Vec<(ServerFrame, Seq)>,
    pub(super) pages: Vec<HistoryPage>,
    /// How many events came.
    heard: u64,
    /// Rooms whose events a broken server still sends, and the last one heard.
    leaks: BTreeMap<RoomName, Seq>,
    pub(super) acks: Vec<(RoomName, Nonce, Seq)>,
    /// Messages that were not answered yet, in their order.
    unanswered: Vec<(Nonce, CommandFrame)>,
    pub(super) counts: Counts,
    pub(super) wrong: Vec<String>,
}

impl Notes {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn wrong(&mut self, what: &str) {
        let name = &self.name;
        self.wrong.push(format!("{name}: {what}"));
    }

    fn take(&mut self, frame: ServerFrame, store: &SimStore) {
        self.hear_more(store);
        if let Some((room, seq)) = frame.place() {
            let room = room.clone();
            self.heard += 1;
            if is_broken(Broken::EventsGetLost) && self.heard.is_multiple_of(50) {
                return;
            }
            self.event(&room, seq);
            self.received.push((frame, store.tip_of(&room)));
            return;
        }
        match frame {
            ServerFrame::Welcome(welcome) => self.welcome(&welcome),
            ServerFrame::Room { room, .. } => self.enter(&room),
            ServerFrame::RoomGone(gone) => {
                let had = self.cursors.remove(&gone.room);
                if is_broken(Broken::RemovedMembersStillHear) {
                    let tip = store.tip_of(&gone.room);
                    self.leaks.insert(gone.room.clone(), tip);
                }
                if had.is_none() {
                    self.wrong(&format!("put out of {} twice", gone.room));
                }
            }
            ServerFrame::Limited(limited) => {
                self.wrong(&format!("{limited:?}, and so much was never missed"));
                self.cursors.insert(limited.room, limited.last_seq);
            }
            ServerFrame::Ack(ack) => {
                self.count("acked");
                self.unanswered.retain(|(nonce, _)| *nonce != ack.nonce);
                self.acks.push((ack.room, ack.nonce, ack.seq));
            }
            ServerFrame::Error(error) if !error.code.is_transient() => {
                self.count("refused");
                let re = error.re.as_ref();
                self.unanswered.retain(|(_, frame)| frame.id.as_ref() != re);
            }
            ServerFrame::History(page) => self.pages.push(page),
            _ => {}
        }
    }

    /// Takes the next event of each room that a broken server still sends.
    fn hear_more(&mut self, store: &SimStore) {
        for (room, heard) in &mut self.leaks {
            let logs = store.rooms();
            let log = logs.get(room).map_or(&[][..], Vec::as_slice);
            if let Some(event) = log.iter().find(|event| event.seq > *heard) {
                *heard = event.seq;
                let frame = event_frame(room, event, false);
                self.received.push((frame, event.seq));
            }
        }
    }

    fn event(&mut self, room: &RoomName, seq: Seq) {
        let Some(cursor) = self.cursors.get_mut(room) else {
            return self.wrong(&format!(
                "told {seq} of {room}, where one had no right to be"
            ));
        };
        let expected = *cursor + 1;
        *cursor = seq.max(*cursor);
        if seq < expected {
            self.wrong(&format!("{room}: {seq} came again after {}", expected - 1));
        } else if seq > expected {
            self.wrong(&format!("{room}: a gap from {expected} to {seq}"));
        }
    }

    fn welcome(&mut self, welcome: &Welcome) {
        self.is_online = true;
        let had = std::mem::take(&mut self.cursors);
        for info in &welcome.rooms {
            let cursor = had.get(&info.room).copied().unwrap_or(info.last_seq);
            self.cursors.insert(info.room.clone(), cursor);
        }
    }

    fn enter(&mut self, info: &RoomInfo) {
        self.cursors
            .entry(info.room.clone())
            .or_insert(info.last_seq);
    }
}

impl Client {
    pub(super) fn new(name: &str) -> Self {
        let notes = Notes {
            name: name.to_owned(),
            ..Notes::default()
        };
        Self {
            name: Username::existing(name),
            notes: Arc::new(Mutex::new(notes)),
            link: None,
        }
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    pub(super) fn is_online(&self) -> bool {
        self.is_connected() && self.notes().is_online
    }

    pub(super) fn node(&self) -> Option<usize> {
        self.link.as_ref().map(|link| link.node)
    }

    /// Whether all that was said is answered.
    pub(super) fn is_answered(&self) -> bool {
        self.notes().unanswered.is_empty()
    }

    /// The connection is cut, with all that is on its way.
    pub(super) fn vanish(&mut self) {
        self.link = None;
        self.notes().is_online = false;
    }

    /// Connects to a node from where one was, and says again what was not answered.
    pub(super) fn come_back(&mut self, gateway: &Gateway, node: usize, store: &SimStore) {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let identity = Identity {
            username: self.name.clone(),
            session: self.name.to_string(),
            bot: false,
            created: 0,
            check_at: u64::MAX,
        };
        let gateway = gateway.clone();
        let serving = tokio::spawn(async move {
            let local = ClientNetwork::of(Ipv4Addr::LOCALHOST.into());
            gateway
                .serve_stream(far, Bytes::new(), Some(identity), local)
                .await;
        });
        let (outgoing, mut to_send) = mpsc::unbounded_channel::<Message>();
        let (notes, store) = (Arc::clone(&self.notes), store.clone());
        let talking = tokio::spawn(async move {
            let socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
            let (mut sink, mut stream) = socket.split();
            loop {
                tokio::select! {
                    biased;
                    message = stream.next() => match message {
                        Some(Ok(Message::Text(text))) => match decode_server_frame(&text) {
                            Ok(frame) => notes.lock().unwrap().take(frame, &store),
                            Err(error) => notes.lock().unwrap().wrong(&format!("{error}: {text}")),
                        },
                        Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                        Some(Ok(_)) => {}
                    },
                    Some(message) = to_send.recv() => {
                        if sink.send(message).await.is_err() {
                            break;
                        }
                    }
                }
            }
            notes.lock().unwrap().is_online = false;
        });
        let hello = {
            let notes = self.notes();
            let hello = Hello {
                version: PROTOCOL_VERSION,
                token: None,
                client: None,
                log: None,
                resume: notes.cursors.clone(),
            };
            Message::text(encode(&hello.to_frame()))
        };
        let _ = outgoing.send(hello);
        self.link = Some(Link {
            node,
            outgoing,
            // The node's end is not cut: it must see by itself that nobody is there.
            _talking: AbortOnDropHandle::new(talking),
        });
        drop(serving);
        self.say_again();
    }

    /// Says again what was not answered, with the same nonces.
    pub(super) fn say_again(&self) {
        let again = self.notes().unanswered.clone();
        for (_, frame) in again {
            self.notes().count("said again");
            self.write(&frame);
        }
    }

    pub(super) fn say(&self, nonce: Nonce, frame: CommandFrame) {
        self.write(&frame);
        self.notes().unanswered.push((nonce, frame));
    }

    pub(super) fn ask(&self, command: Command) {
        self.write(&CommandFrame { id: None, command });
    }

    fn write(&self, frame: &CommandFrame) {
        if let Some(link) = &self.link {
            let _ = link.outgoing.send(Message::text(encode(frame)));
        }
    }
}
