//! What the client knows and owes, through all connections: the cursors, the outbox, the
//! unanswered commands. No IO and no clock: frames go in, effects come out.

use std::collections::HashMap;

use super::cursors::{Cursors, Step};
use super::handle::Answer;
use super::outbox::{Full, Outbox};
use super::{CommandError, ResumePoint, cursors};
use crate::limits::COMMANDS_IN_FLIGHT_MAX;
use crate::protocol::{
    Ack, ChatEvent, Command, CommandFrame, ErrorFrame, Hello, Limited, ServerFrame, Welcome,
};
use crate::{Nonce, PROTOCOL_VERSION, RequestId, RoomName, Seq, Username};

/// Who waits for an answer.
pub(crate) type Ticket = u64;

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Tell the user.
    Deliver(ServerFrame),
    /// Answer who waits.
    Answer(Ticket, Answer),
    /// Events are missing: give up this connection, and resume on the next.
    Resume,
}

#[derive(Debug)]
enum Waiting {
    Message { room: RoomName, nonce: Nonce },
    Command(Ticket),
}

#[derive(Debug)]
pub(crate) struct Session {
    client_name: String,
    cursors: Cursors,
    outbox: Outbox,
    /// Who one is, while connected.
    online: Option<Username>,
    in_flight: HashMap<RequestId, Waiting>,
    in_flight_max: usize,
    commands: std::collections::VecDeque<CommandFrame>,
    ids: u64,
}

