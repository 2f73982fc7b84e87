//! The example bots, in Rust and in Python, all in one room.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{PASSWORD, PATIENCE, Server, Ws, kind_of, text_of};

const POLL_EVERY: Duration = Duration::from_millis(50);

struct Bot(Child);

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Cargo's directory for this profile, such as `target/debug`.
fn build_dir() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().to_owned()
}

/// A Python that has the package `websockets`.
fn python() -> PathBuf {
    std::env::var_os("CHAT_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from)
}

/// Builds the examples with the features of the whole workspace, as `cargo xtask test` has: with
/// others, cargo would compile all dependencies again.
fn build_examples() {
    let built = Command::new(env!("CARGO"))
        .args(["build", "-q", "--locked", "--workspace", "--all-features"])
        .arg("--examples")
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
}

fn start(
    server: &Server,
    program: &Path,
    args: &[PathBuf],
    name: &str,
    more: &[(&str, &str)],
) -> Bot {
    let mut command = Command::new(program);
    command
        .args(args)
        .env("CHAT_SERVER", format!("http://{}", server.address))
        .env("CHAT_USER", name)
        .env("CHAT_PASSWORD", PASSWORD)
        .envs(more.iter().copied())
        .stdin(Stdio::null());
    Bot(command.spawn().unwrap())
}

fn example(name: &str) -> PathBuf {
    build_dir().join("examples").join(name)
}

async fn said_by(ws: &mut Ws, who: &str, what: &str) -> Value {
    ws.expect_matching(&format!("{what:?} by {who}"), |frame| {
        kind_of(frame) == "chat" && frame["username"] == json!(who) && text_of(frame) == what
    })
    .await
}

#[tokio::test]
#[ignore = "needs Python with the package websockets: `cargo xtask test bots`"]
async fn example_bots_of_two_languages_talk_in_one_room() {
    let python = python();
    build_examples();
    let mut server = Server::start_for_restarts().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    ann.done(json!({"type": "create", "room": "bots"}), "room")
        .await;
    let script = root().join("shared/examples/python_bot.py");
    let file = server.data_dir().join("reminders.json");
    let file = file.to_str().unwrap();
    let _counter = start(
        &server,
        &python,
        &[script],
        "counter",
        &[("CHAT_ROOM", "bots")],
    );
    ann.expect_matching("counter comes", |frame| {
        frame["event"] == "joined" && frame["username"] == "counter"
    })
    .await;
    let _echo = start(&server, &example("echo_bot"), &[], "echo", &[]);
    let _warden = start(
        &server,
        &example("moderation_bot"),
        &[],
        "warden",
        &[("CHAT_WORDS", "spam")],
    );
    let reminder = start(
        &server,
        &example("reminder_bot"),
        &[],
        "reminder",
        &[("CHAT_FILE", file)],
    );
    invite_all(&mut ann).await;

    talk(&mut ann).await;

    // A reminder that was asked for before server and bot restart comes after it.
    ask_reminder(&mut ann, file).await;
    drop(reminder);
    server.kill();
    server.restart().await;
    let _reminder = start(
        &server,
        &example("reminder_bot"),
        &[],
        "reminder",
        &[("CHAT_FILE", file)],
    );
    let mut ann = server.enter(&ann_user).await;
    said_by(&mut ann, "reminder", "Reminder: tea").await;
    // The Python bot reconnects by itself and continues where it was.
    ann.say("bots", "back").await;
    said_by(&mut ann, "counter", "1 words").await;
}

/// Invites the bots into the room and waits until all of them are connected.
async fn invite_all(ann: &mut Ws) {
    for bot in ["echo", "warden", "reminder"] {
        loop {
            let invite = json!({"type": "invite", "room": "bots", "username": bot});
            if kind_of(&ann.ask(invite).await) == "ok" {
                break;
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
    ann.done(
        json!({"type": "role", "room": "bots", "username": "warden", "role": "moderator"}),
        "ok",
    )
    .await;
    // Wait until each of them is connected, so that the next message reaches all.
    loop {
        let page = ann
            .done(json!({"type": "members", "room": "bots"}), "members")
            .await;
        if page["members"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["online"] == true)
        {
            break;
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// The counter counts words, the echo repeats, and the warden deletes spam.
async fn talk(ann: &mut Ws) {
    let asked = ann.say("bots", "one two three").await;
    let counted = said_by(ann, "counter", "3 words").await;
    assert_eq!(counted["bot"], true, "{counted}");
    assert_eq!(counted["reply_to"], asked["seq"], "{counted}");
    ann.say("bots", "again").await;
    said_by(ann, "echo", "echo: again").await;

    let spam = ann.say("bots", "buy spam").await;
    let deleted = ann.expect("deleted").await;
    assert_eq!(
        (&deleted["target"], &deleted["username"]),
        (&spam["seq"], &json!("warden"))
    );
}

/// Asks for a reminder and waits until the bot has written it down.
async fn ask_reminder(ann: &mut Ws, file: &str) {
    ann.say("bots", "remind 3 tea").await;
    said_by(ann, "echo", "echo: remind 3 tea").await;
    let deadline = Instant::now() + PATIENCE;
    while !std::fs::read_to_string(file).is_ok_and(|text| text.contains("tea")) {
        assert!(Instant::now() < deadline, "the bot did not write it down");
        tokio::time::sleep(POLL_EVERY).await;
    }
}
