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
