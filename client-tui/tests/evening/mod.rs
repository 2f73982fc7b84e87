//! A whole evening in the terminal, with the connection cut in the middle.

mod proxy;

use proxy::Proxy;

use super::sign_up;
use super::support::{Server, Terminal};

#[test]
#[ignore = "needs tmux; `cargo xtask test terminal` runs it"]
fn an_evening() {
    let server = Server::start();
    let proxy = Proxy::to(server.address());
    let (ann, bob) = (Terminal::new("evening-ann"), Terminal::new("evening-bob"));
    ann.start_at(&proxy.url(), "EDITOR='sed -i s/draft/letter/'");
    sign_up(&ann, "ann");
    bob.start(&server, "");
    sign_up(&bob, "bob");

    rooms_and_direct_messages(&ann, &bob);
    search_edit_and_react(&ann, &bob);
    written_without_a_connection(&ann, &bob, &proxy);

    ann.resize(20, 5);
    ann.wait_until("the small screen", |screen| {
        screen.lines().count() <= 5 && screen.contains('>')
    });
    ann.resize(120, 40);
    ann.wait_until("all of it again", |screen| {
        screen.contains("written offline")
            && screen.contains("garden")
            && screen.lines().count() > 30
    });
    for terminal in [&ann, &bob] {
        terminal.run("/quit");
        terminal.expect_sane(0);
    }
    assert!(
        ann.file_modes("drafts").is_empty(),
        "nothing is left to keep"
    );
}

/// Returns true if the room list shows one unread message in `room`.
fn is_unread(screen: &str, room: &str) -> bool {
    let mut listed = screen.lines().filter_map(|line| line.split('│').next());
    listed.any(|line| line.contains(room) && line.trim_end().ends_with('1'))
}

fn rooms_and_direct_messages(ann: &Terminal, bob: &Terminal) {
    ann.run("/create garden Plants and weeds");
    ann.wait_for(">2 garden");
    ann.run("/invite bob");
    bob.wait_for("garden");
    ann.run("the first tomatoes are here");
    ann.wait_for("ann: the first tomatoes");
    bob.wait_until("the unread message", |screen| is_unread(screen, "garden"));
    bob.keys(&["M-a"]);
    bob.wait_for("ann: the first tomatoes");
    bob.run("/msg ann do you have some left?");
    bob.wait_for("bob: do you have some left?");
    ann.wait_until("bob's unread message", |screen| is_unread(screen, "bob"));
    ann.keys(&["M-a"]);
    ann.wait_for("bob: do you have some left?");
    ann.wait_for("new messages");
}

fn search_edit_and_react(ann: &Terminal, bob: &Terminal) {
    bob.run("/search tomatoes");
    bob.wait_for("Search: tomatoes");
    bob.wait_for("ann: the first tomatoes");
    bob.keys(&["Enter"]);
    bob.wait_until("the message that was found, chosen", |screen| {
        screen.contains(">ann: the first tomatoes") && !screen.contains("Search:")
    });
    bob.run("/react :tomato:");
    bob.wait_for("[🍅 1]");
    bob.keys(&["Escape"]);

    ann.keys(&["M-2"]);
    ann.wait_for("🍅 1");
    ann.keys(&["M-e"]);
    ann.wait_for("edit> the first tomatoes are here");
    ann.keys(&["C-u"]);
    ann.run("the *second* tomatoes");
    bob.wait_for("ann: the second tomatoes (edited)");
    bob.run("/reply lovely");
    ann.wait_for("bob: lovely");
    ann.wait_for("╭ ann: the second tomatoes");
}

fn written_without_a_connection(ann: &Terminal, bob: &Terminal, proxy: &Proxy) {
    proxy.cut();
    ann.wait_for("reconnecting");
    ann.run("written offline");
    ann.wait_for("ann: written offline …");
    ann.keys(&["M-1"]);
    ann.write("half a draft");
    ann.wait_for("> half a draft");
    ann.keys(&["M-2"]);
    ann.run("/quit");
    ann.expect_sane(0);
    assert_eq!(ann.file_modes("drafts"), ["600"]);

    ann.start_at(&proxy.url(), "EDITOR='sed -i s/draft/letter/'");
    ann.wait_for("reconnecting");
    ann.wait_for("> half a draft");
    ann.keys(&["M-2"]);
    ann.wait_for("ann: written offline …");
    proxy.mend();
    bob.wait_for("ann: written offline");
    ann.wait_for("connected");
    ann.wait_until("it waits no more", |screen| !screen.contains(" …"));
    for terminal in [ann, bob] {
        let screen = terminal.screen();
        let shown = screen.matches(": written offline").count();
        assert_eq!(shown, 1, "{screen}");
    }
    ann.keys(&["M-1"]);
    ann.wait_for("> half a draft");
    ann.keys(&["C-x"]);
    ann.wait_for("> half a letter");
    ann.keys(&["Enter"]);
    ann.wait_for("ann: half a letter");
    ann.keys(&["M-2"]);
    ann.wait_for("ann: written offline");
}
