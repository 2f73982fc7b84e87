//! The bots that people start from, all in one room: the Python one, which was written from
//! PROTOCOL.md alone, and the Rust ones.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{PASSWORD, Server, Ws, kind_of, text_of};

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

/// target/debug, whatever it is called.
fn build_dir() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().to_owned()
}

fn is_done(command: &mut Command) -> bool {
    let done = command.stdin(Stdio::null()).output();
    done.is_ok_and(|output| output.status.success())
}

/// A Python with the one package that the bot needs, in an environment of its own.
fn python() -> Option<PathBuf> {
    let home = build_dir()
        .parent()
        .unwrap()
        .join("tools")
        .join("python-bot");
    let python = home.join("bin").join("python");
    let has_it = |python: &Path| is_done(Command::new(python).args(["-c", "import websockets"]));
    if has_it(&python) {
        return Some(python);
    }
    let made = is_done(Command::new("python3").args(["-m", "venv"]).arg(&home))
        && is_done(Command::new(&python).args(["-m", "pip", "install", "-q", "websockets>=14"]));
    if made && has_it(&python) {
        return Some(python);
    }
    let is_ci = std::env::var("CI").is_ok_and(|ci| !matches!(&*ci, "" | "0" | "false"));
    assert!(!is_ci, "no Python with the package websockets can be had");
    let _ = writeln!(
        std::io::stderr(),
        "skipped: no Python with the package websockets"
    );
    None
}

fn build_examples() {
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "-q",
            "-p",
            "chat-shared",
            "--features",
            "client",
            "--examples",
        ])
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
async fn bots_of_two_languages_talk_in_one_room() {
    let Some(python) = python() else { return };
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
    for bot in ["echo", "warden", "reminder"] {
        loop {
            let invite = json!({"type": "invite", "room": "bots", "username": bot});
            if kind_of(&ann.ask(invite).await) == "ok" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    ann.done(
        json!({"type": "role", "room": "bots", "username": "warden", "role": "moderator"}),
        "ok",
    )
    .await;
    // Each of them is connected: what is said next reaches all.
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
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    let asked = ann.say("bots", "one two three").await;
    let counted = said_by(&mut ann, "counter", "3 words").await;
    assert_eq!(counted["bot"], true, "{counted}");
    assert_eq!(counted["reply_to"], asked["seq"], "{counted}");
    ann.say("bots", "again").await;
    said_by(&mut ann, "echo", "echo: again").await;

    let spam = ann.say("bots", "buy spam").await;
    let deleted = ann.expect("deleted").await;
    assert_eq!(
        (&deleted["target"], &deleted["username"]),
        (&spam["seq"], &json!("warden"))
    );

    // Asked before a restart of both, given after it.
    ann.say("bots", "remind 3 tea").await;
    said_by(&mut ann, "echo", "echo: remind 3 tea").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
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
    // The Python bot comes back by itself, and goes on where it was.
    ann.say("bots", "back").await;
    said_by(&mut ann, "counter", "1 words").await;
}
