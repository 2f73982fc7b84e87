//! The subcommands for scripts, each a process with pipes, against a real server.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[expect(dead_code, reason = "terminals are not needed here")]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::{CLIENT, Server};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

/// How long anything may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A user with a home directory of their own.
struct Person {
    home: TempDir,
    name: &'static str,
    url: String,
}

impl Person {
    fn new(name: &'static str, url: String) -> Self {
        let home = TempDir::new().unwrap();
        Self { home, name, url }
    }

    fn registered(name: &'static str, server: &Server) -> Self {
        let person = Self::new(name, server.url());
        let made = person.run(&["register"], &format!("{PASSWORD}\n"));
        check(&made, 0, "");
        assert_eq!(text(&made.stdout), "");
        person
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(CLIENT);
        command
            .args(args)
            .args(["--server", &self.url, "--user", self.name])
            .env_clear()
            .env("HOME", self.home.path())
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str], stdin: &str) -> Output {
        let mut child = self.command(args).spawn().unwrap();
        // A command may end without reading its input.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The exit status and standard error (a part of it, if it is long).
#[track_caller]
fn check(output: &Output, code: i32, stderr: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(stderr), "{said:?}");
    assert_eq!(said.is_empty(), stderr.is_empty(), "{said:?}");
}

/// The first `count` lines of a process, which is then killed.
fn lines(mut child: Child, count: usize) -> Vec<String> {
    let out = child.stdout.take().unwrap();
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let read = (0..count).map(|_| lines.recv_timeout(TIME_LIMIT).unwrap());
    let read = read.collect();
    child.kill().unwrap();
    child.wait().unwrap();
    read
}

