//! Nothing that was typed is lost or goes where it was not meant.

use crate::state::{Saved, Screen};
use crate::testing::Script;
use crate::update::tests::check;
use crate::update::{Effect, send_waiting};

/// Returns the data that the client saved last.
fn saved(client: &Script) -> Saved {
    let saved = client.effects.iter().rev().find_map(|effect| match effect {
        Effect::Save { saved, .. } => Some(saved.clone()),
        _ => None,
    });
    saved.unwrap()
}

/// A client that starts with what another one saved.
fn restarted(saved: &Saved) -> Script {
    let text = serde_json::to_string(saved).unwrap();
    let saved: Saved = serde_json::from_str(&text).unwrap();
    let mut client = Script::sign_in(80, 24);
    client.app.screen = Script::chat(80, 24).app.screen;
    let mut effects = Vec::new();
    if let Screen::Chat(chat) = &mut client.app.screen {
        saved.restore(chat);
        send_waiting(chat, client.app.now, &mut effects);
    }
    client.effects = effects;
    client
}

#[test]
fn drafts_and_unsent_messages_survive_a_restart() {
    let mut client = Script::chat(80, 24);
    client.run("room rust; down 5 Gone.; type hello; key enter");
    assert_eq!(
        saved(&client).pending.len(),
        1,
        "a message is saved at once"
    );
    client.run("key alt-2; type half; wait 1000");
    let mut again = restarted(&saved(&client));
    assert_eq!(again.shown(), "~ hello\n> \nsend n-1 hello\n");
    again.run("key alt-2");
    assert_eq!(again.state().current().input.text(), "half");
    // The server had stored it before the answer could arrive.
    again.effects.clear();
    again.run("key alt-1; own 7 n-1 hello");
    assert!(saved(&again).pending.is_empty());
}

#[test]
fn a_draft_keeps_what_it_is_for_across_a_restart() {
    let mut client = Script::chat(80, 24);
    client.run("page 1 1 end; own 2 n-9 mine; type new one; key alt-e; type !; wait 1000");
    let mut again = restarted(&saved(&client));
    again.run("page 1 1 end; own 2 n-9 mine; key enter");
    assert!(again.shown().contains("Edit { seq: 2, text: \"mine!\" }"));
    assert_eq!(again.state().current().input.text(), "new one");
    // A half-typed command is one still; a pasted line is not.
    client = Script::chat(80, 24);
    client.run("type /quit; wait 1000");
    let mut again = restarted(&saved(&client));
    again.run("key enter");
    assert!(again.shown().ends_with("> \nQuit\n"), "{}", again.shown());
}

#[test]
fn an_edit_keeps_the_draft_and_gives_it_back() {
    let begin = "own 1 n-9 mine; type a long draft; key alt-e";
    check(begin, "1 ann: mine\n> mine");
    check(&format!("{begin}; key esc"), "1 ann: mine\n> a long draft");
    check(
        &format!("{begin}; key ctrl-c"),
        "1 ann: mine\n> a long draft",
    );
    check(
        &format!("{begin}; type !; key enter"),
        "1 ann: mine\n> a long draft\nEdit { seq: 1, text: \"mine!\" }",
    );
    // A refused edit comes back, and what was typed meanwhile is kept below it.
    check(
        &format!("{begin}; type !; key enter; not-done Too late.; key esc"),
        "1 ann: mine\n!! The message was not edited: Too late.\n> a long draft\nEdit { seq: 1, text: \"mine!\" }",
    );
}

#[test]
fn a_recalled_line_gives_the_draft_back() {
    check(
        "type one; key enter; ack n-1 1; type half; key up; key enter; ack n-2 2",
        "1 ann: one\n2 ann: one\n> half\nsend n-1 one\nsend n-2 one",
    );
    check(
        "type one; key enter; ack n-1 1; type half; key up; type !; wait 1000; key down",
        "1 ann: one\n> half\nsend n-1 one",
    );
}

#[test]
fn loaded_and_pasted_text_is_never_a_command() {
    check("paste /quit; key enter", "~ /quit\n> \nsend n-1 /quit");
    check(
        "own 1 n-9 mine; paste /delete\\n- takes a message back; key enter",
        "1 ann: mine\n~ /delete\n- takes a message back\n> \nsend n-1 /delete\n- takes a message back",
    );
    check(
        "type /topic of the day; key alt-enter; type is cake; key enter",
        "~ /topic of the day\nis cake\n> \nsend n-1 /topic of the day\nis cake",
    );
    // An action is edited as it is, and a path keeps its slash.
    check(
        "own 1 n-9 /me waevs; key alt-e; key ctrl-u; type /me waves; key enter",
        "1 ann: /me waevs\n> \nEdit { seq: 1, text: \"/me waves\" }",
    );
    check(
        "own 1 n-9 /etc/hosts is wrnog; key alt-e; type !; key enter",
        "1 ann: /etc/hosts is wrnog\n> \nEdit { seq: 1, text: \"/etc/hosts is wrnog!\" }",
    );
    // Recalled, a pasted line is text, and a typed command a command.
    check(
        "paste /quit; key enter; ack n-1 1; key up; key enter",
        "1 ann: /quit\n~ /quit\n> \nsend n-1 /quit\nsend n-2 /quit",
    );
    check(
        "type /topic x; key enter; key up; key enter",
        "> \nTopic(\"x\")\nTopic(\"x\")",
    );
}

