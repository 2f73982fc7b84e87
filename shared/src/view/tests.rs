//! Tests of the view of a room; `windows` has those of paging.

mod windows;

use super::*;
use crate::RoomName;
use crate::protocol::{DeletedEvent, EditedEvent, MemberInfo, ReactedEvent};
use crate::{Emoji, Nonce};

fn name(text: &str) -> Username {
    Username::existing(text)
}

fn room() -> RoomName {
    RoomName::parse("a").unwrap()
}

fn info(last_seq: Seq) -> RoomInfo {
    RoomInfo {
        last_seq,
        read_seq: last_seq,
        members: 2,
        ..RoomInfo::new(room(), RoomKind::Public)
    }
}

fn view(last_seq: Seq) -> RoomView {
    RoomView::new(name("me"), info(last_seq))
}

fn said(seq: Seq, who: &str, text: &str) -> ChatEvent {
    let nonce = Nonce::parse(&format!("n{seq}")).unwrap();
    let mentions = text.contains("@me").then(|| name("me"));
    ChatEvent {
        mentions: mentions.into_iter().collect(),
        ..ChatEvent::new(room(), seq, seq, name(who), text, nonce)
    }
}

fn chat(seq: Seq, who: &str, text: &str) -> ServerFrame {
    ServerFrame::Chat(said(seq, who, text))
}

fn edited(seq: Seq, target: Seq, text: &str) -> ServerFrame {
    ServerFrame::Edited(EditedEvent {
        room: room(),
        seq,
        ts: seq,
        target,
        username: name("bob"),
        message: text.to_owned(),
        deleted: false,
        mentions: Vec::new(),
    })
}

fn deleted(seq: Seq, target: Seq) -> ServerFrame {
    ServerFrame::Deleted(DeletedEvent {
        room: room(),
        seq,
        ts: seq,
        target,
        username: name("bob"),
    })
}

fn reacted(seq: Seq, target: Seq, who: &str, on: bool) -> ServerFrame {
    ServerFrame::Reacted(ReactedEvent {
        room: room(),
        seq,
        ts: seq,
        target,
        username: name(who),
        emoji: Emoji::parse("👍").unwrap(),
        on,
    })
}

fn line(seq: Seq, event: SystemKind, about: &str) -> SystemEvent {
    SystemEvent {
        seq: Some(seq),
        username: Some(name(about)),
        ..SystemEvent::new(room(), seq, event, "")
    }
}

fn page(as_of: Seq, messages: &[(Seq, Seq, &str)]) -> HistoryPage {
    HistoryPage {
        re: None,
        room: room(),
        as_of,
        messages: messages
            .iter()
            .map(|(seq, rev, text)| ChatEvent {
                rev: Some(*rev),
                ..said(*seq, "bob", text)
            })
            .collect(),
        more_before: false,
        more_after: false,
    }
}

/// The messages as `seq text`, with a `*` behind one that was deleted, and their thumbs.
fn shown(view: &RoomView) -> Vec<String> {
    let thumbs = |chat: &ChatEvent| chat.reactions.values().map(|it| it.n).sum::<u64>();
    view.messages()
        .map(|chat| {
            let deleted = if chat.deleted { "*" } else { "" };
            let thumbs = "👍".repeat(usize::try_from(thumbs(chat)).unwrap());
            format!("{} {}{deleted}{thumbs}", chat.seq, chat.message)
        })
        .collect()
}

#[test]
fn a_page_late_or_early_and_the_events_make_the_same() {
    let events = [
        edited(6, 2, "two!"),
        reacted(7, 1, "ann", true),
        chat(8, "bob", "eight"),
        reacted(9, 8, "ann", true),
        deleted(10, 3),
        reacted(11, 1, "ann", false),
    ];
    let pages = [
        page(5, &[(1, 1, "one"), (2, 2, "two"), (3, 3, "three")]),
        page(6, &[(1, 1, "one"), (2, 6, "two!"), (3, 3, "three")]),
    ];
    let expect = ["1 one", "2 two!", "3 *", "8 eight👍"];
    for page in pages {
        // The page comes after so many of the events.
        for first in 0..=events.len() {
            let mut view = view(5);
            events[..first].iter().for_each(|event| view.apply(event));
            view.take_page(PageKind::Newest, &page).unwrap();
            events[first..].iter().for_each(|event| view.apply(event));
            assert_eq!(shown(&view), expect, "as of {} after {first}", page.as_of);
            assert_eq!(view.held_above(), 0);
        }
    }
}

#[test]
fn repeated_events_change_nothing() {
    let mut view = view(5);
    view.apply(&chat(6, "bob", "six"));
    view.apply(&chat(6, "bob", "again"));
    view.apply(&chat(5, "bob", "old"));
    view.apply(&reacted(7, 6, "ann", true));
    view.apply(&reacted(7, 6, "ann", true));
    assert_eq!(shown(&view), ["6 six👍"]);
}

#[test]
fn a_page_from_before_the_changes_that_are_known_is_stale() {
    let mut view = view(5);
    for seq in 6..1_100 {
        view.apply(&reacted(seq, 1, "ann", seq % 2 == 0));
    }
    let stale = view.take_page(PageKind::Newest, &page(6, &[(1, 1, "one")]));
    assert_eq!(stale, Err(PageError::Stale));
    view.take_page(PageKind::Newest, &page(1_099, &[(1, 1_099, "one")]))
        .unwrap();
    assert_eq!(shown(&view), ["1 one"]);
}

