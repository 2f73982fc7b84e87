//! The terminal client compared with irssi and weechat: each in a pseudo-terminal of 120×40, with
//! the same messages at the same pace.

mod feed;
mod irc;
mod pty;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use self::feed::Feed;
use self::irc::IrcServer;
use self::pty::Pty;
use super::Options;
use super::chat::{ChatServer, enter};
use super::stats::quantile;
use super::table::{Goal, Row};
use super::usage::resident;

/// Messages to the open room, and how many per second.
const MESSAGES: usize = 20_000;
const MESSAGES_A_SECOND: usize = 5_000;

/// How long a client may work on after it has shown something.
const REST: Duration = Duration::from_secs(2);

/// Time for two heartbeats.
const IDLE: Duration = Duration::from_secs(60);

/// Time until a person who left is no longer online: 3 s of grace and a second of presence.
const GONE: Duration = Duration::from_secs(5);

/// Keys to press, characters that no message has, and the time between them.
const KEYS: &[u8] = b"@%$&*+=^~";
const PRESSES: usize = 200;
const BETWEEN_PRESSES: Duration = Duration::from_millis(47);

/// The keys that switch to the room's window.
const IRSSI_TO_ROOM: &[u8] = b"/window 2\r";
const WEECHAT_TO_ROOM: &[u8] = b"/buffer 2\r";

/// The person who reads, and the one who sends.
const READER: usize = 0;
const SPEAKER: usize = 1;

pub(crate) fn run(options: &Options, client: Option<PathBuf>) -> anyhow::Result<Vec<Row>> {
    let client = Client::find(client)?;
    let mut rows = vec![first_paint(options, &client)?];
    options.say(&rows[0]);
    for row in flood(options, &client)? {
        options.say(&row);
        rows.push(row);
    }
    for row in at_rest_and_typing(options, &client)? {
        options.say(&row);
        rows.push(row);
    }
    Ok(rows)
}

struct Client {
    program: PathBuf,
}

impl Client {
    /// The client beside this program, where cargo builds both.
    fn find(program: Option<PathBuf>) -> anyhow::Result<Self> {
        let beside = std::env::current_exe()?.with_file_name("chat-tui");
        let program = program.unwrap_or(beside);
        if !program.exists() {
            bail!(
                "there is no {}: build it with `cargo build --release -p chat-tui`",
                program.display()
            );
        }
        Ok(Self { program })
    }

    /// Starts it with a home directory that holds a saved sign-in.
    fn start(&self, address: &str, token: &str) -> anyhow::Result<(Pty, TempDir)> {
        let home = tempfile::tempdir()?;
        let (server, user) = (format!("http://{address}"), "u00000");
        let dir = home.path().join(".local/state/chat-tui/sessions");
        std::fs::create_dir_all(&dir)?;
        let kept = serde_json::json!({"server": server, "user": user, "token": token});
        let name = server.replace(':', "_3a").replace('/', "_2f");
        std::fs::write(dir.join(format!("{name}~{user}.json")), kept.to_string())?;
        let mut command = command(&self.program, home.path());
        command.args(["--server", &server, "--user", user]);
        Ok((Pty::start(command)?, home))
    }
}

