//! The commands of the server's admin.

use super::check;
use crate::state::Screen;
use crate::testing::Script;
use crate::update::{Event, update};

#[test]
fn invite_links_say_for_how_many_and_how_long() {
    check(
        "type /invite-link; key enter",
        "> \nInviteLink { uses: None, for_s: None }",
    );
    check(
        "type /invite-link 10 2h; key enter",
        "> \nInviteLink { uses: Some(10), for_s: Some(7200) }",
    );
    check(
        "type /reset-link bob; key enter",
        "> \nResetLink(Username(\"bob\"))",
    );
    check(
        "type /make-admin bob; key enter",
        "> \nSetAdmin(Username(\"bob\"), true)",
    );
    check(
        "type /unmake-admin bob; key enter",
        "> \nSetAdmin(Username(\"bob\"), false)",
    );
    check("type /invite-links; key enter", "> \nInviteLinks");
    check(
        "type /revoke-invite a1; key enter",
        "> \nRevokeInvite(\"a1\")",
    );
}

#[test]
fn what_a_command_came_to_is_shown_in_the_room() {
    let mut client = Script::chat(80, 24);
    let link = "https://chat.example/join/c0de".to_owned();
    for result in [
        Ok(link.clone()),
        Err("Only an admin of the server may do that.".to_owned()),
    ] {
        let expect = result.clone().unwrap_or_else(|error| error);
        update(&mut client.app, Event::Administered(result), 1);
        let Screen::Chat(chat) = &client.app.screen else {
            panic!("the chat is left")
        };
        let shown = format!("{:?}", chat.current());
        assert!(shown.contains(&expect), "{shown}");
    }
}
