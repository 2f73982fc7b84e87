//! The input line: completion, pasting, rooms found by name.

use super::check;
use crate::state::Overlay;
use crate::testing::Script;

#[test]
fn tab_completes() {
    check("type /le; key tab", "> /leave ");
    check("type /re; key tab tab", "> /react ");
    // After the last of the six it is what was typed again.
    check("type /re; key tab tab tab tab tab tab tab", "> /re");
    check(
        "type nobody; key tab",
        "notice Nothing starts with nobody.\n> nobody",
    );
    let people = "members ann bob bernd";
    check(&format!("{people}; type b; key tab"), "> bernd: ");
    check(&format!("{people}; type hi @bo; key tab"), "> hi @bob ");
    // The person who spoke last comes first.
    check(
        &format!("{people}; chat lobby 1 bob hi; type hi b; key tab"),
        "1 bob: hi\n> hi bob ",
    );
    check("type :tada; key tab", "> 🎉 ");
    check("room rust; type see #ru; key tab", "> see #rust ");
    check("key tab", "> ");
}

#[test]
fn much_pasted_is_asked_about() {
    let lines = "line\\n".repeat(200);
    let mut client = Script::chat(80, 24);
    client.run(&format!("paste {lines}"));
    assert!(matches!(
        client.state().overlay,
        Some(Overlay::Paste { lines: 200, .. })
    ));
    client.run("type x; key esc");
    assert_eq!(client.shown(), "> \n");
    client.run(&format!("paste {lines}; key enter"));
    assert_eq!(client.state().current().input.text().lines().count(), 200);
    let few = "line\\n".repeat(199);
    let mut client = Script::chat(80, 24);
    client.run(&format!("paste {few}"));
    assert!(client.state().overlay.is_none());
}

#[test]
fn a_room_is_found_by_its_letters() {
    let go = |query: &str| {
        let mut client = Script::chat(80, 24);
        client.run("room rust; room garden; direct @d1 zoe");
        client.run(&format!("key ctrl-g; type {query}; key enter"));
        client.state().current().title().to_owned()
    };
    assert_eq!(go("ru"), "rust");
    assert_eq!(go("gdn"), "garden");
    assert_eq!(go("ZO"), "zoe");
    assert_eq!(go("nope"), "lobby");
}

#[test]
fn commands_about_people() {
    let done = |line: &str, expect: &str| {
        let mut client = Script::chat(80, 24);
        client.run(&format!("type {line}; key enter"));
        let shown = client.shown();
        assert_eq!(
            shown.trim_start_matches("> \n").trim_end(),
            expect,
            "{line}"
        );
    };
    done("/kick @bob", "Kick(Username(\"bob\"))");
    done("/ban bob 2h", "Ban(Username(\"bob\"), Some(7200))");
    done("/mute bob", "Mute(Username(\"bob\"), None)");
    done("/role bob mod", "Role(Username(\"bob\"), Moderator)");
    done("/topic All about it", "Topic(\"All about it\")");
    done("/topic -", "Topic(\"\")");
    done("/nick Ann A.", "Profile(\"Ann A.\")");
    done("/block @bob", "Block(Username(\"bob\"))");
    done("/unblock bob", "Unblock(Username(\"bob\"))");
    done(
        "/role bob king",
        "notice /role needs a role: /role bob moderator\n> /role bob king",
    );
    done(
        "/ban bob soon",
        "notice \"soon\" is not a duration; write it like 10m, 2h or 7d.\n> /ban bob soon",
    );
    done("/kick", "notice /kick needs a username: /kick ann\n> /kick");
    done(
        "/msg bob hi there",
        "OpenDirect { username: Username(\"bob\"), text: Some(\"hi there\") }",
    );
    done(
        "/create rust All about it",
        "Create { room: RoomName(\"rust\"), topic: Some(\"All about it\"), private: false }",
    );
}

#[test]
fn a_search_says_where_and_by_whom() {
    let mut client = Script::chat(80, 24);
    client.run("type /search old tea in:rust from:@bob; key enter");
    let shown = client.shown();
    for part in [
        "query: \"old tea\"",
        "RoomName(\"rust\")",
        "Username(\"bob\")",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    client.run("found 51 100 more; key end");
    let asked = |client: &Script| client.shown().matches("Search {").count();
    assert!(client.shown().contains("cursor: Some(\"next\")"));
    let before = asked(&client);
    client.run("key up down");
    assert_eq!(asked(&client), before, "the page is on its way already");
    check(
        "type /search; key enter",
        "notice /search needs words: /search tea in:lobby from:ann\n> /search",
    );
}
