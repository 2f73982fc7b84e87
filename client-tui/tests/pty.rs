//! The program in a real terminal (tmux), with a real server.
//!
//! The server is the binary that CHAT_SERVER_BIN names, otherwise the workspace's own.
#![cfg(unix)]

mod evening;
mod support;

use support::{Server, Terminal};

const PASSWORD: &str = "correct horse";

/// Signs up on the first screen and waits for the chat.
fn sign_up(terminal: &Terminal, name: &str) {
    terminal.wait_for("Sign in");
    terminal.keys(&["F2"]);
    terminal.write(name);
    terminal.keys(&["Tab"]);
    terminal.write(PASSWORD);
    assert!(
        !terminal.screen().contains("horse"),
        "the password is shown"
    );
    terminal.keys(&["Enter"]);
    terminal.wait_for("connected");
}

#[test]
#[ignore = "needs tmux; `cargo xtask test terminal` runs it"]
fn two_people_talk_across_a_restart() {
    let mut server = Server::start();
    let (ann, bob) = (Terminal::new("ann"), Terminal::new("bob"));
    ann.start(&server, "");
    sign_up(&ann, "ann");
    ann.write("hello from ann");
    ann.keys(&["Enter"]);
    ann.wait_for("ann: hello from ann");
    bob.start(&server, "");
    sign_up(&bob, "bob");
    bob.wait_for("ann: hello from ann");
    bob.wait_for("2 online");
    bob.write("hello from bob");
    bob.keys(&["Enter"]);
    ann.wait_for("bob: hello from bob");

    server.kill();
    ann.wait_for("reconnecting");
    ann.write("written while it was down");
    ann.keys(&["Enter"]);
    ann.wait_for("ann: written while it was down …");
    server.restart();
    ann.wait_for("connected");
    bob.wait_for("ann: written while it was down");
    bob.write("and back");
    bob.keys(&["Enter"]);
    ann.wait_for("bob: and back");
    for terminal in [&ann, &bob] {
        terminal.wait_until("all is there and nothing waits", |screen| {
            screen.contains(": and back") && !screen.contains(" …")
        });
        let screen = terminal.screen();
        for line in [
            "hello from ann",
            "hello from bob",
            "written while it was down",
            "and back",
        ] {
            let shown = screen.matches(&format!(": {line}")).count();
            assert_eq!(shown, 1, "{line:?} is there {shown} times:\n{screen}");
        }
    }

    assert_eq!(ann.token_file_modes(), ["600"]);
    ann.keys(&["C-c", "C-c"]);
    ann.expect_sane(0);
    // The session was saved, so no password is asked for.
    ann.start(&server, "");
    ann.wait_for("ann: hello from ann");
    ann.keys(&["C-c", "C-c"]);
    ann.expect_sane(0);
    ann.run(&format!(
        "{} sign-out --server {}",
        support::CLIENT,
        server.url()
    ));
    ann.wait_for("ann is signed out of");
    assert!(ann.token_file_modes().is_empty());
}

#[test]
#[ignore = "needs tmux; `cargo xtask test terminal` runs it"]
fn every_way_out_gives_the_terminal_back() {
    let server = Server::start();
    let terminal = Terminal::new("eve");
    terminal.start(&server, "");
    sign_up(&terminal, "eve");
    terminal.write("/quit");
    terminal.keys(&["Enter"]);
    terminal.expect_sane(0);
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        terminal.start(&server, "");
        terminal.wait_for("connected");
        let draft = format!("typed before {signal}");
        terminal.write(&draft);
        terminal.wait_for(&draft);
        terminal.signal(signal);
        terminal.expect_sane(code);
        terminal.start(&server, "");
        terminal.wait_for(&format!("> {draft}"));
        terminal.keys(&["C-u"]);
        terminal.run("/quit");
        terminal.expect_sane(0);
    }
    if cfg!(debug_assertions) {
        terminal.start(&server, "CHAT_TUI_PANIC=1");
        terminal.wait_for("connected");
        terminal.keys(&["x"]);
        terminal.wait_for("CHAT_TUI_PANIC is set");
        terminal.expect_sane(101);
    }
}

#[test]
#[ignore = "needs tmux; `cargo xtask test terminal` runs it"]
fn a_stopped_program_comes_back() {
    let server = Server::start();
    let terminal = Terminal::new("zed");
    terminal.start(&server, "");
    sign_up(&terminal, "zed");
    terminal.write("half a line");
    terminal.keys(&["C-z"]);
    terminal.wait_until("the shell is back", |s| {
        s.contains("Stopped") && !s.contains("half a")
    });
    terminal.run("fg");
    terminal.wait_for("> half a line");
    terminal.write(" and the rest");
    terminal.keys(&["Enter"]);
    terminal.wait_for("zed: half a line and the rest");
    terminal.keys(&["C-c", "C-c"]);
    terminal.expect_sane(0);
}

#[test]
fn without_a_terminal_it_says_so() {
    let output = std::process::Command::new(support::CLIENT)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        "chat-tui needs a terminal; its output goes somewhere else. Use --linear for plain lines.\n"
    );
}
