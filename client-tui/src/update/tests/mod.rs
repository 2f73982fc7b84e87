//! Tests of [`super::update`], written in the language of [`crate::testing`].

mod admin;
mod kept;
mod messages;
mod upkeep;
mod writing;

use crate::testing::Script;

/// Runs `script` in a chat of 80×24 and compares [`Script::shown`].
#[track_caller]
fn check(script: &str, expect: &str) {
    check_from(Script::chat(80, 24), script, expect);
}

#[track_caller]
fn check_sign_in(script: &str, expect: &str) {
    check_from(Script::sign_in(80, 24), script, expect);
}

#[track_caller]
fn check_from(mut client: Script, script: &str, expect: &str) {
    client.run(script);
    let lines = |text: &str| {
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&client.shown()), lines(expect), "after {script:?}");
}

#[test]
fn a_message_waits_until_it_is_stored() {
    check("type hi; key enter", "~ hi\n> \nsend n-1 hi");
    check(
        "type hi; key enter; ack n-1 7",
        "7 ann: hi\n> \nsend n-1 hi",
    );
    check(
        "type hi; key enter; ack n-1 7; own 7 n-1 hi",
        "7 ann: hi\n> \nsend n-1 hi",
    );
    // The answer was lost with the connection; the replay brings the message.
    check(
        "type hi; key enter; own 7 n-1 hi; ack n-1 7",
        "7 ann: hi\n> \nsend n-1 hi",
    );
    check(
        "type hi; key enter; chat lobby 6 bob yo; ack n-1 7",
        "6 bob: yo\n7 ann: hi\n> \nsend n-1 hi",
    );
    // Another person's message with the same nonce is a different message.
    check(
        "type hi; key enter; chat lobby 1 bob hi",
        "1 bob: hi\n~ hi\n> \nsend n-1 hi",
    );
}

#[test]
fn a_refused_message_stays_and_can_be_sent_again() {
    let refused = "type hi; key enter; refused n-1 You are muted.";
    check(refused, "~ hi (You are muted.)\n> \nsend n-1 hi");
    check(
        &format!("{refused}; key ctrl-r"),
        "~ hi\n> \nsend n-1 hi\nsend n-1 hi",
    );
    check(
        &format!("{refused}; type /retry; key enter"),
        "~ hi\n> \nsend n-1 hi\nsend n-1 hi",
    );
    check(
        &format!("{refused}; type /discard; key enter"),
        "> \nsend n-1 hi",
    );
}

#[test]
fn text_that_cannot_be_sent_stays_in_the_input() {
    check("key enter", "> ");
    check("type  ; key enter", "> ");
    let long = "x".repeat(4_001);
    let kept = format!("> {long}");
    check(&format!("paste {long}; key enter"), &kept);
    check(&format!("paste {long}; key enter esc"), &kept);
    let most = "x".repeat(4_000);
    check(
        &format!("paste {long}; key enter enter"),
        &format!("~ {most}\n~ x\n> \nsend n-1 {most}"),
    );
    check(
        &format!("own 1 n-9 hi; key alt-e; paste {long}; key enter"),
        &format!(
            "1 ann: hi\nnotice The message is too long by 3: 4000 characters at most.\n> hi{long}"
        ),
    );
}

#[test]
fn commands() {
    check(
        "type /fly away; key enter",
        "!! There is no command /fly. /help lists them; //fly sends the text.\n>",
    );
    check("type //fly; key enter", "~ /fly\n> \nsend n-1 /fly");
    check(
        "type /me waves; key enter",
        "~ *waves*\n> \nsend n-1 *waves*",
    );
    check(
        "type /me has 2*3; key enter",
        "~ _has 2*3_\n> \nsend n-1 _has 2*3_",
    );
    check(
        "type /me; key enter",
        "notice /me needs a text: /me waves\n> /me",
    );
    check("type /quit; key enter", "> \nQuit");
    check("type /join #rust; key enter", "> \njoin rust");
    check(
        "type /join; key enter",
        "notice /join needs a room: /join rust\n> /join",
    );
    check(
        "type /join No; key enter",
        "notice A room's name is 1 to 32 characters of a-z 0-9 -.\n> /join No",
    );
    check(
        "cannot-join rust",
        "!! You can't join rust: There is no such room.\n>",
    );
    check(
        "type /leave; key enter",
        "notice Nobody can leave the lobby; /quit ends the program.\n> /leave",
    );
    check(
        "members ann bob -cem; type /names; key enter",
        "** 2 online: ann, bob; offline: cem\n>",
    );
}