#[test]
fn a_pipe_speaks_and_a_pipe_listens() {
    let server = Server::start();
    let (ann, bob) = (
        Person::registered("ann", &server),
        Person::registered("bob", &server),
    );
    let said = ann.run(&["send", "--room", "lobby"], "hi\n");
    check(&said, 0, "");
    assert_eq!(text(&said.stdout), "");
    let said = ann.run(&["send", "--room", "lobby", "--json", "second line"], "");
    check(&said, 0, "");
    assert!(text(&said.stdout).starts_with(r#"{"type":"ack","#));

    // Old messages, then new ones, each once and in order.
    let tail = bob.command(&["tail", "--room", "lobby", "--since", "0", "--json"]);
    let tail = { tail }.spawn().unwrap();
    let reader = std::thread::spawn(move || lines(tail, 3));
    check(
        &ann.run(&["send", "--room", "lobby", "-"], "third\nof two lines\n"),
        0,
        "",
    );
    let told = reader.join().unwrap();
    let json: Vec<serde_json::Value> = told
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said: Vec<_> = json
        .iter()
        .map(|event| event["message"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["hi", "second line", "third\nof two lines"]);
    let seqs: Vec<_> = json
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert!(seqs.is_sorted() && json.iter().all(|event| event["type"] == "chat"));

    let past = bob.run(&["history", "--room", "lobby", "--limit", "2"], "");
    check(&past, 0, "");
    let past = text(&past.stdout);
    let ends: Vec<_> = past
        .lines()
        .map(|line| line.split("] ").nth(1).unwrap())
        .collect();
    assert_eq!(ends, ["ann: second line", "ann: third␤of two lines"]);

    let found = bob.run(&["search", "second"], "");
    check(&found, 0, "");
    assert_eq!(text(&found.stdout).lines().count(), 1);
    let rooms = bob.run(&["rooms", "--json"], "");
    check(&rooms, 0, "");
    let lobby: serde_json::Value =
        serde_json::from_str(text(&rooms.stdout).lines().next().unwrap()).unwrap();
    assert_eq!(lobby["room"], "lobby");
}

#[test]
#[ignore = "needs jq; `cargo xtask test terminal` runs it"]
fn jq_reads_the_json_of_tail() {
    let server = Server::start();
    let ann = Person::registered("ann", &server);
    let line = format!(
        "echo hi | {CLIENT} send --room lobby && \
         {CLIENT} tail --room lobby --since 0 --count 1 --json | jq -r '.username + \" says \" + .message'"
    );
    let shell = Command::new("sh")
        .args(["-c", &line])
        .env("HOME", ann.home.path())
        .env("CHAT_SERVER", server.url())
        .env("CHAT_USER", "ann")
        .output()
        .unwrap();
    check(&shell, 0, "");
    assert_eq!(text(&shell.stdout), "ann says hi\n");
}

#[test]
fn an_undeliverable_message_says_why() {
    let mut server = Server::start();
    let ann = Person::registered("ann", &server);
    let nobody = Person::new("nobody", server.url());
    let send = |person: &Person, args: &[&str], stdin: &str| {
        person.run(&[&["send", "--wait", "2"], args].concat(), stdin)
    };
    check(
        &send(&ann, &["--room", "nowhere", "x"], ""),
        5,
        "chat-tui: ",
    );
    check(&send(&ann, &["--room", "No Room", "x"], ""), 2, "ROOM");
    check(&send(&ann, &["--room", "lobby"], " \n"), 2, "chat-tui: ");
    check(
        &send(&ann, &["--room", "lobby"], &"x".repeat(5_000)),
        2,
        "4000 characters",
    );
    check(
        &send(&nobody, &["--room", "lobby", "x"], ""),
        3,
        "not signed in",
    );
    check(
        &ann.run(&["register"], "correct horse\n"),
        5,
        "choose another name",
    );
    check(&ann.run(&["register"], "short\n"), 2, "8");
    check(
        &ann.run(&["tail", "--room", "nowhere"], ""),
        5,
        "You are not in nowhere",
    );
    server.kill();
    let start = Instant::now();
    check(
        &send(&ann, &["--room", "lobby", "x"], ""),
        4,
        "did not answer within 2 s",
    );
    assert!(start.elapsed() < TIME_LIMIT);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let server = Server::start();
    let ann = Person::registered("ann", &server);
    check(&ann.run(&["send", "--room", "lobby", "one"], ""), 0, "");
    let mut tail = ann
        .command(&["tail", "--room", "lobby", "--since", "0"])
        .spawn()
        .unwrap();
    drop(tail.stdout.take());
    let start = Instant::now();
    while tail.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < TIME_LIMIT, "it goes on for nobody");
        std::thread::sleep(Duration::from_millis(20));
    }
    check(&tail.wait_with_output().unwrap(), 0, "");
}

/// A user of linear mode: lines go in and come out.
fn listen(
    person: &Person,
    args: &[&str],
    term: &str,
    until: &str,
    typed: &[(&str, &str)],
) -> String {
    let mut command = person.command(args);
    let mut child = command.env("TERM", term).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let out = child.stdout.take().unwrap();
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut said = String::new();
    let mut hear = |until: &str| {
        while !said.contains(until) {
            match lines.recv_timeout(TIME_LIMIT) {
                Ok(line) => said += &format!("{line}\n"),
                Err(_) => panic!("{until:?} is not said: {said}"),
            }
        }
    };
    hear("Connected as");
    hear(until);
    for (line, answer) in typed {
        writeln!(stdin, "{line}").unwrap();
        hear(answer);
    }
    writeln!(stdin, "/quit").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(!said.contains(['\u{1b}', '│', '─', '┌']), "{said:?}");
    said
}

/// Keeps the lines that are printed every time. Digits vary, and whether the user's own messages, presence and other
/// rooms are printed depends on timing.
fn without_chance(said: &str) -> String {
    let is_sure = |line: &&str| !line.ends_with("the chat") && !line.starts_with(['[', 'a']);
    let lines: Vec<_> = said.lines().filter(is_sure).collect();
    lines.join("\n").replace(|c: char| c.is_ascii_digit(), "0")
}

#[test]
fn a_screen_reader_hears_who_says_what() {
    let server = Server::start();
    let (ann, bob) = (
        Person::registered("ann", &server),
        Person::registered("bob", &server),
    );
    check(
        &bob.run(
            &["send", "--room", "lobby", "hello \u{1b}[2J\u{202e}all"],
            "",
        ),
        0,
        "",
    );
    let said = listen(&ann, &["--linear"], "xterm", "bob: hello", &[]);
    assert!(said.contains("-- You are in lobby."), "{said}");
    assert!(said.contains("bob: hello ␛[2J\u{fffd}all"), "{said}");
    let said = listen(
        &ann,
        &[],
        "dumb",
        "bob: hello",
        &[
            ("hi from ann", ""),
            ("/fly", "There is no command /fly"),
            ("/create rust Crabs", "-- You are in rust"),
        ],
    );
    assert!(said.contains("There is no command /fly"), "{said}");
    insta::assert_snapshot!("linear", without_chance(&said));
    let past = bob.run(&["history", "--room", "lobby"], "");
    assert!(text(&past.stdout).contains("ann: hi from ann"));
}

#[test]
fn a_wrong_key_in_the_config_is_reported_with_its_line() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "theme = \"dark\"\nsevrer = \"x\"\n").unwrap();
    let run = |args: &[&str]| {
        Command::new(CLIENT)
            .args(args)
            .env("HOME", home.path())
            .output()
            .unwrap()
    };
    let told = run(&["--config", config.to_str().unwrap(), "rooms"]);
    check(
        &told,
        2,
        "config.toml:2: there is no key \"sevrer\" here; did you mean \"server\"?",
    );
    let printed = run(&["config"]);
    check(&printed, 0, "");
    assert!(text(&printed.stdout).contains("#theme = \"auto\""));
    let completions = run(&["completions", "bash"]);
    check(&completions, 0, "");
    assert!(text(&completions.stdout).contains("chat-tui"));
}

