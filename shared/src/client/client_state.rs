//! The client's state across connections: the cursors of its rooms, its pending messages and its
//! unanswered commands. It does no IO and has no clock: frames go in, [`Effect`]s come out.

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use super::cursors::{Cursors, Step};
use super::handle::Answer;
use super::pending::{Full, PendingCommands};
use super::{CommandError, ResumePoint, cursors};
use crate::limits::COMMANDS_IN_FLIGHT_MAX;
use crate::protocol::{
    Ack, ChatEvent, Command, CommandFrame, ErrorFrame, Hello, Limited, ServerFrame, Welcome,
};
use crate::{Nonce, PROTOCOL_VERSION, RequestId, RoomName, Seq, Username};

/// Identifies a caller that waits for an answer.
pub(crate) type Ticket = u64;

/// An order to the connection's task.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Hand the frame to the user as an event.
    Deliver(ServerFrame),
    /// Answer the caller that has this ticket.
    Answer(Ticket, Answer),
    /// Events are missing: end this connection and resume on the next one.
    Resume,
}

#[derive(Debug)]
enum Waiting {
    Message { room: RoomName, nonce: Nonce },
    Command(Ticket),
}

#[derive(Debug)]
pub(crate) struct ClientState {
    client_name: String,
    cursors: Cursors,
    pending: PendingCommands,
    /// The username that `welcome` gave; `None` while disconnected.
    online: Option<Username>,
    in_flight: HashMap<RequestId, Waiting>,
    in_flight_max: usize,
    commands: VecDeque<CommandFrame>,
    ids: u64,
}

impl ClientState {
    pub(crate) fn new(client_name: String, from: ResumePoint) -> Self {
        Self {
            client_name,
            cursors: Cursors::new(from),
            pending: PendingCommands::default(),
            online: None,
            in_flight: HashMap::new(),
            in_flight_max: COMMANDS_IN_FLIGHT_MAX,
            commands: VecDeque::new(),
            ids: 0,
        }
    }

    /// The first frame of a connection. The token goes with the upgrade, not in here.
    pub(crate) fn hello(&mut self) -> Hello {
        let resume = self.cursors.resume();
        Hello {
            version: PROTOCOL_VERSION,
            token: None,
            client: Some(self.client_name.clone()),
            log: self.cursors.log().map(str::to_owned),
            resume,
        }
    }

    /// Takes the `welcome` that begins a connection.
    pub(crate) fn welcome(&mut self, welcome: &Welcome) -> Vec<Effect> {
        self.online = Some(welcome.username.clone());
        self.in_flight_max = welcome
            .limits
            .commands_in_flight
            .clamp(1, COMMANDS_IN_FLIGHT_MAX);
        self.cursors
            .welcome(welcome)
            .into_iter()
            .map(Effect::Deliver)
            .collect()
    }

    pub(crate) fn is_online(&self) -> bool {
        self.online.is_some()
    }

    /// Whether one more command may be taken: it could go out at once, or there is no connection
    /// and it waits or fails. This keeps commands in the order in which they were given.
    pub(crate) fn accepts(&self) -> bool {
        !self.is_online()
            || (!self.pending.has_unsent() && self.in_flight.len() < self.in_flight_max)
    }

    /// Takes a command.
    pub(crate) fn command(&mut self, ticket: Ticket, command: Command) -> Result<(), CommandError> {
        match command {
            Command::Send(message) => self
                .pending
                .push(ticket, message)
                .map_err(|Full| CommandError::TooManyPending),
            _ if !self.is_online() => Err(CommandError::Disconnected),
            command => {
                let frame = self.frame(command, Waiting::Command(ticket))?;
                self.commands.push_back(frame);
                Ok(())
            }
        }
    }

    /// The next frame to send, if there is one and it may go.
    pub(crate) fn next_outgoing(&mut self) -> Option<CommandFrame> {
        if !self.is_online() {
            return None;
        }
        if let Some(frame) = self.commands.pop_front() {
            return Some(frame);
        }
        if self.in_flight.len() >= self.in_flight_max {
            return None;
        }
        let message = self.pending.next_unsent()?;
        let waiting = Waiting::Message {
            room: message.room.clone(),
            nonce: message.nonce.clone(),
        };
        self.frame(Command::Send(message), waiting).ok()
    }

