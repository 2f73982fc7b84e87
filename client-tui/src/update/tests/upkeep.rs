//! Upkeep that needs no key: read markers, typing notices and saving.

use crate::testing::{NOW, Script};
use crate::update::{Effect, next_change};

/// The read markers and typing notices that were sent.
fn sent(client: &Script) -> String {
    let sent = client.effects.iter().filter_map(|effect| match effect {
        Effect::Read { room, seq } => Some(format!("read {room} {seq}")),
        Effect::Typing(room) => Some(format!("typing {room}")),
        _ => None,
    });
    sent.collect::<Vec<_>>().join(", ")
}

#[test]
fn read_markers_are_sent_once_a_second() {
    let mut client = Script::chat(80, 24);
    client.run("chat lobby 1 bob a; chat lobby 2 bob b; chat lobby 3 bob c");
    assert_eq!(sent(&client), "read lobby 1");
    assert_eq!(next_change(&client.app, NOW), Some(NOW + 1_000));
    client.run("wait 1000");
    assert_eq!(sent(&client), "read lobby 1, read lobby 3");
    assert_eq!(
        next_change(&client.app, NOW + 1_000),
        None,
        "nothing wakes it"
    );
    client.effects.clear();
    client.run("page 1 3 end; resize 80 4; key pgup; chat lobby 4 bob d; wait 5000");
    assert_eq!(sent(&client), "", "what is below the screen was not seen");
    client.run("key end");
    assert_eq!(sent(&client), "read lobby 4");
}

#[test]
fn unread_messages_are_counted_as_the_server_counts_them() {
    let mut client = Script::chat(80, 24);
    let counts = |client: &Script, index: usize| {
        let room = &client.state().rooms()[index];
        (room.unread(), room.mentions())
    };
    client.run("unread-room rust 10 7 1");
    assert_eq!(counts(&client, 1), (3, 1));
    // The replay of messages that the server's count includes.
    client.run("chat rust 9 bob a; mention rust 10 bob b");
    assert_eq!(counts(&client, 1), (3, 1));
    client.run("mention rust 11 bob @ann");
    assert_eq!(counts(&client, 1), (4, 2));
    client.run("chat rust 12 ann written in another client; chat rust 13 bob x");
    assert_eq!(counts(&client, 1), (1, 0), "a user who writes has read");
    client.run("read rust 13 0");
    assert_eq!(counts(&client, 1), (0, 0));
    client.run("chat rust 14 bob x; key alt-a");
    assert_eq!(client.state().current_index(), 1);
    assert_eq!(client.state().current().read.divider, Some(13));
    client.run("type x; key enter");
    assert_eq!(
        client.state().current().read.divider,
        None,
        "a user who writes has read"
    );
}

#[test]
fn mention_counts_follow_edits_and_deletes() {
    let mut client = Script::chat(80, 24);
    let counts = |client: &Script| {
        let room = &client.state().rooms()[1];
        (room.unread(), room.mentions())
    };
    client.run("unread-room rust 10 10 0; chat rust 11 bob hi; mention rust 12 bob @ann");
    assert_eq!(counts(&client), (2, 1));
    client.run("mentioned-in rust 13 11 hi @ann");
    assert_eq!(counts(&client), (2, 2), "edited to mention ann");
    client.run("deleted-in rust 14 12");
    assert_eq!(counts(&client).1, 1, "a mention was deleted");
}

#[test]
fn ownership_that_is_inherited_is_seen() {
    let mut client = Script::chat(80, 24);
    client.run("room rust; inherits rust 4 bob");
    let info = client.state().rooms()[1].info().unwrap();
    assert_eq!(info.role, chat_shared::protocol::Role::Owner);
}

#[test]
fn urgent_rooms_come_first() {
    let mut client = Script::chat(80, 24);
    client.run(
        "room a; room b; direct @d1 zoe; chat a 1 bob x; chat @d1 1 zoe psst; mention b 1 bob @ann",
    );
    let current = |client: &Script| client.state().current().title().to_owned();
    let mut order = Vec::new();
    for _ in 0..3 {
        client.run("key alt-a");
        order.push(current(&client));
    }
    assert_eq!(order, ["b", "zoe", "a"]);
    client.run("key alt-a");
    assert_eq!(
        client.state().notice.as_deref(),
        Some("There is nothing unread in other rooms.")
    );
}

#[test]
fn typing_notices_are_sent_at_intervals() {
    let mut client = Script::chat(80, 24);
    client.run("type /names");
    assert_eq!(sent(&client), "", "a command is no message");
    client.run("key ctrl-u; type hel; wait 3999; type l; wait 1; type o");
    assert_eq!(sent(&client), "", "nobody else is here");
    client.run("crowd 2; type a; wait 3999; type b; wait 1; type c");
    assert_eq!(sent(&client), "typing lobby, typing lobby");
    client.run("typing ann bob; wait 5999");
    assert_eq!(
        client.state().current().typing.names.len(),
        1,
        "not ann herself"
    );
    client.run("wait 1");
    assert!(client.state().current().typing.names.is_empty());
    // Nothing that is over wakes the program, also without a connection.
    client.run("typing bob; type x; ended Gone.; wait 6000");
    assert_eq!(next_change(&client.app, NOW + 60_000), None);
}

#[test]
fn nothing_is_read_that_nobody_looks_at() {
    let counts = |client: &Script| {
        let room = client.state().current();
        (room.unread(), room.mentions(), room.read.divider)
    };
    for away in [
        "focus out",
        "wait 300000",
        "key f1",
        "type /search tea; key enter",
    ] {
        let mut client = Script::chat(80, 24);
        client.run("page 1 1 end; chat lobby 2 bob a; wait 1000");
        client.effects.clear();
        client.run(away);
        client.run("chat lobby 3 bob b; mention lobby 4 bob @ann; wait 5000");
        assert_eq!(sent(&client), "", "after {away:?}");
        assert_eq!(counts(&client), (2, 1, Some(2)), "after {away:?}");
        client.run("focus in; key esc; wait 1000");
        assert_eq!(sent(&client), "read lobby 4", "after {away:?}");
        assert_eq!(counts(&client), (0, 0, Some(2)), "the divider stays");
    }
}

#[test]
fn messages_missed_by_a_lost_connection_get_a_divider() {
    let mut client = Script::chat(80, 24);
    client.run("page 1 3 end; down 5 Gone.; unread-room lobby 8 3 0");
    assert_eq!(client.state().current().read.divider, Some(3));
}
