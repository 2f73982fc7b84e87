//! Tests of roles, of rooms that lose their owner, and of direct rooms.

use super::*;

#[test]
fn roles_rank() {
    let mut log = with_roles(RoomKind::Private);
    for name in ["cid", "bob", "mod"] {
        assert_eq!(
            log.act("bob", RoomCommand::Kick(whom(name))),
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
        log.act("bob", RoomCommand::Invite(whom("eve"))),
        Err(Refusal::ModeratorsOnly)
    );
    assert_eq!(
        log.act("bob", RoomCommand::Topic("t".into())),
        Err(Refusal::ModeratorsOnly)
    );
    assert_eq!(
        log.act("mod", RoomCommand::Kick(whom("ann"))),
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
    assert_eq!(log.act("eve", RoomCommand::Join), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("mod", RoomCommand::Kick(whom("bob"))), Ok(Some(6)));
    assert_eq!(log.act("mod", RoomCommand::Kick(whom("bob"))), Ok(None));
    assert_eq!(log.act("bob", send("hi")), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("ann", give("mod", Role::Owner)), Ok(Some(7)));
    assert_eq!(
        log.act("mod", give("ann", Role::Member)),
        Err(Refusal::Outranked)
    );
    assert_eq!(log.act("ann", give("ann", Role::Member)), Ok(Some(8)));
    assert_eq!(
        log.act("mod", RoomCommand::Topic(" new ".into())),
        Ok(Some(9))
    );
    assert_eq!(log.act("mod", RoomCommand::Topic("new".into())), Ok(None));
    assert_eq!(log.state.topic(), "new");
}

#[test]
fn bans_and_mutes_end_by_themselves() {
    let mut log = with_roles(RoomKind::Public);
    log.act("mod", mute("bob", Some(50))).unwrap();
    for command in [
        send("hi"),
        RoomCommand::Topic("x".into()),
        RoomCommand::Invite(whom("eve")),
    ] {
        assert_eq!(log.act("bob", command), Err(Refusal::Muted));
    }
    assert_eq!(log.act("mod", ban("cid", Some(50))), Ok(Some(7)));
    assert_eq!(log.act("cid", RoomCommand::Join), Err(Refusal::Banned));
    assert_eq!(log.act("cid", send("hi")), Err(Refusal::Banned));
    assert_eq!(
        log.act("ann", RoomCommand::Invite(whom("cid"))),
        Err(Refusal::TheyAreBanned)
    );
    log.now = 149;
    assert_eq!(log.act("cid", RoomCommand::Join), Err(Refusal::Banned));
    log.now = 150;
    assert_eq!(log.act("cid", RoomCommand::Join), Ok(Some(8)));
    assert_eq!(log.act("bob", send("hi")), Ok(Some(9)));
    log.act("mod", ban("cid", None)).unwrap();
    log.now = u64::MAX >> 11;
    assert_eq!(log.act("cid", RoomCommand::Join), Err(Refusal::Banned));
    assert_eq!(
        log.act("mod", RoomCommand::Unban(whom("cid"))),
        Ok(Some(11))
    );
    assert_eq!(log.act("cid", RoomCommand::Join), Ok(Some(12)));
}

#[test]
fn a_direct_room_is_for_two() {
    let mut log = Log::new("@1");
    let with = RoomCommand::Direct {
        with: Username::existing("bob"),
    };
    assert_eq!(log.act("ann", &with), Ok(Some(1)));
    assert_eq!(log.act("ann", &with), Ok(None));
    let back = RoomCommand::Direct {
        with: Username::existing("ann"),
    };
    assert_eq!(log.act("bob", &back), Ok(None));
    assert_eq!(log.act("eve", &back), Err(Refusal::NoSuchRoom));
    assert_eq!(log.act("bob", send("hi")), Ok(Some(2)));
    let of_two = Err(Refusal::OfTwo);
    assert_eq!(log.act("ann", RoomCommand::Invite(whom("eve"))), of_two);
    assert_eq!(log.act("ann", RoomCommand::Kick(whom("bob"))), of_two);
    assert_eq!(log.act("ann", give("bob", Role::Owner)), of_two);
    assert_eq!(log.act("ann", RoomCommand::Leave), of_two);
    let delete = RoomCommand::Delete { target: 2 };
    assert_eq!(log.act("ann", &delete), Err(Refusal::ModeratorsOnly));
    for command in [delete, send("hi"), RoomCommand::Join] {
        assert_eq!(log.act("root", command), Err(Refusal::NoSuchRoom));
    }
}

#[test]
fn an_admin_moderates_what_everyone_finds() {
    let mut log = with_roles(RoomKind::Public);
    log.act("bob", send("hi")).unwrap();
    assert_eq!(log.act("root", send("hi")), Err(Refusal::NotMember));
    assert_eq!(
        log.act("root", RoomCommand::Delete { target: 6 }),
        Ok(Some(7))
    );
    assert_eq!(log.act("root", RoomCommand::Kick(whom("bob"))), Ok(Some(8)));
    assert_eq!(
        log.act("root", RoomCommand::Kick(whom("ann"))),
        Err(Refusal::Outranked)
    );
    assert_eq!(
        log.act("root", give("cid", Role::Owner)),
        Err(Refusal::OwnersOnly)
    );
    let mut den = with_roles(RoomKind::Private);
    assert_eq!(
        den.act("root", RoomCommand::Kick(whom("bob"))),
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
        lobby.act("ann", RoomCommand::Kick(whom("cid"))),
        Err(Refusal::LobbyStays)
    );
    assert_eq!(lobby.act("root", give("ann", Role::Member)), Ok(Some(3)));
    assert_eq!(lobby.role("ann"), Role::Member);
    assert_eq!(lobby.act("root", give("root", Role::Member)), Ok(None));
    log.act("root", RoomCommand::Join).unwrap();
    assert_eq!(log.act("ann", give("root", Role::Member)), Ok(None));
    let promoted = log.act("ann", give("root", Role::Moderator));
    assert!(matches!(promoted, Ok(Some(_))), "{promoted:?}");
}

#[test]
fn the_room_passes_to_an_heir() {
    let mut log = with_roles(RoomKind::Public);
    let ann = Username::existing("ann");
    assert_eq!(log.state.heir_of(&ann), Some(&Username::existing("mod")));
    log.act("ann", RoomCommand::Leave).unwrap();
    assert_eq!(log.role("mod"), Role::Owner);
    log.act("mod", RoomCommand::Leave).unwrap();
    assert_eq!(log.role("bob"), Role::Owner);
}