#[test]
fn a_room_that_one_is_removed_from_stays_with_what_was_typed() {
    let mut client = Script::chat(80, 24);
    client.run("room rust; key alt-2; type typing when; kicked rust 4 bob; gone rust");
    client.run("type  kicked; key enter");
    let room = client.state().current();
    assert_eq!(room.name.as_str(), "rust", "nothing goes to the lobby");
    assert_eq!(room.input.text(), "typing when kicked");
    assert_eq!(room.closed(), Some("You were removed from rust by bob."));
    assert!(
        !client
            .effects
            .iter()
            .any(|it| matches!(it, Effect::Send { .. }))
    );
    // Back in the room, the text can be sent.
    client.run("room rust; key enter");
    let shown = client.shown();
    assert!(shown.contains("send n-2 typing when kicked\n"), "{shown}");

    let mut client = Script::chat(80, 24);
    client.run("room rust; key alt-2; banned rust 4 bob; gone rust; type x; key alt-1 alt-2");
    assert_eq!(
        client.state().current().closed(),
        Some("You were banned from rust by bob until 2026-09-21 15:13.")
    );
    client.run("key ctrl-u; type /leave; key enter");
    assert_eq!(client.state().rooms().len(), 1, "/leave closes it");
}

#[test]
fn waiting_messages_of_a_closed_room_are_kept() {
    let mut client = Script::chat(80, 24);
    client.run("room rust; key alt-2; down 5 Gone.; type important; key enter; key alt-1");
    client.run("welcome lobby; kicked rust 4 bob; gone rust; key alt-2");
    let shown = client.shown();
    let line = "~ important (You were removed from rust by bob.)";
    assert!(shown.contains(line), "{shown}");
    // So they are after a restart without the room.
    let mut again = restarted(&saved(&client));
    again.run("welcome lobby; key alt-2");
    assert!(again.shown().contains("~ important"), "{}", again.shown());
    // One that was left on purpose and holds nothing goes.
    let mut client = Script::chat(80, 24);
    client.run("room rust; key alt-2; type /leave; key enter; gone rust; left-here rust");
    assert_eq!(client.state().rooms().len(), 1);
}

#[test]
fn messages_over_the_rate_limit_wait_in_order() {
    let mut client = Script::chat(80, 24);
    client.run("type one; key enter; type two; key enter; type three; key enter");
    let sends = |client: &mut Script| {
        let shown = client.shown();
        client.effects.clear();
        let sends = shown.lines().filter(|line| line.starts_with("send "));
        sends.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sends(&mut client), ["send n-1 one"], "one at a time");
    client.run("rate-limited n-1 2000; wait 1999");
    assert!(sends(&mut client).is_empty());
    assert!(
        client.shown().starts_with("~ one\n~ two\n~ three\n"),
        "none failed"
    );
    client.run("wait 1");
    assert_eq!(sends(&mut client), ["send n-1 one"]);
    client.run("ack n-1 1");
    assert_eq!(sends(&mut client), ["send n-2 two"]);
    client.run("refused n-2 No.");
    assert_eq!(
        sends(&mut client),
        ["send n-3 three"],
        "a refusal holds nothing up"
    );
}

#[test]
fn a_session_of_somebody_else_shows_and_sends_nothing() {
    let mut client = Script::chat(80, 24);
    client.run("down 5 Gone.; type secret; key enter; type half");
    client.effects.clear();
    client.run("welcome-as bob");
    let shown = client.shown();
    let form =
        "sign-in SignIn Tabs [ann] The saved sign-in belongs to bob, not to ann; sign in again.";
    assert!(shown.starts_with(form), "{shown}");
    assert!(shown.contains("Disconnect"), "{shown}");
    assert_eq!(saved(&client).pending.len(), 1);
}

#[test]
fn a_session_that_ends_while_one_types_keeps_the_last_letter() {
    let mut client = Script::chat(80, 24);
    client.run("type half a lin; wait 1000; type e; signed-out; type x");
    assert_eq!(
        restarted(&saved(&client)).state().current().input.text(),
        "half a line"
    );
    let Screen::SignIn(form) = &client.app.screen else {
        panic!("the chat is shown");
    };
    assert!(form.password.is_empty(), "no letter lands in the password");
}