/// Clients get nothing of the caller's environment.
fn command(program: &Path, home: &Path) -> Command {
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(program);
    command.env_clear();
    command
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm-256color");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Time from the start of the process to its first screen, with a server that accepts the
/// connection and sends nothing.
fn first_paint(options: &Options, client: &Client) -> anyhow::Result<Row> {
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let address = silent.local_addr()?.to_string();
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for repeat in 0..=options.repeats {
        let start = Instant::now();
        let (mut pty, _home) = client.start(&address, "none")?;
        let painted = pty.wait_for(b"connecting")?.duration_since(start);
        drop(pty);
        let home = tempfile::tempdir()?;
        let start = Instant::now();
        let mut pty = Pty::start(irssi(home.path(), silent.local_addr()?.port()))?;
        let irssi = pty.wait_for(b"Irssi")?.duration_since(start);
        // The first one is a warm-up.
        if repeat > 0 {
            ours.push(painted.as_secs_f64() * 1e3);
            theirs.push(irssi.as_secs_f64() * 1e3);
        }
    }
    let what = "first paint before the network answers";
    Ok(Row::pairs(what, "ms", &ours, "irssi", &theirs).goal(Goal::OursAtMost(30.0)))
}

fn irssi(home: &Path, port: u16) -> Command {
    let mut command = command(Path::new("irssi"), home);
    command.arg("--home").arg(home.join("irssi"));
    command.args([
        "--nick",
        "ann",
        "--connect",
        "127.0.0.1",
        "--port",
        &port.to_string(),
    ]);
    command
}

fn weechat(home: &Path, port: u16) -> Command {
    let mut command = command(Path::new("weechat"), home);
    command.arg("--dir").arg(home.join("weechat"));
    command.args([
        "--run-command",
        &format!("/server add bench 127.0.0.1/{port} -notls -nicks=ann -autojoin=#lobby"),
        "--run-command",
        "/connect bench",
    ]);
    command
}

/// The cost of messages in a client that shows their room.
struct Cost {
    cpu_ms: f64,
    memory_mib: f64,
    anonymous_mib: f64,
}

impl Cost {
    /// Lets `feed` send and waits until the last message is on the screen.
    fn of(pty: &mut Pty, feed: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Self> {
        pty.rest(REST);
        let before = pty.cpu()?;
        feed()?;
        pty.wait_for(feed::LAST.as_bytes())?;
        pty.rest(REST);
        let cpu = pty.cpu()? - before;
        let memory = resident(pty.pid())?;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        Ok(Self {
            cpu_ms: cpu.as_secs_f64() * 1e3,
            memory_mib: mib(memory.all),
            anonymous_mib: mib(memory.anonymous),
        })
    }

    fn ours(options: &Options, client: &Client, feed: &Feed) -> anyhow::Result<Self> {
        let server = ChatServer::start(&options.site, 2)?;
        let (mut pty, _home) = client.start(&server.address.to_string(), &server.tokens[READER])?;
        pty.wait_for(b"connected")?;
        let speaker = enter(server.address, &server.tokens[SPEAKER..=SPEAKER], None)?;
        let speaker = speaker.into_iter().next().context("nobody speaks")?;
        Self::of(&mut pty, || feed.to_chat(speaker))
    }

    fn theirs(
        start: fn(&Path, u16) -> Command,
        to_room: &[u8],
        feed: &Feed,
    ) -> anyhow::Result<Self> {
        let (home, server) = (tempfile::tempdir()?, IrcServer::listen()?);
        let mut pty = Pty::start(start(home.path(), server.port()?))?;
        let client = server.welcome()?;
        pty.rest(REST);
        pty.type_keys(to_room)?;
        Self::of(&mut pty, || feed.to_irc(&client))
    }
}

fn flood(options: &Options, client: &Client) -> anyhow::Result<Vec<Row>> {
    let feed = Feed {
        messages: if options.quick { 1_000 } else { MESSAGES },
        a_second: MESSAGES_A_SECOND,
    };
    let (mut ours, mut irssis, mut weechats) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.repeats {
        ours.push(Cost::ours(options, client, &feed)?);
        irssis.push(Cost::theirs(irssi, IRSSI_TO_ROOM, &feed)?);
        weechats.push(Cost::theirs(weechat, WEECHAT_TO_ROOM, &feed)?);
    }
    let of = |costs: &[Cost], read: fn(&Cost) -> f64| costs.iter().map(read).collect::<Vec<_>>();
    let what = format!("{} messages into an open room: ", feed.messages);
    let mut rows = Vec::new();
    for (against, theirs) in [("irssi", &irssis), ("weechat", &weechats)] {
        let cpu = Row::pairs(
            format!("{what}CPU"),
            "ms",
            &of(&ours, |cost| cost.cpu_ms),
            against,
            &of(theirs, |cost| cost.cpu_ms),
        )
        .note(format!("{} a second", feed.a_second));
        let memory = Row::pairs(
            format!("{what}resident memory after it"),
            "MiB",
            &of(&ours, |cost| cost.memory_mib),
            against,
            &of(theirs, |cost| cost.memory_mib),
        );
        let anonymous = of(&ours, |cost| cost.anonymous_mib);
        let anonymous = quantile(&anonymous, 0.5).unwrap_or_default();
        let memory = memory.note(format!("{anonymous:.1} MiB of ours anonymous"));
        rows.extend(match against {
            "irssi" => [
                cpu.goal(Goal::RatioAtMost(1.0)),
                memory.goal(Goal::OursAtMost(15.0)),
            ],
            _ => [cpu, memory],
        });
    }
    Ok(rows)
}

fn at_rest_and_typing(options: &Options, client: &Client) -> anyhow::Result<Vec<Row>> {
    let server = ChatServer::start(&options.site, 2)?;
    let (mut pty, _home) = client.start(&server.address.to_string(), &server.tokens[READER])?;
    pty.wait_for(b"connected")?;
    pty.rest(GONE);
    let window = if options.quick {
        Duration::from_secs(2)
    } else {
        IDLE
    };
    let before = pty.sleeps()?;
    pty.rest(window);
    let woken = pty.sleeps()? - before;
    let idle = Row::alone("idle: wake-ups", "in two heartbeats", &[woken as f64])
        .goal(Goal::OursAtMost(2.0))
        .note("times that any of its threads went to sleep again in 60 s");

    let speaker = enter(server.address, &server.tokens[SPEAKER..=SPEAKER], None)?;
    let speaker = speaker.into_iter().next().context("nobody speaks")?;
    let presses = if options.quick { 20 } else { PRESSES };
    let seconds = (BETWEEN_PRESSES * u32::try_from(presses)?).as_secs() + 3;
    let feed = Feed {
        messages: usize::try_from(seconds)? * 1_000,
        a_second: 1_000,
    };
    let speaking = std::thread::spawn(move || feed.to_chat(speaker));
    pty.rest(Duration::from_secs(1));
    let mut waits = Vec::new();
    for press in 0..presses {
        let key = KEYS[press % KEYS.len()];
        waits.push(pty.press(key)?.as_secs_f64() * 1e3);
        pty.rest(BETWEEN_PRESSES);
    }
    speaking
        .join()
        .map_err(|_| anyhow::anyhow!("the speaker failed"))??;
    let at = |q| quantile(&waits, q).unwrap_or_default();
    let key = Row::alone(
        "a key press shows, at 1,000 messages a second",
        "ms, 99 of 100",
        &[at(0.99)],
    )
    .goal(Goal::OursAtMost(16.0))
    .note(format!(
        "median {:.1} ms, longest {:.1} ms, {presses} presses",
        at(0.5),
        at(1.0)
    ));
    Ok(vec![idle, key])
}