impl Session {
    pub(crate) fn new(client_name: String, from: ResumePoint) -> Self {
        Self {
            client_name,
            cursors: Cursors::new(from),
            outbox: Outbox::default(),
            online: None,
            in_flight: HashMap::new(),
            in_flight_max: COMMANDS_IN_FLIGHT_MAX,
            commands: std::collections::VecDeque::new(),
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

    /// The connection begins.
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

    /// Whether one more command may be taken: it could go out at once, or is to wait for (or fail
    /// without) a connection. So commands leave in the order in which they were given.
    pub(crate) fn accepts(&self) -> bool {
        !self.is_online()
            || (!self.outbox.has_unsent() && self.in_flight.len() < self.in_flight_max)
    }

    /// Takes a command.
    pub(crate) fn command(&mut self, ticket: Ticket, command: Command) -> Result<(), CommandError> {
        match command {
            Command::Send(message) => self
                .outbox
                .push(ticket, message)
                .map_err(|Full| CommandError::OutboxFull),
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
        let message = self.outbox.next_unsent()?;
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
            ServerFrame::System(line) => match line.seq {
                Some(seq) => {
                    let room = line.room.clone();
                    self.durable(&room, seq, Some(ServerFrame::System(line)))
                }
                None => vec![Effect::Deliver(ServerFrame::System(line))],
            },
            ServerFrame::RoomsState(state) => {
                let more = self.cursors.told(&state.rooms, state.more);
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
            ServerFrame::Rooms(page) => self.reply(page.re.clone(), ServerFrame::Rooms(page)),
            ServerFrame::Members(page) => self.reply(page.re.clone(), ServerFrame::Members(page)),
            ServerFrame::Pong { re } => self.reply(re.clone(), ServerFrame::Pong { re }),
            ServerFrame::Ok { re } => self.reply(Some(re.clone()), ServerFrame::Ok { re }),
            ServerFrame::Presence(presence) => {
                vec![Effect::Deliver(ServerFrame::Presence(presence))]
            }
            // The connection's own, which it has taken note of; and what is not known.
            ServerFrame::Welcome(_) | ServerFrame::Bye(_) | ServerFrame::Unknown => Vec::new(),
        }
    }

    /// Takes a durable event; one of an unknown type has nothing to tell.
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

    /// The connection ended: commands fail, messages wait for the next one.
    pub(crate) fn disconnected(&mut self) -> Vec<Effect> {
        self.online = None;
        self.commands.clear();
        self.outbox.rewind();
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

    /// Nobody is to wait any longer: everything ends with `error`.
    pub(crate) fn give_up(&mut self, error: &CommandError) -> Vec<Effect> {
        let mut tickets = self.outbox.take_all();
        tickets.extend(self.in_flight.values().filter_map(|waiting| match waiting {
            Waiting::Command(ticket) => Some(*ticket),
            Waiting::Message { .. } => None,
        }));
        tickets
            .into_iter()
            .map(|ticket| Effect::Answer(ticket, Err(error.clone())))
            .collect()
    }

    /// One's own message, back by a resume, is as good as its ack, which was lost.
    fn own_message(&mut self, chat: &ChatEvent) -> Vec<Effect> {
        if self.online.as_ref() != Some(&chat.username) {
            return Vec::new();
        }
        let tickets = self.outbox.take(&chat.room, &chat.nonce);
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
        let tickets = self.outbox.take(&ack.room, &ack.nonce);
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
                answers(self.outbox.take(&room, &nonce), &answer)
            }
            None => Vec::new(),
        }
    }

    /// [`cursors::unknown_place`], handled.
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

#[cfg(test)]
pub(crate) mod samples {
    //! Frames for tests.

    use crate::limits::Limits;
    use crate::protocol::{ChatEvent, Role, RoomInfo, RoomKind, Send, Welcome};
    use crate::{Nonce, RoomName, Seq, Username};

    pub(crate) fn room(name: &str) -> RoomName {
        RoomName::parse(name).unwrap()
    }

    pub(crate) fn nonce(text: &str) -> Nonce {
        Nonce::parse(text).unwrap()
    }

    /// A message whose nonce is its text.
    pub(crate) fn send(name: &str, text: &str) -> Send {
        Send {
            room: room(name),
            text: text.to_owned(),
            nonce: nonce(text),
            reply_to: None,
        }
    }

    /// A message whose nonce is `n` and its seq.
    pub(crate) fn chat(name: &str, seq: Seq, who: &str, message: &str) -> ChatEvent {
        ChatEvent {
            room: room(name),
            seq,
            rev: None,
            ts: 1,
            username: Username::existing(who),
            message: message.to_owned(),
            nonce: nonce(&format!("n{seq}")),
            bot: false,
            reply_to: None,
        }
    }

    pub(crate) fn room_info(name: &str, last_seq: Seq) -> RoomInfo {
        RoomInfo {
            room: room(name),
            kind: RoomKind::Public,
            topic: String::new(),
            last_seq,
            read_seq: 0,
            unread: 0,
            mentions: 0,
            role: Role::Member,
            members: 1,
            with: None,
        }
    }

    /// The welcome of "me", in these rooms with these tips, of the log "log".
    pub(crate) fn welcome(rooms: &[(&str, Seq)]) -> Welcome {
        Welcome {
            version: 1,
            log: "log".to_owned(),
            username: Username::existing("me"),
            session: "s".to_owned(),
            now: 1,
            heartbeat_ms: 30_000,
            rooms: rooms
                .iter()
                .map(|(name, seq)| room_info(name, *seq))
                .collect(),
            more: false,
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{chat, nonce, room, room_info, send, welcome};
    use super::*;
    use crate::protocol::{ErrorCode, Leave, RoomGone};

    fn session(rooms: &[(&str, Seq)]) -> Session {
        let mut session = Session::new("test".to_owned(), ResumePoint::default());
        session.hello();
        assert_eq!(session.welcome(&welcome(rooms)), []);
        session
    }

    fn told(name: &str, seq: Seq, who: &str) -> ServerFrame {
        ServerFrame::Chat(chat(name, seq, who, "hi"))
    }

    fn ack(re: Option<&str>, text: &str, seq: Seq) -> Ack {
        let re = re.map(|re| RequestId::parse(re).unwrap());
        Ack {
            re,
            room: room("a"),
            nonce: nonce(text),
            seq,
            ts: 1,
        }
    }

    /// The ids and types of what goes out.
    fn outgoing(session: &mut Session) -> Vec<String> {
        let frames = std::iter::from_fn(|| session.next_outgoing());
        frames
            .map(|frame| match (frame.id, frame.command) {
                (Some(id), Command::Send(message)) => format!("{id} {}", message.nonce),
                (Some(id), _) => format!("{id} command"),
                (None, command) => panic!("no id: {command:?}"),
            })
            .collect()
    }

    #[test]
    fn a_message_is_sent_until_it_is_acknowledged_and_answered_once() {
        let mut session = session(&[("a", 0)]);
        session.command(7, Command::Send(send("a", "x"))).unwrap();
        assert_eq!(outgoing(&mut session), ["1 x"]);
        assert_eq!(session.disconnected(), []);
        assert_eq!(outgoing(&mut session), Vec::<String>::new());
        session.hello();
        session.welcome(&welcome(&[("a", 0)]));
        assert_eq!(outgoing(&mut session), ["2 x"]);
        let first = ack(Some("2"), "x", 1);
        let answer = Effect::Answer(7, Ok(ServerFrame::Ack(first.clone())));
        assert_eq!(session.handle(ServerFrame::Ack(first.clone())), [answer]);
        assert_eq!(session.handle(ServerFrame::Ack(first)), []);
        session.disconnected();
        session.welcome(&welcome(&[("a", 1)]));
        assert_eq!(outgoing(&mut session), Vec::<String>::new());
    }

    #[test]
    fn an_own_message_that_a_resume_brings_is_its_ack() {
        let mut session = session(&[("a", 0)]);
        session.command(7, Command::Send(send("a", "n1"))).unwrap();
        outgoing(&mut session);
        session.disconnected();
        session.hello();
        session.welcome(&welcome(&[("a", 1)]));
        let own = told("a", 1, "me");
        let answer = Effect::Answer(7, Ok(ServerFrame::Ack(ack(None, "n1", 1))));
        assert_eq!(session.handle(own.clone()), [answer, Effect::Deliver(own)]);
        // The one that was sent again may be acknowledged too; nobody waits any more.
        assert_eq!(
            session.handle(ServerFrame::Ack(ack(Some("2"), "n1", 1))),
            []
        );
    }

    #[test]
    fn the_same_nonce_of_someone_else_is_no_ack() {
        let mut session = session(&[("a", 0)]);
        session.command(7, Command::Send(send("a", "n1"))).unwrap();
        let others = told("a", 1, "bob");
        assert_eq!(session.handle(others.clone()), [Effect::Deliver(others)]);
        assert_eq!(outgoing(&mut session), ["1 n1"]);
    }

    #[test]
    fn a_refused_message_is_not_sent_again() {
        let mut session = session(&[("a", 0)]);
        session.command(7, Command::Send(send("a", "x"))).unwrap();
        outgoing(&mut session);
        let mut error = ErrorFrame::new(ErrorCode::Muted, "You are muted.");
        error.re = RequestId::parse("1").ok();
        let answer = Effect::Answer(7, Err(CommandError::Refused(error.clone())));
        assert_eq!(session.handle(ServerFrame::Error(error)), [answer]);
        session.disconnected();
        session.welcome(&welcome(&[("a", 0)]));
        assert_eq!(outgoing(&mut session), Vec::<String>::new());
    }

    #[test]
    fn commands_end_with_the_connection() {
        let mut session = session(&[("a", 0)]);
        let leave = || {
            Command::Leave(Leave {
                room: room("a"),
                nonce: None,
            })
        };
        session.command(1, leave()).unwrap();
        session.command(2, Command::Ping).unwrap();
        assert_eq!(outgoing(&mut session), ["1 command", "2 command"]);
        let ok = ServerFrame::Ok {
            re: RequestId::parse("1").unwrap(),
        };
        assert_eq!(session.handle(ok.clone()), [Effect::Answer(1, Ok(ok))]);
        assert_eq!(
            session.disconnected(),
            [Effect::Answer(2, Err(CommandError::Disconnected))]
        );
        assert_eq!(session.command(3, leave()), Err(CommandError::Disconnected));
    }

    #[test]
    fn at_most_so_many_commands_are_unanswered() {
        let mut session = session(&[("a", 0)]);
        for n in 0..COMMANDS_IN_FLIGHT_MAX {
            assert!(session.accepts(), "{n}");
            session
                .command(n as Ticket, Command::Send(send("a", &format!("m{n}"))))
                .unwrap();
            assert_eq!(outgoing(&mut session).len(), 1);
        }
        assert!(!session.accepts());
        session.handle(ServerFrame::Ack(ack(Some("1"), "m0", 1)));
        assert!(session.accepts());
    }

    #[test]
    fn what_waited_for_the_connection_goes_before_what_is_new() {
        let mut session = Session::new("test".to_owned(), ResumePoint::default());
        for n in 0..100 {
            assert!(session.accepts());
            session
                .command(n, Command::Send(send("a", &format!("m{n}"))))
                .unwrap();
        }
        session.hello();
        session.welcome(&welcome(&[("a", 0)]));
        assert!(!session.accepts());
        assert_eq!(outgoing(&mut session).len(), COMMANDS_IN_FLIGHT_MAX);
        session.handle(ServerFrame::Ack(ack(Some("1"), "m0", 1)));
        assert_eq!(outgoing(&mut session), ["65 m64"]);
    }

    #[test]
    fn events_come_once_and_gaps_ask_for_a_resume() {
        let mut session = session(&[("a", 4)]);
        let mut check = |seq, expect: &[Effect]| {
            assert_eq!(session.handle(told("a", seq, "bob")), expect, "{seq}");
        };
        check(5, &[Effect::Deliver(told("a", 5, "bob"))]);
        check(5, &[]);
        check(4, &[]);
        check(7, &[Effect::Resume]);
        session.disconnected();
        assert_eq!(session.hello().resume, [(room("a"), 5)].into());
        session.welcome(&welcome(&[("a", 7)]));
        let limited = Limited {
            room: room("a"),
            last_seq: 6,
            reset: false,
        };
        let limited = Effect::Deliver(ServerFrame::Limited(limited));
        let expect = [limited, Effect::Deliver(told("a", 7, "bob"))];
        assert_eq!(session.handle(told("a", 7, "bob")), expect);
    }

    #[test]
    fn an_event_of_an_unknown_type_is_no_gap() {
        let mut session = session(&[("a", 4)]);
        assert_eq!(
            session.unknown(r#"{"type":"poll","room":"a","seq":5,"ts":1}"#),
            []
        );
        assert_eq!(
            session.handle(told("a", 6, "bob")),
            [Effect::Deliver(told("a", 6, "bob"))]
        );
    }

    #[test]
    fn a_limited_room_goes_on_at_its_tip() {
        let mut session = session(&[("a", 4)]);
        let limited = Limited {
            room: room("a"),
            last_seq: 90,
            reset: false,
        };
        let frame = ServerFrame::Limited(limited);
        assert_eq!(session.handle(frame.clone()), [Effect::Deliver(frame)]);
        assert_eq!(
            session.handle(told("a", 91, "bob")),
            [Effect::Deliver(told("a", 91, "bob"))]
        );
    }

    #[test]
    fn rooms_come_and_go() {
        let mut session = session(&[("a", 4)]);
        let gone = ServerFrame::RoomGone(RoomGone { room: room("a") });
        assert_eq!(session.handle(gone.clone()), [Effect::Deliver(gone)]);
        assert!(session.hello().resume.is_empty());
        let added = ServerFrame::Room {
            re: None,
            room: room_info("b", 2),
        };
        assert_eq!(session.handle(added.clone()), [Effect::Deliver(added)]);
        assert_eq!(session.hello().resume, [(room("b"), 2)].into());
    }

    #[test]
    fn a_made_room_is_an_event_and_an_answer() {
        let mut session = session(&[]);
        session.command(1, Command::Ping).unwrap();
        let re = RequestId::parse("1").ok();
        let made = ServerFrame::Room {
            re,
            room: room_info("b", 1),
        };
        let expect = [
            Effect::Deliver(made.clone()),
            Effect::Answer(1, Ok(made.clone())),
        ];
        assert_eq!(session.handle(made), expect);
    }

    #[test]
    fn giving_up_ends_all_waiting() {
        let mut session = session(&[("a", 0)]);
        session.command(1, Command::Send(send("a", "x"))).unwrap();
        session.command(2, Command::Ping).unwrap();
        let error = CommandError::EventsUnread;
        let expect = [1, 2].map(|ticket| Effect::Answer(ticket, Err(error.clone())));
        assert_eq!(session.give_up(&error), expect);
        assert_eq!(outgoing(&mut session), ["1 command"]);
    }
}
