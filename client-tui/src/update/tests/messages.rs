//! Messages show their current state, in whatever order events and pages arrive.

use super::check;
use crate::state::{LineKey, More};
use crate::testing::Script;

#[test]
fn events_change_messages() {
    check(
        "page 1 2 end; edited 3 1 new text; reacted 4 2 ann 🎉; reacted 5 2 bob 🎉",
        "1 bob: new text (edited)\n2 bob: line 2 🎉2*\n> ",
    );
    check(
        "page 1 1 end; reacted 2 1 bob 🎉; unreacted 3 1 bob 🎉; deleted 4 1; edited 5 1 back",
        "1 bob:  (deleted)\n> ",
    );
    // An event that arrives twice counts once.
    check(
        "page 1 1 end; reacted 2 1 bob 🎉; reacted 2 1 bob 🎉",
        "1 bob: line 1 🎉1\n> ",
    );
}

#[test]
fn a_page_that_comes_late_takes_in_what_changed_since() {
    let mut client = Script::sign_in(80, 24);
    client.app.screen = Script::chat(80, 24).app.screen;
    client.run("log 2; chat lobby 3 bob hi; edited 4 1 changed; deleted 5 2; page-as-of 3 1 2");
    assert_eq!(
        client.shown(),
        "1 bob: changed (edited)\n2 bob:  (deleted)\n3 bob: hi\n> \nfetch before 3\n"
    );
}

#[test]
fn a_page_older_than_the_changes_that_are_known_is_asked_for_again() {
    let mut client = Script::chat(80, 24);
    client.run("log 9");
    for seq in 10..1_100 {
        client.run(&format!("edited {seq} 1 text {seq}"));
    }
    client.effects.clear();
    client.run("page-as-of 3 1 2");
    assert_eq!(
        client.shown(),
        "> \nfetch newest\n",
        "nothing stale is shown"
    );
}

#[test]
fn the_past_around_a_message_joins_the_present_without_a_gap() {
    let mut client = Script::chat(80, 24);
    client.run("page 901 1000 more; type /search tea; key enter; found 500 500 end; key enter");
    assert!(client.shown().ends_with("fetch around 500\n"));
    client.run("page 450 550 more newer; chat lobby 1001 bob live");
    let room = client.state().current();
    assert_eq!(room.newest(), Some(550), "live ones would leave a gap");
    assert_eq!(room.selected, Some(500));
    assert!(room.is_scrolled());
    client.effects.clear();
    client.run("key pgdn pgdn pgdn pgdn pgdn");
    assert!(client.shown().ends_with("fetch after 550\n"));
    client.run("page 551 650 more newer; key pgdn pgdn");
    let newer = |client: &Script| client.state().current().newer();
    assert_eq!(newer(&client), More::There);
    // The last messages are held: the page before them closes the gap.
    client.run("page 651 900 more newer; chat lobby 1002 bob now");
    assert_eq!(newer(&client), More::None);
    assert_eq!(client.state().current().newest(), Some(1002));
    assert_eq!(client.state().current().oldest(), Some(450));
    client.run("key end");
    assert!(!client.state().current().is_scrolled());
}

#[test]
fn end_leaves_the_past_at_once() {
    let mut client = Script::chat(80, 24);
    client.run("page 901 1000 more; type /search tea; key enter; found 500 500 end; key enter");
    client.run("page 450 550 more newer");
    assert_eq!(client.state().current().newest(), Some(550));
    client.run("chat lobby 1001 bob live; key end");
    let room = client.state().current();
    assert_eq!((room.oldest(), room.newest()), (Some(901), Some(1001)));
    assert!(
        client.shown().ends_with("fetch around 500\n"),
        "nothing more is fetched"
    );
}

#[test]
fn commands_mean_the_chosen_message_or_the_last_that_fits() {
    check(
        "page 1 3 end; type /reply yes; key enter",
        "1 bob: line 1\n2 bob: line 2\n3 bob: line 3\n~ yes\n> \nsend n-1 yes to 3",
    );
    check(
        "page 1 2 end; key alt-up alt-up; type /reply yes; key enter",
        "1 bob: line 1\n2 bob: line 2\n~ yes\n> \nsend n-1 yes to 1",
    );
    check(
        "page 1 1 end; key alt-r; type yes; key enter",
        "1 bob: line 1\n~ yes\n> \nsend n-1 yes to 1",
    );
    check(
        "page 1 1 end; key alt-r esc; type yes; key enter",
        "1 bob: line 1\n~ yes\n> \nsend n-1 yes",
    );
    check(
        "page 1 1 end; own 2 n-9 oops; key alt-e; type !; key enter",
        "1 bob: line 1\n2 ann: oops\n> \nEdit { seq: 2, text: \"oops!\" }",
    );
    check(
        "page 1 1 end; type /edit x; key enter",
        "1 bob: line 1\nnotice You have no message here.\n> /edit x",
    );
    check(
        "page 1 1 end; key alt-up; type /edit x; key enter",
        "1 bob: line 1\nnotice You can edit only your own messages.\n> /edit x",
    );
    check(
        "page 1 1 end; type /react :tada:; key enter; reacted 2 1 ann 🎉; type /react 🎉; key enter",
        "1 bob: line 1 🎉1*\n> \nReact { seq: 1, emoji: Emoji(\"🎉\"), on: true }\nReact { seq: 1, emoji: Emoji(\"🎉\"), on: false }",
    );
    check(
        "page 1 1 end; type /react no; key enter",
        "1 bob: line 1\nnotice A reaction is one emoji.\n> /react no",
    );
    check(
        "own 1 n-9 a; type /delete; key enter; not-done Too late.",
        "1 ann: a\n!! The message was not deleted: Too late.\n> \nDelete(1)",
    );
    // The new text is kept.
    check(
        "own 1 n-9 a; type /edit b; key enter; not-done Too late.",
        "1 ann: a\n!! The message was not edited: Too late.\n> b\nEdit { seq: 1, text: \"b\" }",
    );
}

#[test]
fn joins_and_leaves_share_one_line() {
    check(
        "joined bob; joined cem; left bob; chat lobby 1 cem hi; joined bob",
        "-- +[Username(\"cem\")] -[Username(\"bob\")]\n1 cem: hi\n-- +[Username(\"bob\")] -[]\n> ",
    );
}

#[test]
fn timelines_are_bounded() {
    let mut client = Script::chat(80, 24);
    client.run("room rust; page 1 1 more");
    for seq in 2..5_000 {
        client.run(&format!("chat lobby {seq} bob hi; chat rust {seq} bob hi"));
    }
    let lines: Vec<_> = client
        .state()
        .rooms()
        .iter()
        .map(|room| room.down_from(LineKey::durable(0)).count())
        .collect();
    assert_eq!(lines, [2_000, 200]);
}