#[test]
fn the_past_is_loaded_without_gaps() {
    let fresh = || {
        let mut client = Script::sign_in(80, 24);
        client.app.screen = Script::chat(80, 24).app.screen;
        client
    };
    let mut client = fresh();
    client.effects.clear();
    client.run("page 1 2 end; chat lobby 3 bob new; chat lobby 2 bob again");
    assert_eq!(
        client.shown(),
        "1 bob: line 1\n2 bob: line 2\n3 bob: new\n> \n"
    );
    // A page that was requested before all lines were dropped would leave a gap.
    check(
        "page 50 99 more; key pgup pgup; limited lobby 900; late-page 40 49",
        "> \nfetch before 50\nfetch newest",
    );
    check(
        "log 9; no-page; wait 1000; wait 1000",
        "!! Older messages can't be loaded: The store does not answer.\n> ",
    );
    check(
        "log 9; no-page; key pgup",
        "!! Older messages can't be loaded: The store does not answer.\n> \nfetch newest",
    );
    check("restored lobby", "> \nmembers lobby");
}

#[test]
fn reconnecting_shows_nothing_twice() {
    check(
        "page 1 2 end; down 5 Gone.; welcome lobby; chat lobby 2 bob line 2; chat lobby 3 bob x",
        "1 bob: line 1\n2 bob: line 2\n3 bob: x\n> \nmembers lobby",
    );
}

#[test]
fn scrolling_stays_at_its_line() {
    let mut client = Script::chat(80, 24);
    client.run("page 101 200 more; key pgup");
    let at = |client: &Script| {
        client
            .shown()
            .lines()
            .find(|l| l.starts_with("at"))
            .map(str::to_owned)
    };
    assert_eq!(at(&client).as_deref(), Some("at 180 hidden 0 new 0"));
    client.run("chat lobby 201 bob new; type x");
    assert_eq!(at(&client).as_deref(), Some("at 180 hidden 0 new 1"));
    client.run("key pgdn");
    assert_eq!(at(&client), Some("at 200 hidden 0 new 1".to_owned()));
    client.run("key pgdn");
    assert_eq!(at(&client), None);
    client.run("key pgup pgup pgup pgup pgup pgup");
    let fetches = client
        .effects
        .iter()
        .filter(|e| format!("{e:?}").contains("FetchHistory"))
        .count();
    assert_eq!(fetches, 1, "older lines are fetched once");
    client.run("page 1 100 end; key pgup pgup pgup pgup pgup pgup pgup pgup");
    assert_eq!(
        at(&client).as_deref(),
        Some("at 20 hidden 0 new 0"),
        "the top is the first line"
    );
    client.run("key end");
    assert_eq!(at(&client), None);
}

