//! Compares the view of a fresh connection with the one folded from events.

use std::time::Duration;

use chat_shared::client::{Client, Event, Events};
use chat_shared::protocol::{ChatEvent, MemberInfo, PageKind, Role, RoomInfo, ServerFrame};
use chat_shared::view::RoomView;
use chat_shared::{RoomName, Seq, Username};
use tokio::time::{Instant, sleep, timeout};

use super::person::Person;
use crate::support::PATIENCE;

pub(super) async fn with_a_fresh_connection(person: &Person, when: &str) {
    let (client, mut events) = person.fresh();
    let rooms = rooms(&mut events).await;
    let reading = tokio::spawn(async move { while events.next().await.is_some() {} });
    let own: Vec<RoomName> = person
        .view()
        .iter()
        .map(|room| room.info().room.clone())
        .collect();
    let mut told: Vec<RoomName> = rooms.iter().map(|info| info.room.clone()).collect();
    told.sort();
    assert_eq!(own, told, "{when}, the rooms of {}", person.name);
    for info in &rooms {
        let what = format!("{when}, {} as {} has it", info.room, person.name);
        caught_up(person, info, &what).await;
        let messages = all_messages(&client, &info.room).await;
        let members = all_members(&client, &info.room).await;
        let folded = folded(&client, person, info).await;
        check_folded(&folded, info, &messages, &members, &what);
        let rooms = person.view();
        let view = rooms.get(&info.room).unwrap();
        check_view(view, info, &messages, &members, &what);
    }
    client.close().await;
    reading.await.unwrap();
}

/// Waits until a person has handled what others have already got.
async fn caught_up(person: &Person, info: &RoomInfo, what: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seq = person.view().get(&info.room).map(RoomView::seq);
        if seq == Some(info.last_seq) {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{what} ends at {seq:?} and not at {}",
            info.last_seq
        );
        sleep(Duration::from_millis(5)).await;
    }
}

fn check_view(
    view: &RoomView,
    info: &RoomInfo,
    messages: &[ChatEvent],
    members: &[MemberInfo],
    what: &str,
) {
    let mut own = view.info().clone();
    if view.people().is_complete() {
        assert_eq!(
            brief(view.people().iter()),
            brief(members),
            "{what}: members"
        );
    }
    // No event gives the member count of a room whose members are unknown, or announces a new
    // account.
    if !view.people().is_complete() || info.room.is_lobby() {
        own.members = info.members;
    }
    assert_eq!(own, *info, "{what}: the room");
    for message in view.messages().chain(view.shown().messages()) {
        let fresh = messages.iter().find(|fresh| fresh.seq == message.seq);
        assert_eq!(fresh, Some(message), "{what}: a message (fresh, then held)");
    }
    let held = view
        .messages()
        .filter(|message| message.seq > view.held_above())
        .count();
    let fresh = messages
        .iter()
        .filter(|message| message.seq > view.held_above())
        .count();
    assert_eq!(
        held,
        fresh,
        "{what}: all messages above {}",
        view.held_above()
    );
}

fn check_folded(
    view: &RoomView,
    info: &RoomInfo,
    messages: &[ChatEvent],
    members: &[MemberInfo],
    what: &str,
) {
    let what = format!("{what}, from its first event on");
    assert_eq!(view.seq(), info.last_seq, "{what}");
    let held: Vec<ChatEvent> = view.messages().cloned().collect();
    assert_eq!(held, messages, "{what}: messages");
    assert_eq!(view.info().topic, info.topic, "{what}");
    if !info.room.is_lobby() {
        assert_eq!(
            brief(view.people().iter()),
            brief(members),
            "{what}: members"
        );
        assert_eq!(view.info().role, info.role, "{what}");
        assert_eq!(view.info().members, info.members, "{what}");
    }
}

fn brief<'a>(members: impl IntoIterator<Item = &'a MemberInfo>) -> Vec<(Username, Role, bool)> {
    let brief = |it: &MemberInfo| (it.username.clone(), it.role, it.muted);
    members.into_iter().map(brief).collect()
}

async fn rooms(events: &mut Events) -> Vec<RoomInfo> {
    let mut rooms = Vec::new();
    let all = async {
        while let Some(event) = events.next().await {
            let (told, more) = match event {
                Event::Connected(welcome) => (welcome.rooms, welcome.more),
                Event::Frame(ServerFrame::RoomsState(state)) => (state.rooms, state.more),
                _ => continue,
            };
            rooms.extend(told);
            if !more {
                return;
            }
        }
    };
    timeout(PATIENCE, all).await.expect("a welcome");
    rooms
}

async fn all_messages(client: &Client, room: &RoomName) -> Vec<ChatEvent> {
    let mut messages = Vec::new();
    let mut which = PageKind::Newest;
    loop {
        let page = client.history(room, which, Some(40)).await.unwrap();
        let first = page.messages.first().map(|message| message.seq);
        messages.splice(0..0, page.messages);
        match first {
            Some(first) if page.more_before => which = PageKind::Before(first),
            _ => return messages,
        }
    }
}

async fn all_members(client: &Client, room: &RoomName) -> Vec<MemberInfo> {
    let mut members: Vec<MemberInfo> = Vec::new();
    loop {
        let after = members.last().map(|member| member.username.clone());
        let page = client.members(room, after, Some(3)).await.unwrap();
        members.extend(page.members);
        if !page.more {
            return members;
        }
    }
}

/// The room's view, folded from its first event.
async fn folded(client: &Client, person: &Person, info: &RoomInfo) -> RoomView {
    let mut view = RoomView::from_the_beginning(person.name.clone(), info);
    let mut after: Seq = 0;
    loop {
        let page = client.events(&info.room, after, Some(50)).await.unwrap();
        for event in &page.events {
            let (_, seq) = event.place().expect("an event has a place");
            assert_eq!(seq, after + 1, "{}: a hole", info.room);
            after = seq;
            view.apply(event);
        }
        if !page.more {
            return view;
        }
    }
}
