//! Tests of the effect of each command, and of who may give it.

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{Emoji, RoomName, Seq, TextError, TimestampMs, Username};

use crate::{
    Actor, EventId, MessageStates, Proposal, Refusal, RoomCommand, RoomState, Subject, decide,
};

mod roles;

struct Log {
    state: RoomState,
    messages: MessageStates,
    now: TimestampMs,
}

impl Log {
    fn new(room: &str) -> Self {
        Self {
            state: RoomState::empty(RoomName::parse(room).unwrap()),
            messages: MessageStates::default(),
            now: 100,
        }
    }

    fn act(
        &mut self,
        who: &str,
        command: impl std::borrow::Borrow<RoomCommand>,
    ) -> Result<Option<Seq>, Refusal> {
        let actor = Actor {
            username: Username::existing(who),
            bot: false,
            admin: who == "root",
        };
        let proposal = Proposal {
            actor: &actor,
            command: command.borrow(),
            nonce: None,
            event_id: EventId(String::new()),
            now: self.now,
        };
        let event = decide(&self.state, &self.messages, &proposal)?;
        Ok(event.map(|event| {
            self.state.apply(&event);
            self.messages.apply(&event);
            event.seq
        }))
    }

    fn role(&self, who: &str) -> Role {
        self.state.role_of(&Username::existing(who), false)
    }
}

fn unread(log: &Log, who: &str) -> (Seq, u64) {
    let mark = log.state.read_mark(&Username::existing(who));
    (mark.seq, log.state.messages() - mark.messages)
}

fn send(text: &str) -> RoomCommand {
    RoomCommand::Send {
        text: text.into(),
        reply_to: None,
        mentioned: vec![],
    }
}

fn create(kind: RoomKind) -> RoomCommand {
    RoomCommand::Create {
        kind,
        topic: " Crabs ".into(),
    }
}

#[test]
fn the_lobby_is_everyones() {
    let mut log = Log::new("lobby");
    assert_eq!(log.act("ann", send("hi")), Ok(Some(1)));
    assert_eq!(log.act("bob", RoomCommand::Join), Ok(None));
    assert_eq!(log.act("bob", RoomCommand::Leave), Err(Refusal::LobbyStays));
    assert_eq!(
        log.act("bob", create(RoomKind::Public)),
        Err(Refusal::NameTaken)
    );
    assert_eq!(unread(&log, "ann"), (1, 0));
    assert_eq!(unread(&log, "bob"), (0, 1));
}

#[test]
fn a_private_room_does_not_exist_for_others() {
    let mut log = Log::new("den");
    assert_eq!(log.act("bob", send("hi")), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("ann", create(RoomKind::Private)), Ok(Some(1)));
    assert_eq!(log.state.topic(), "Crabs");
    for command in [RoomCommand::Join, RoomCommand::Leave, send("hi")] {
        assert_eq!(log.act("bob", command), Err(Refusal::NoSuchRoom));
    }
}

#[test]
fn only_members_speak_and_the_room_finds_an_heir() {
    let mut log = Log::new("rust");
    log.act("ann", create(RoomKind::Public)).unwrap();
    assert_eq!(log.act("bob", send("hi")), Err(Refusal::NotMember));
    assert_eq!(log.act("cid", RoomCommand::Join), Ok(Some(2)));
    assert_eq!(log.act("bob", RoomCommand::Join), Ok(Some(3)));
    assert_eq!(log.act("bob", RoomCommand::Join), Ok(None));
    assert_eq!(log.act("bob", send("hi")), Ok(Some(4)));
    assert_eq!(log.act("ann", RoomCommand::Leave), Ok(Some(5)));
    assert_eq!(
        (log.role("cid"), log.role("bob")),
        (Role::Owner, Role::Member)
    );
    assert_eq!(log.act("ann", RoomCommand::Leave), Ok(None));
}

#[test]
fn time_never_goes_back() {
    let mut log = Log::new("lobby");
    log.act("ann", send("1")).unwrap();
    log.now = 50;
    log.act("ann", send("2")).unwrap();
    assert_eq!((log.state.ts(), log.state.messages()), (100, 2));
}

