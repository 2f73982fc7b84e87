use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{Emoji, RoomName, Seq, TextError, TimestampMs, Username};

use crate::{Actor, Command, EventId, Proposal, Refusal, RoomState, Subject, Targets, decide};

struct Log {
    state: RoomState,
    targets: Targets,
    now: TimestampMs,
}

impl Log {
    fn new(room: &str) -> Self {
        Self {
            state: RoomState::empty(RoomName::parse(room).unwrap()),
            targets: Targets::default(),
            now: 100,
        }
    }

    fn act(
        &mut self,
        who: &str,
        command: impl std::borrow::Borrow<Command>,
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
        let event = decide(&self.state, &self.targets, &proposal)?;
        Ok(event.map(|event| {
            self.state.apply(&event);
            self.targets.apply(&event);
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

fn send(text: &str) -> Command {
    Command::Send {
        text: text.into(),
        reply_to: None,
        mentioned: vec![],
    }
}

fn create(kind: RoomKind) -> Command {
    Command::Create {
        kind,
        topic: " Crabs ".into(),
    }
}

#[test]
fn the_lobby_is_everyones() {
    let mut log = Log::new("lobby");
    assert_eq!(log.act("ann", send("hi")), Ok(Some(1)));
    assert_eq!(log.act("bob", Command::Join), Ok(None));
    assert_eq!(log.act("bob", Command::Leave), Err(Refusal::LobbyStays));
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
    for command in [Command::Join, Command::Leave, send("hi")] {
        assert_eq!(log.act("bob", command), Err(Refusal::NoSuchRoom));
    }
}

#[test]
fn only_members_speak_and_the_room_finds_an_heir() {
    let mut log = Log::new("rust");
    log.act("ann", create(RoomKind::Public)).unwrap();
    assert_eq!(log.act("bob", send("hi")), Err(Refusal::NotMember));
    assert_eq!(log.act("cid", Command::Join), Ok(Some(2)));
    assert_eq!(log.act("bob", Command::Join), Ok(Some(3)));
    assert_eq!(log.act("bob", Command::Join), Ok(None));
    assert_eq!(log.act("bob", send("hi")), Ok(Some(4)));
    assert_eq!(log.act("ann", Command::Leave), Ok(Some(5)));
    assert_eq!(
        (log.role("cid"), log.role("bob")),
        (Role::Owner, Role::Member)
    );
    assert_eq!(log.act("ann", Command::Leave), Ok(None));
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
    let reply = |seq| Command::Send {
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
    log.act("ann", Command::Delete { target: 2 }).unwrap();
    assert_eq!(log.act("bob", reply(2)), Ok(Some(5)));
}

fn whom(name: &str) -> Subject {
    Subject {
        username: Username::existing(name),
        admin: name == "root",
    }
}

fn ban(name: &str, for_ms: Option<u64>) -> Command {
    let whom = whom(name);
    Command::Ban { whom, for_ms }
}

fn mute(name: &str, for_ms: Option<u64>) -> Command {
    let whom = whom(name);
    Command::Mute { whom, for_ms }
}

fn give(name: &str, role: Role) -> Command {
    let whom = whom(name);
    Command::Role { whom, role }
}

fn edit(target: Seq, text: &str) -> Command {
    Command::Edit {
        target,
        text: text.into(),
        mentioned: vec![],
    }
}

fn react(target: Seq, emoji: &str, on: bool) -> Command {
    let emoji = Emoji::parse(emoji).unwrap();
    Command::React { target, emoji, on }
}

/// A room of an owner ann, a moderator mod, and members bob and cid; seq 5.
fn with_roles(kind: RoomKind) -> Log {
    let mut log = Log::new("rust");
    log.act("ann", create(kind)).unwrap();
    for name in ["mod", "bob", "cid"] {
        log.act("ann", Command::Invite(whom(name))).unwrap();
    }
    assert_eq!(log.act("ann", give("mod", Role::Moderator)), Ok(Some(5)));
    log
}

#[test]
fn one_changes_ones_own_messages() {
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
        assert_eq!(log.act("bob", Command::Delete { target: seq }), no_such);
        assert_eq!(log.act("bob", react(seq, "👍", true)), no_such);
    }
    let delete = Command::Delete { target: 6 };
    assert_eq!(log.act("cid", &delete), Err(Refusal::ModeratorsOnly));
    assert_eq!(log.act("mod", &delete), Ok(Some(8)));
    assert_eq!(log.act("bob", &delete), Ok(None));
    assert_eq!(log.act("bob", edit(6, "back")), no_such);
    assert_eq!(log.act("bob", react(6, "👍", true)), no_such);
    let target = log.targets.get(6).unwrap();
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
    let reactions: Vec<_> = log.targets.get(6).unwrap().reactions().collect();
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
fn roles_rank() {
    let mut log = with_roles(RoomKind::Private);
    for name in ["cid", "bob", "mod"] {
        assert_eq!(
            log.act("bob", Command::Kick(whom(name))),
            Err(Refusal::ModeratorsOnly)
        );
        assert_eq!(
            log.act("bob", ban(name, None)),
            Err(Refusal::ModeratorsOnly)
        );
        assert_eq!(
            log.act("bob", mute(name, None)),
            Err(Refusal::ModeratorsOnly)
        );
    }
    assert_eq!(
        log.act("bob", Command::Invite(whom("eve"))),
        Err(Refusal::ModeratorsOnly)
    );
    assert_eq!(
        log.act("bob", Command::Topic("t".into())),
        Err(Refusal::ModeratorsOnly)
    );
    assert_eq!(
        log.act("mod", Command::Kick(whom("ann"))),
        Err(Refusal::Outranked)
    );
    assert_eq!(log.act("mod", ban("mod", None)), Err(Refusal::Yourself));
    assert_eq!(
        log.act("mod", give("bob", Role::Moderator)),
        Err(Refusal::OwnersOnly)
    );
    assert_eq!(
        log.act("ann", give("eve", Role::Moderator)),
        Err(Refusal::NotInRoom)
    );
    assert_eq!(
        log.act("ann", give("ann", Role::Member)),
        Err(Refusal::LastOwner)
    );
    assert_eq!(log.act("eve", Command::Join), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("mod", Command::Kick(whom("bob"))), Ok(Some(6)));
    assert_eq!(log.act("mod", Command::Kick(whom("bob"))), Ok(None));
    assert_eq!(log.act("bob", send("hi")), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("ann", give("mod", Role::Owner)), Ok(Some(7)));
    assert_eq!(
        log.act("mod", give("ann", Role::Member)),
        Err(Refusal::Outranked)
    );
    assert_eq!(log.act("ann", give("ann", Role::Member)), Ok(Some(8)));
    assert_eq!(log.act("mod", Command::Topic(" new ".into())), Ok(Some(9)));
    assert_eq!(log.act("mod", Command::Topic("new".into())), Ok(None));
    assert_eq!(log.state.topic(), "new");
}

#[test]
fn bans_and_mutes_end_by_themselves() {
    let mut log = with_roles(RoomKind::Public);
    log.act("mod", mute("bob", Some(50))).unwrap();
    for command in [
        send("hi"),
        Command::Topic("x".into()),
        Command::Invite(whom("eve")),
    ] {
        assert_eq!(log.act("bob", command), Err(Refusal::Muted));
    }
    assert_eq!(log.act("mod", ban("cid", Some(50))), Ok(Some(7)));
    assert_eq!(log.act("cid", Command::Join), Err(Refusal::Banned));
    assert_eq!(log.act("cid", send("hi")), Err(Refusal::Banned));
    assert_eq!(
        log.act("ann", Command::Invite(whom("cid"))),
        Err(Refusal::TheyAreBanned)
    );
    log.now = 149;
    assert_eq!(log.act("cid", Command::Join), Err(Refusal::Banned));
    log.now = 150;
    assert_eq!(log.act("cid", Command::Join), Ok(Some(8)));
    assert_eq!(log.act("bob", send("hi")), Ok(Some(9)));
    log.act("mod", ban("cid", None)).unwrap();
    log.now = u64::MAX >> 11;
    assert_eq!(log.act("cid", Command::Join), Err(Refusal::Banned));
    assert_eq!(log.act("mod", Command::Unban(whom("cid"))), Ok(Some(11)));
    assert_eq!(log.act("cid", Command::Join), Ok(Some(12)));
}

#[test]
fn a_direct_room_is_for_two() {
    let mut log = Log::new("@1");
    let with = Command::Direct {
        with: Username::existing("bob"),
    };
    assert_eq!(log.act("ann", &with), Ok(Some(1)));
    assert_eq!(log.act("ann", &with), Ok(None));
    let back = Command::Direct {
        with: Username::existing("ann"),
    };
    assert_eq!(log.act("bob", &back), Ok(None));
    assert_eq!(log.act("eve", &back), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("bob", send("hi")), Ok(Some(2)));
    let of_two = Err(Refusal::OfTwo);
    assert_eq!(log.act("ann", Command::Invite(whom("eve"))), of_two);
    assert_eq!(log.act("ann", Command::Kick(whom("bob"))), of_two);
    assert_eq!(log.act("ann", give("bob", Role::Owner)), of_two);
    assert_eq!(log.act("ann", Command::Leave), of_two);
    let delete = Command::Delete { target: 2 };
    assert_eq!(log.act("ann", &delete), Err(Refusal::ModeratorsOnly));
    for command in [delete, send("hi"), Command::Join] {
        assert_eq!(log.act("root", command), Err(Refusal::NoSuchRoom));
    }
}

#[test]
fn an_admin_moderates_what_everyone_finds() {
    let mut log = with_roles(RoomKind::Public);
    log.act("bob", send("hi")).unwrap();
    assert_eq!(log.act("root", send("hi")), Err(Refusal::NotMember));
    assert_eq!(log.act("root", Command::Delete { target: 6 }), Ok(Some(7)));
    assert_eq!(log.act("root", Command::Kick(whom("bob"))), Ok(Some(8)));
    assert_eq!(
        log.act("root", Command::Kick(whom("ann"))),
        Err(Refusal::Outranked)
    );
    assert_eq!(
        log.act("root", give("cid", Role::Owner)),
        Err(Refusal::OwnersOnly)
    );
    let mut den = with_roles(RoomKind::Private);
    assert_eq!(
        den.act("root", Command::Kick(whom("bob"))),
        Err(Refusal::NoSuchRoom)
    );

    let mut lobby = Log::new("lobby");
    assert_eq!(
        lobby.act("ann", ban("bob", None)),
        Err(Refusal::ModeratorsOnly)
    );
    assert_eq!(lobby.act("root", give("ann", Role::Moderator)), Ok(Some(1)));
    assert_eq!(lobby.act("ann", ban("root", None)), Err(Refusal::Outranked));
    assert_eq!(lobby.act("ann", ban("bob", None)), Ok(Some(2)));
    assert_eq!(lobby.act("bob", send("hi")), Err(Refusal::Banned));
    assert!(!lobby.state.may_read(&Username::existing("bob"), 100));
    assert_eq!(
        lobby.act("ann", Command::Kick(whom("cid"))),
        Err(Refusal::LobbyStays)
    );
    assert_eq!(lobby.act("root", give("ann", Role::Member)), Ok(Some(3)));
    assert_eq!(lobby.role("ann"), Role::Member);
    assert_eq!(lobby.act("root", give("root", Role::Member)), Ok(None));
    log.act("root", Command::Join).unwrap();
    assert_eq!(log.act("ann", give("root", Role::Member)), Ok(None));
    let promoted = log.act("ann", give("root", Role::Moderator));
    assert!(matches!(promoted, Ok(Some(_))), "{promoted:?}");
}

#[test]
fn the_room_passes_to_an_heir() {
    let mut log = with_roles(RoomKind::Public);
    let ann = Username::existing("ann");
    assert_eq!(log.state.heir_of(&ann), Some(&Username::existing("mod")));
    log.act("ann", Command::Leave).unwrap();
    assert_eq!(log.role("mod"), Role::Owner);
    log.act("mod", Command::Leave).unwrap();
    assert_eq!(log.role("bob"), Role::Owner);
}

#[test]
fn only_members_are_mentioned() {
    let mut log = with_roles(RoomKind::Public);
    let named = ["bob", "eve", "bob", "ann"]
        .map(Username::existing)
        .to_vec();
    let command = Command::Send {
        text: "@all".into(),
        reply_to: None,
        mentioned: named,
    };
    log.act("cid", command).unwrap();
    let target = log.targets.get(6).unwrap();
    assert_eq!(target.mentions, ["bob", "ann"].map(Username::existing));
}