    fn frame(&mut self, command: Command, waiting: Waiting) -> Result<CommandFrame, CommandError> {
        self.ids += 1;
        let id = RequestId::parse(&self.ids.to_string())?;
        self.in_flight.insert(id.clone(), waiting);
        Ok(CommandFrame {
            id: Some(id),
            command,
        })
    }

    /// Takes a frame that came after `welcome`.
    pub(crate) fn handle(&mut self, frame: ServerFrame) -> Vec<Effect> {
        match frame {
            ServerFrame::Chat(chat) => {
                let mut effects = self.own_message(&chat);
                let (room, seq) = (chat.room.clone(), chat.seq);
                effects.extend(self.durable(&room, seq, Some(ServerFrame::Chat(chat))));
                effects
            }
            ServerFrame::Edited(_)
            | ServerFrame::Deleted(_)
            | ServerFrame::Reacted(_)
            | ServerFrame::System(_) => {
                match frame.place().map(|(room, seq)| (room.clone(), seq)) {
                    Some((room, seq)) => self.durable(&room, seq, Some(frame)),
                    None => vec![Effect::Deliver(frame)],
                }
            }
            ServerFrame::RoomsState(state) => {
                let more = self.cursors.describe(&state.rooms, state.more);
                let first = Effect::Deliver(ServerFrame::RoomsState(state));
                std::iter::once(first)
                    .chain(more.into_iter().map(Effect::Deliver))
                    .collect()
            }
            ServerFrame::Room { re, room } => {
                self.cursors.added(&room);
                let frame = ServerFrame::Room { re, room };
                let mut effects = vec![Effect::Deliver(frame.clone())];
                if let ServerFrame::Room { re: Some(re), .. } = &frame {
                    let re = re.clone();
                    effects.extend(self.answer(&re, Ok(frame)));
                }
                effects
            }
            ServerFrame::RoomGone(gone) => {
                self.cursors.gone(&gone.room);
                vec![Effect::Deliver(ServerFrame::RoomGone(gone))]
            }
            ServerFrame::Limited(limited) => {
                self.cursors.limited(&limited.room, limited.last_seq);
                vec![Effect::Deliver(ServerFrame::Limited(limited))]
            }
            ServerFrame::Ack(ack) => self.acked(ack),
            ServerFrame::Error(error) => self.refused(error),
            ServerFrame::History(page) => self.reply(page.re.clone(), ServerFrame::History(page)),
            ServerFrame::Events(page) => self.reply(page.re.clone(), ServerFrame::Events(page)),
            ServerFrame::Results(page) => self.reply(page.re.clone(), ServerFrame::Results(page)),
            ServerFrame::Rooms(page) => self.reply(page.re.clone(), ServerFrame::Rooms(page)),
            ServerFrame::InviteLink(link) => {
                self.reply(link.re.clone(), ServerFrame::InviteLink(link))
            }
            ServerFrame::ResetLink(link) => {
                self.reply(link.re.clone(), ServerFrame::ResetLink(link))
            }
            ServerFrame::InviteLinks(page) => {
                self.reply(page.re.clone(), ServerFrame::InviteLinks(page))
            }
            ServerFrame::Audit(page) => self.reply(page.re.clone(), ServerFrame::Audit(page)),
            ServerFrame::Members(page) => self.reply(page.re.clone(), ServerFrame::Members(page)),
            ServerFrame::Pong { re } => self.reply(re.clone(), ServerFrame::Pong { re }),
            ServerFrame::Ok { re } => self.reply(Some(re.clone()), ServerFrame::Ok { re }),
            ServerFrame::Presence(_)
            | ServerFrame::Typing(_)
            | ServerFrame::Read(_)
            | ServerFrame::Profile(_)
            | ServerFrame::Blocked(_) => vec![Effect::Deliver(frame)],
            // The task has handled the first two; unknown frames are ignored.
            ServerFrame::Welcome(_) | ServerFrame::Bye(_) | ServerFrame::Unknown => Vec::new(),
        }
    }