#[test]
fn texts_and_targets_are_checked() {
    let mut log = Log::new("lobby");
    assert_eq!(
        log.act("ann", send(" \n")),
        Err(Refusal::Text(TextError::Empty))
    );
    let long = "x".repeat(4_001);
    assert_eq!(
        log.act("ann", send(&long)),
        Err(Refusal::Text(TextError::TooLong))
    );
    let reply = |seq| RoomCommand::Send {
        text: "x".into(),
        reply_to: Some(seq),
        mentioned: vec![],
    };
    assert_eq!(log.act("ann", reply(1)), Err(Refusal::NoSuchMessage));
    log.act("ann", send("x")).unwrap();
    assert_eq!(log.act("ann", reply(1)), Ok(Some(2)));
    assert_eq!(log.act("ann", reply(0)), Err(Refusal::NoSuchMessage));
    log.act("root", give("bob", Role::Moderator)).unwrap();
    let of_no_message = log.state.seq();
    assert_eq!(
        log.act("ann", reply(of_no_message)),
        Err(Refusal::NoSuchMessage)
    );
    log.act("ann", RoomCommand::Delete { target: 2 }).unwrap();
    assert_eq!(log.act("bob", reply(2)), Ok(Some(5)));
}

fn whom(name: &str) -> Subject {
    Subject {
        username: Username::existing(name),
        admin: name == "root",
    }
}

fn ban(name: &str, for_ms: Option<u64>) -> RoomCommand {
    let whom = whom(name);
    RoomCommand::Ban { whom, for_ms }
}

fn mute(name: &str, for_ms: Option<u64>) -> RoomCommand {
    let whom = whom(name);
    RoomCommand::Mute { whom, for_ms }
}

fn give(name: &str, role: Role) -> RoomCommand {
    let whom = whom(name);
    RoomCommand::Role { whom, role }
}

fn edit(target: Seq, text: &str) -> RoomCommand {
    RoomCommand::Edit {
        target,
        text: text.into(),
        mentioned: vec![],
    }
}

fn react(target: Seq, emoji: &str, on: bool) -> RoomCommand {
    let emoji = Emoji::parse(emoji).unwrap();
    RoomCommand::React { target, emoji, on }
}

/// A room of an owner ann, a moderator mod, and members bob and cid; seq 5.
fn with_roles(kind: RoomKind) -> Log {
    let mut log = Log::new("rust");
    log.act("ann", create(kind)).unwrap();
    for name in ["mod", "bob", "cid"] {
        log.act("ann", RoomCommand::Invite(whom(name))).unwrap();
    }
    assert_eq!(log.act("ann", give("mod", Role::Moderator)), Ok(Some(5)));
    log
}

#[test]
fn only_the_sender_edits_a_message() {
    let mut log = with_roles(RoomKind::Public);
    log.act("bob", send("hi")).unwrap();
    let no_such = Err(Refusal::NoSuchMessage);
    assert_eq!(log.act("bob", edit(6, "hi ")), Ok(None));
    assert_eq!(log.act("cid", edit(6, "ho")), Err(Refusal::NotYours));
    assert_eq!(log.act("mod", edit(6, "ho")), Err(Refusal::NotYours));
    assert_eq!(
        log.act("bob", edit(6, " ")),
        Err(Refusal::Text(TextError::Empty))
    );
    assert_eq!(log.act("bob", edit(6, "ho")), Ok(Some(7)));
    for seq in [0, 1, 7, 99] {
        assert_eq!(log.act("bob", edit(seq, "x")), no_such, "{seq}");
        assert_eq!(log.act("bob", RoomCommand::Delete { target: seq }), no_such);
        assert_eq!(log.act("bob", react(seq, "👍", true)), no_such);
    }
    let delete = RoomCommand::Delete { target: 6 };
    assert_eq!(log.act("cid", &delete), Err(Refusal::ModeratorsOnly));
    assert_eq!(log.act("mod", &delete), Ok(Some(8)));
    assert_eq!(log.act("bob", &delete), Ok(None));
    assert_eq!(log.act("bob", edit(6, "back")), no_such);
    assert_eq!(log.act("bob", react(6, "👍", true)), no_such);
    let target = log.messages.get(6).unwrap();
    assert_eq!(
        (target.text.as_str(), target.deleted, target.rev),
        ("", true, 8)
    );
}