/// A link that the admin makes; `who` is signed in as the admin.
fn invite_link(who: &Person) -> String {
    use chat_shared::client::{Accounts, ClientConfig, Event, ServerUrl, connect};
    let server = ServerUrl::parse(&who.url).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let accounts = Accounts::new(server.clone());
        let session = accounts.sign_in(who.name, PASSWORD).await.unwrap();
        let (client, mut events) = connect(ClientConfig::new(server, session.token));
        while !matches!(events.next().await.unwrap(), Event::Connected(_)) {}
        let link = client.invite_link(Default::default()).await.unwrap();
        format!("{}{}", who.url, link.path)
    })
}

#[test]
fn a_newcomer_registers_with_an_invite_link() {
    let server = Server::start_with(&["--registration", "invite"]);
    let root = Person::registered("root", &server);
    let link = invite_link(&root);
    let ann = Person::new("ann", server.url());
    let password = format!("{PASSWORD}\n");
    check(&ann.run(&["register"], &password), 5, "need an invite");
    let wrong = ann.run(&["register", "--invite", "0000"], &password);
    check(&wrong, 5, "does not exist or was revoked");
    // A code is not sent to another server than its link's, and not without effect.
    let (_, bare) = link.split_once("://").unwrap();
    let bare = ann.run(&["register", "--invite", bare], &password);
    check(&bare, 2, "Copy the whole link");
    let elsewhere = "https://chat.invalid/join/0000";
    let elsewhere = ann.run(&["register", "--invite", elsewhere], &password);
    check(&elsewhere, 2, "The invite is for https://chat.invalid");
    let lines = ann.run(&["--linear", "--invite", &link], "");
    check(&lines, 2, "chat-tui register --invite");
    check(&ann.run(&["register", "--invite", &link], &password), 0, "");
    let bob = Person::new("bob", server.url());
    let late = bob.run(&["register", "--invite", &link], &password);
    check(&late, 5, "used as often as it can be");
}