#[test]
fn rooms() {
    let mut client = Script::chat(80, 24);
    let titles = |client: &Script| {
        let chat = client.state();
        let title = |(index, room): (usize, &crate::state::Room)| {
            let mark = if index == chat.current_index() {
                "*"
            } else {
                ""
            };
            format!("{mark}{}:{}", room.title(), room.unread())
        };
        chat.rooms()
            .iter()
            .enumerate()
            .map(title)
            .collect::<Vec<_>>()
            .join(" ")
    };
    client.run("room rust; room cats; chat cats 1 bob miau; chat cats 1 bob miau");
    assert_eq!(titles(&client), "*lobby:0 cats:1 rust:0");
    client.run("key ctrl-n");
    assert_eq!(titles(&client), "lobby:0 *cats:0 rust:0");
    client.run("type draft; key alt-3");
    assert_eq!(titles(&client), "lobby:0 cats:0 *rust:0");
    assert_eq!(client.state().current().input.text(), "");
    client.run("key ctrl-n ctrl-p alt-9");
    assert_eq!(titles(&client), "lobby:0 cats:0 *rust:0");
    client.run("key alt-2; gone rust");
    assert_eq!(titles(&client), "lobby:0 *cats:0");
    assert_eq!(client.state().current().input.text(), "draft");
    client.run("chat lobby 1 bob hi; gone cats");
    assert_eq!(
        titles(&client),
        "lobby:1 *cats:0",
        "the room that is shown stays, closed"
    );
    client.run("key ctrl-u; type /leave; key enter; can-join zoo; room zoo");
    assert_eq!(titles(&client), "lobby:0 *zoo:0");
}

#[test]
fn keys() {
    check(
        "type one; key enter; type two; key enter; type x; key up up",
        "~ one\n~ two\n> one\nsend n-1 one",
    );
    check(
        "type one; key enter; type x; key up down",
        "~ one\n> x\nsend n-1 one",
    );
    check(
        "type a; key alt-enter; type b; key enter",
        "~ a\nb\n> \nsend n-1 a\nb",
    );
    check("paste a\\nb", "> a\nb");
    check("type one two; key ctrl-w ctrl-a ctrl-y", "> twoone");
    check("type x; key ctrl-c", "> ");
    check("type x; key ctrl-c ctrl-c", "> ");
    check("type x; key ctrl-c ctrl-c ctrl-c", "> \nQuit");
    check("key ctrl-c; type x; key ctrl-c", "> ");
    check("key ctrl-c; wait 2999; key ctrl-c", "> \nQuit");
    check("key ctrl-c; wait 3000; key ctrl-c", "> ");
    check("key f1 ctrl-c ctrl-c", "> ");
    check("key ctrl-l ctrl-z", "> \nRedraw\nSuspend");
    check("type a; key f1; type b; type c", "> ac");
}

#[test]
fn a_closed_connection_is_opened_again_by_a_command() {
    check(
        "type /reconnect; key enter",
        "notice The client connects by itself.\n> /reconnect",
    );
    check(
        "ended banned; type /reconnect; key enter",
        "> \nReconnect { username: Username(\"ann\") }",
    );
}

#[test]
fn the_end_of_a_session() {
    check(
        "signed-out",
        "sign-in SignIn Tabs [ann] You were signed out; sign in again.\nForgetSession { username: Username(\"ann\") }",
    );
}

#[test]
fn signing_in() {
    check_sign_in(
        "key enter enter",
        "sign-in SignIn Name [] Type your username.",
    );
    check_sign_in(
        "type ann; key enter; type secret12; key enter",
        "sign-in SignIn Password [ann] busy \nSignIn { name: \"ann\", password: …, sign_up: false }",
    );
    check_sign_in(
        "type ann; key enter; type secret12; key enter; sign-in-failed Invalid username or password.",
        "sign-in SignIn Password [ann] Invalid username or password.\nSignIn { name: \"ann\", password: …, sign_up: false }",
    );
    check_sign_in(
        "key f2; type a b; key tab; type secret12; key enter",
        "sign-in SignUp Name [a b] A username is 1 to 32 characters of A-Z a-z 0-9 . _ -.",
    );
    check_sign_in(
        "key f2; type ann; key tab; type short; key enter",
        "sign-in SignUp Password [ann] The password is too short: 8 characters at least.",
    );
    // Names that the demo allowed can still sign in.
    check_sign_in(
        "type a b; key tab; type x; key enter",
        "sign-in SignIn Password [a b] busy \nSignIn { name: \"a b\", password: …, sign_up: false }",
    );
    check_sign_in("type x; key ctrl-c", "sign-in SignIn Name []");
    check_sign_in("key ctrl-c ctrl-c", "sign-in SignIn Name []  \nQuit");
    check_sign_in("paste ann\\n", "sign-in SignIn Name [ann]");
}