#[test]
fn reactions_are_once_a_person_and_emoji() {
    let mut log = with_roles(RoomKind::Public);
    log.act("bob", send("hi")).unwrap();
    assert_eq!(log.act("cid", react(6, "👍", false)), Ok(None));
    assert_eq!(log.act("cid", react(6, "👍", true)), Ok(Some(7)));
    assert_eq!(log.act("cid", react(6, "👍", true)), Ok(None));
    assert_eq!(log.act("ann", react(6, "👍", true)), Ok(Some(8)));
    let reactions: Vec<_> = log.messages.get(6).unwrap().reactions().collect();
    let (thumb, who) = (
        Emoji::parse("👍").unwrap(),
        ["cid", "ann"].map(Username::existing),
    );
    assert_eq!(reactions, [(&thumb, 2, who.to_vec())]);
    for code in 0..19 {
        let emoji = char::from_u32(0x1F600 + code).unwrap().to_string();
        assert!(log.act("bob", react(6, &emoji, true)).is_ok(), "{emoji}");
    }
    assert_eq!(
        log.act("bob", react(6, "🦀", true)),
        Err(Refusal::TooManyReactions)
    );
    assert!(log.act("bob", react(6, "👍", true)).is_ok());
    assert!(log.act("bob", react(6, "😀", false)).is_ok());
    assert!(log.act("bob", react(6, "🦀", true)).is_ok());
}

#[test]
fn only_members_are_mentioned() {
    let mut log = with_roles(RoomKind::Public);
    let named = ["bob", "eve", "bob", "ann"]
        .map(Username::existing)
        .to_vec();
    let command = RoomCommand::Send {
        text: "@all".into(),
        reply_to: None,
        mentioned: named,
    };
    log.act("cid", command).unwrap();
    let target = log.messages.get(6).unwrap();
    assert_eq!(target.mentions, ["bob", "ann"].map(Username::existing));
}

/// Whoever is erased loses every message of their own, wherever they stand now, and no other.
#[test]
fn an_erased_person_loses_their_messages() {
    let mut log = Log::new("den");
    log.act("ann", create(RoomKind::Private)).unwrap();
    log.act("ann", RoomCommand::Invite(whom("bob"))).unwrap();
    assert_eq!(log.act("bob", send("hello")), Ok(Some(3)));
    assert_eq!(log.act("ann", send("hello, bob")), Ok(Some(4)));
    log.act("ann", ban("bob", None)).unwrap();
    let erase = |target| RoomCommand::EraseMessage { target };
    let delete = RoomCommand::Delete { target: 3 };
    assert_eq!(log.act("bob", delete), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("bob", erase(4)), Err(Refusal::ModeratorsOnly));
    assert_eq!(log.act("bob", erase(1)), Err(Refusal::NoSuchMessage));
    assert_eq!(log.act("bob", erase(3)), Ok(Some(6)));
    assert_eq!(log.act("bob", erase(3)), Ok(None));
}

#[test]
fn a_room_is_taken_over() {
    let mut log = Log::new("den");
    let take_over = RoomCommand::TakeOver;
    assert_eq!(log.act("bob", &take_over), Err(Refusal::NoSuchRoom));
    log.act("ann", create(RoomKind::Private)).unwrap();
    assert_eq!(log.act("bob", &take_over), Ok(Some(2)));
    assert_eq!(log.role("bob"), Role::Member);
    assert_eq!(log.act("bob", &take_over), Ok(Some(3)));
    assert_eq!(log.role("bob"), Role::Owner);
    assert_eq!(log.act("bob", &take_over), Ok(None));
    log.act("ann", give("ann", Role::Member)).unwrap();
    log.act("bob", ban("ann", None)).unwrap();
    assert_eq!(log.act("ann", &take_over), Err(Refusal::Banned));
    let mut lobby = Log::new("lobby");
    assert_eq!(lobby.act("ann", &take_over), Err(Refusal::NoSuchRoom));
}