    /// Takes a durable event; `event` is `None` for one of an unknown type.
    pub(crate) fn durable(
        &mut self,
        room: &RoomName,
        seq: Seq,
        event: Option<ServerFrame>,
    ) -> Vec<Effect> {
        let deliver = event.map(Effect::Deliver);
        match self.cursors.step(room, seq) {
            Step::New => deliver.into_iter().collect(),
            Step::Known => Vec::new(),
            Step::Gap => vec![Effect::Resume],
            Step::Skip => {
                let limited = Limited {
                    room: room.clone(),
                    last_seq: seq - 1,
                    reset: false,
                };
                let limited = Effect::Deliver(ServerFrame::Limited(limited));
                std::iter::once(limited).chain(deliver).collect()
            }
        }
    }

    /// The connection ended: unanswered commands fail, messages wait for the next connection.
    pub(crate) fn disconnected(&mut self) -> Vec<Effect> {
        self.online = None;
        self.commands.clear();
        self.pending.rewind();
        let waiting = std::mem::take(&mut self.in_flight).into_values();
        waiting
            .filter_map(|waiting| match waiting {
                Waiting::Command(ticket) => {
                    Some(Effect::Answer(ticket, Err(CommandError::Disconnected)))
                }
                Waiting::Message { .. } => None,
            })
            .collect()
    }

    /// Fails every pending message and every unanswered command with `error`.
    pub(crate) fn fail_all(&mut self, error: &CommandError) -> Vec<Effect> {
        let mut tickets = self.pending.take_all();
        tickets.extend(self.in_flight.values().filter_map(|waiting| match waiting {
            Waiting::Command(ticket) => Some(*ticket),
            Waiting::Message { .. } => None,
        }));
        tickets
            .into_iter()
            .map(|ticket| Effect::Answer(ticket, Err(error.clone())))
            .collect()
    }

    /// Takes the user's own message that a resume replays as its acknowledgement, which was lost.
    fn own_message(&mut self, chat: &ChatEvent) -> Vec<Effect> {
        if self.online.as_ref() != Some(&chat.username) {
            return Vec::new();
        }
        let tickets = self.pending.take(&chat.room, &chat.nonce);
        let (room, nonce) = (chat.room.clone(), chat.nonce.clone());
        let ack = Ack {
            re: None,
            room,
            nonce,
            seq: chat.seq,
            ts: chat.ts,
        };
        answers(tickets, &Ok(ServerFrame::Ack(ack)))
    }

    fn acked(&mut self, ack: Ack) -> Vec<Effect> {
        if let Some(re) = &ack.re {
            self.in_flight.remove(re);
        }
        let tickets = self.pending.take(&ack.room, &ack.nonce);
        answers(tickets, &Ok(ServerFrame::Ack(ack)))
    }

    fn refused(&mut self, error: ErrorFrame) -> Vec<Effect> {
        match error.re.clone() {
            Some(re) => self.answer(&re, Err(CommandError::Refused(error))),
            None => vec![Effect::Deliver(ServerFrame::Error(error))],
        }
    }

    fn reply(&mut self, re: Option<RequestId>, frame: ServerFrame) -> Vec<Effect> {
        re.map(|re| self.answer(&re, Ok(frame))).unwrap_or_default()
    }

    fn answer(&mut self, re: &RequestId, answer: Answer) -> Vec<Effect> {
        match self.in_flight.remove(re) {
            Some(Waiting::Command(ticket)) => vec![Effect::Answer(ticket, answer)],
            Some(Waiting::Message { room, nonce }) => {
                answers(self.pending.take(&room, &nonce), &answer)
            }
            None => Vec::new(),
        }
    }

    /// Takes a frame of an unknown type, which may be a durable event.
    pub(crate) fn unknown(&mut self, text: &str) -> Vec<Effect> {
        match cursors::unknown_place(text) {
            Some((room, seq)) => self.durable(&room, seq, None),
            None => Vec::new(),
        }
    }
}

fn answers(tickets: Vec<Ticket>, answer: &Answer) -> Vec<Effect> {
    tickets
        .into_iter()
        .map(|ticket| Effect::Answer(ticket, answer.clone()))
        .collect()
}