fn unread(view: &RoomView) -> (u64, u64) {
    (view.info().unread, view.info().mentions)
}

fn read(seq: Seq, unread: u64, mentions: u64) -> ServerFrame {
    ServerFrame::Read(ReadEvent {
        room: room(),
        seq,
        unread,
        mentions,
    })
}

#[test]
fn unread_is_counted_on_from_what_the_server_counted() {
    let counted = RoomInfo {
        read_seq: 1,
        unread: 3,
        mentions: 1,
        ..info(5)
    };
    let mut view = RoomView::new(name("me"), counted.clone());
    view.apply(&chat(6, "bob", "hi"));
    view.apply(&chat(7, "bob", "@me hi"));
    assert_eq!(unread(&view), (5, 2));
    // After a new connection, the count already has the messages that were missed.
    let again = RoomInfo {
        unread: 7,
        mentions: 3,
        last_seq: 9,
        ..counted
    };
    view.welcomed(&again);
    view.apply(&chat(8, "bob", "@me"));
    view.apply(&chat(9, "bob", "x"));
    assert_eq!(unread(&view), (7, 3));
    view.apply(&chat(10, "bob", "y"));
    assert_eq!(unread(&view), (8, 3));
    view.apply(&read(9, 1, 0));
    assert_eq!((view.info().read_seq, unread(&view)), (9, (1, 0)));
    // An older mark changes nothing.
    view.apply(&read(4, 6, 3));
    assert_eq!((view.info().read_seq, unread(&view)), (9, (1, 0)));
    view.apply(&chat(11, "me", "mine"));
    assert_eq!((view.info().read_seq, unread(&view)), (11, (0, 0)));
}

#[test]
fn unread_is_counted_from_what_is_held() {
    let mut view = view(5);
    view.apply(&chat(6, "bob", "@me"));
    view.apply(&chat(7, "bob", "@me too"));
    assert_eq!(unread(&view), (2, 2));
    view.apply(&edited(8, 7, "nobody"));
    assert_eq!(unread(&view), (2, 1));
    view.apply(&deleted(9, 6));
    assert_eq!(unread(&view), (2, 0));
    // The server counted before it knew of all that is held here.
    view.apply(&read(6, 9, 9));
    assert_eq!(unread(&view), (1, 0));
}

fn member(who: &str, role: Role) -> MemberInfo {
    MemberInfo {
        username: name(who),
        display_name: who.to_owned(),
        avatar: String::new(),
        role,
        online: false,
        bot: false,
        muted: false,
    }
}

fn people(view: &RoomView) -> Vec<String> {
    view.people()
        .iter()
        .map(|it| {
            let muted = if it.muted { " muted" } else { "" };
            format!("{} {:?}{muted}", it.username, it.role)
        })
        .collect()
}

#[test]
fn members_are_a_page_with_what_happened_since_it_was_asked_for() {
    let mut view = view(5);
    let page = |members: &[MemberInfo], more| MembersPage {
        re: None,
        room: room(),
        members: members.to_vec(),
        more,
    };
    view.ask_members();
    let joined = ServerFrame::System(line(6, SystemKind::Joined, "cat"));
    let kicked = ServerFrame::System(line(7, SystemKind::Kicked, "bob"));
    let muted = ServerFrame::System(line(8, SystemKind::Muted, "cat"));
    view.take_members(&page(&[member("ann", Role::Owner)], true));
    view.apply(&joined);
    view.apply(&kicked);
    view.take_members(&page(&[member("bob", Role::Member)], false));
    view.apply(&muted);
    assert_eq!(people(&view), ["ann Owner", "cat Member muted"]);
    assert_eq!(view.info().members, 2);
}

#[test]
fn all_of_a_room_is_in_its_events() {
    let mut view = RoomView::from_the_beginning(name("me"), &info(90));
    let topic = SystemEvent {
        topic: Some("crabs".to_owned()),
        ..line(3, SystemKind::Topic, "ann")
    };
    let role = SystemEvent {
        role: Some(Role::Moderator),
        ..line(5, SystemKind::Role, "me")
    };
    let left = SystemEvent {
        heir: Some(name("me")),
        ..line(6, SystemKind::Left, "ann")
    };
    for line in [
        line(1, SystemKind::Created, "ann"),
        line(2, SystemKind::Joined, "me"),
        topic,
        line(4, SystemKind::Invited, "bob"),
        role,
        left,
        line(7, SystemKind::Banned, "bob"),
    ] {
        view.apply(&ServerFrame::System(line));
    }
    assert_eq!(people(&view), ["me Owner"]);
    let RoomInfo {
        topic,
        role,
        members,
        read_seq,
        last_seq,
        ..
    } = view.info();
    assert_eq!((topic.as_str(), *role, *members), ("crabs", Role::Owner, 1));
    assert_eq!((*read_seq, *last_seq), (2, 7));
}

#[test]
fn a_limited_room_starts_over() {
    let mut view = view(5);
    view.apply(&chat(6, "bob", "six"));
    view.apply(&ServerFrame::Limited(Limited {
        room: room(),
        last_seq: 90,
        reset: false,
    }));
    assert_eq!(shown(&view), Vec::<String>::new());
    view.apply(&chat(91, "bob", "x"));
    assert_eq!(
        (shown(&view), view.held_above()),
        (vec!["91 x".to_owned()], 90)
    );
}
