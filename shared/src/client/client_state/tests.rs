//! Tests of the SDK's state machine, frame by frame.

use super::samples::{chat, nonce, room, room_info, send, welcome};
use super::*;
use crate::protocol::{ErrorCode, Leave, RoomGone};

fn state(rooms: &[(&str, Seq)]) -> ClientState {
    let mut state = ClientState::new("test".to_owned(), ResumePoint::default());
    state.hello();
    assert_eq!(state.welcome(&welcome(rooms)), []);
    state
}

fn live(name: &str, seq: Seq, who: &str) -> ServerFrame {
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
fn outgoing(state: &mut ClientState) -> Vec<String> {
    let frames = std::iter::from_fn(|| state.next_outgoing());
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
    let mut state = state(&[("a", 0)]);
    state.command(7, Command::Send(send("a", "x"))).unwrap();
    assert_eq!(outgoing(&mut state), ["1 x"]);
    assert_eq!(state.disconnected(), []);
    assert_eq!(outgoing(&mut state), Vec::<String>::new());
    state.hello();
    state.welcome(&welcome(&[("a", 0)]));
    assert_eq!(outgoing(&mut state), ["2 x"]);
    let first = ack(Some("2"), "x", 1);
    let answer = Effect::Answer(7, Ok(ServerFrame::Ack(first.clone())));
    assert_eq!(state.handle(ServerFrame::Ack(first.clone())), [answer]);
    assert_eq!(state.handle(ServerFrame::Ack(first)), []);
    state.disconnected();
    state.welcome(&welcome(&[("a", 1)]));
    assert_eq!(outgoing(&mut state), Vec::<String>::new());
}

#[test]
fn a_replayed_own_message_acknowledges_it() {
    let mut state = state(&[("a", 0)]);
    state.command(7, Command::Send(send("a", "n1"))).unwrap();
    outgoing(&mut state);
    state.disconnected();
    state.hello();
    state.welcome(&welcome(&[("a", 1)]));
    let own = live("a", 1, "me");
    let answer = Effect::Answer(7, Ok(ServerFrame::Ack(ack(None, "n1", 1))));
    assert_eq!(state.handle(own.clone()), [answer, Effect::Deliver(own)]);
    // The one that was sent again may be acknowledged too; nobody waits any more.
    assert_eq!(state.handle(ServerFrame::Ack(ack(Some("2"), "n1", 1))), []);
}

#[test]
fn the_same_nonce_of_another_user_acknowledges_nothing() {
    let mut state = state(&[("a", 0)]);
    state.command(7, Command::Send(send("a", "n1"))).unwrap();
    let others = live("a", 1, "bob");
    assert_eq!(state.handle(others.clone()), [Effect::Deliver(others)]);
    assert_eq!(outgoing(&mut state), ["1 n1"]);
}

#[test]
fn a_refused_message_is_not_sent_again() {
    let mut state = state(&[("a", 0)]);
    state.command(7, Command::Send(send("a", "x"))).unwrap();
    outgoing(&mut state);
    let mut error = ErrorFrame::new(ErrorCode::Muted, "You are muted.");
    error.re = RequestId::parse("1").ok();
    let answer = Effect::Answer(7, Err(CommandError::Refused(error.clone())));
    assert_eq!(state.handle(ServerFrame::Error(error)), [answer]);
    state.disconnected();
    state.welcome(&welcome(&[("a", 0)]));
    assert_eq!(outgoing(&mut state), Vec::<String>::new());
}

#[test]
fn commands_end_with_the_connection() {
    let mut state = state(&[("a", 0)]);
    let leave = || {
        Command::Leave(Leave {
            room: room("a"),
            nonce: None,
        })
    };
    state.command(1, leave()).unwrap();
    state.command(2, Command::Ping).unwrap();
    assert_eq!(outgoing(&mut state), ["1 command", "2 command"]);
    let ok = ServerFrame::Ok {
        re: RequestId::parse("1").unwrap(),
    };
    assert_eq!(state.handle(ok.clone()), [Effect::Answer(1, Ok(ok))]);
    assert_eq!(
        state.disconnected(),
        [Effect::Answer(2, Err(CommandError::Disconnected))]
    );
    assert_eq!(state.command(3, leave()), Err(CommandError::Disconnected));
}

#[test]
fn the_number_of_unanswered_commands_is_bounded() {
    let mut state = state(&[("a", 0)]);
    for n in 0..COMMANDS_IN_FLIGHT_MAX {
        assert!(state.accepts(), "{n}");
        state
            .command(n as Ticket, Command::Send(send("a", &format!("m{n}"))))
            .unwrap();
        assert_eq!(outgoing(&mut state).len(), 1);
    }
    assert!(!state.accepts());
    state.handle(ServerFrame::Ack(ack(Some("1"), "m0", 1)));
    assert!(state.accepts());
}

#[test]
fn messages_that_waited_go_out_before_new_ones() {
    let mut state = ClientState::new("test".to_owned(), ResumePoint::default());
    for n in 0..100 {
        assert!(state.accepts());
        state
            .command(n, Command::Send(send("a", &format!("m{n}"))))
            .unwrap();
    }
    state.hello();
    state.welcome(&welcome(&[("a", 0)]));
    assert!(!state.accepts());
    assert_eq!(outgoing(&mut state).len(), COMMANDS_IN_FLIGHT_MAX);
    state.handle(ServerFrame::Ack(ack(Some("1"), "m0", 1)));
    assert_eq!(outgoing(&mut state), ["65 m64"]);
}

#[test]
fn events_come_once_and_gaps_ask_for_a_resume() {
    let mut state = state(&[("a", 4)]);
    let mut check = |seq, expect: &[Effect]| {
        assert_eq!(state.handle(live("a", seq, "bob")), expect, "{seq}");
    };
    check(5, &[Effect::Deliver(live("a", 5, "bob"))]);
    check(5, &[]);
    check(4, &[]);
    check(7, &[Effect::Resume]);
    state.disconnected();
    assert_eq!(state.hello().resume, [(room("a"), 5)].into());
    state.welcome(&welcome(&[("a", 7)]));
    let limited = Limited {
        room: room("a"),
        last_seq: 6,
        reset: false,
    };
    let limited = Effect::Deliver(ServerFrame::Limited(limited));
    let expect = [limited, Effect::Deliver(live("a", 7, "bob"))];
    assert_eq!(state.handle(live("a", 7, "bob")), expect);
}

#[test]
fn an_event_of_an_unknown_type_is_no_gap() {
    let mut state = state(&[("a", 4)]);
    assert_eq!(
        state.unknown(r#"{"type":"poll","room":"a","seq":5,"ts":1}"#),
        []
    );
    assert_eq!(
        state.handle(live("a", 6, "bob")),
        [Effect::Deliver(live("a", 6, "bob"))]
    );
}

#[test]
fn a_limited_room_goes_on_at_its_tip() {
    let mut state = state(&[("a", 4)]);
    let limited = Limited {
        room: room("a"),
        last_seq: 90,
        reset: false,
    };
    let frame = ServerFrame::Limited(limited);
    assert_eq!(state.handle(frame.clone()), [Effect::Deliver(frame)]);
    assert_eq!(
        state.handle(live("a", 91, "bob")),
        [Effect::Deliver(live("a", 91, "bob"))]
    );
}

#[test]
fn rooms_come_and_go() {
    let mut state = state(&[("a", 4)]);
    let gone = ServerFrame::RoomGone(RoomGone { room: room("a") });
    assert_eq!(state.handle(gone.clone()), [Effect::Deliver(gone)]);
    assert!(state.hello().resume.is_empty());
    let added = ServerFrame::Room {
        re: None,
        room: room_info("b", 2),
    };
    assert_eq!(state.handle(added.clone()), [Effect::Deliver(added)]);
    assert_eq!(state.hello().resume, [(room("b"), 2)].into());
}

#[test]
fn a_created_room_is_an_event_and_an_answer() {
    let mut state = state(&[]);
    state.command(1, Command::Ping).unwrap();
    let re = RequestId::parse("1").ok();
    let made = ServerFrame::Room {
        re,
        room: room_info("b", 1),
    };
    let expect = [
        Effect::Deliver(made.clone()),
        Effect::Answer(1, Ok(made.clone())),
    ];
    assert_eq!(state.handle(made), expect);
}

#[test]
fn fail_all_answers_everyone_who_waits() {
    let mut state = state(&[("a", 0)]);
    state.command(1, Command::Send(send("a", "x"))).unwrap();
    state.command(2, Command::Ping).unwrap();
    let error = CommandError::EventsUnread;
    let expect = [1, 2].map(|ticket| Effect::Answer(ticket, Err(error.clone())));
    assert_eq!(state.fail_all(&error), expect);
    assert_eq!(outgoing(&mut state), ["1 command"]);
}
