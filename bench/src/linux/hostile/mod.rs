//! Five hundred hostile connections on a server with default limits, beside 50 people who chat and
//! connections that only listen: what the people notice, and what the server's memory does.

mod attackers;
mod chat;
mod scale;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::json;

use self::attackers::{Attackers, Done, LONG_ROOMS};
use self::chat::Chat;
use self::scale::{Memory, Scale};
use super::Options;
use super::chat::{ChatServer, ask, connect_from, enter_by};
use super::swarm::Swarm;
use super::table::Row;
use super::usage::resident_bytes;

/// People who chat.
const PEOPLE: usize = 50;

/// Accounts of the hostile connections.
const HOSTILE_ACCOUNTS: usize = 60;

/// Accounts of the connections that only listen.
const IDLE_ACCOUNTS: usize = 90;

/// Connections that only listen from one address.
const IDLE_PER_ADDRESS: usize = 100;

/// Characters of a long message: 16 kB.
const LONG_CHARACTERS: usize = 3_990;

/// A file of the page, and its size.
const LARGE_FILE: &str = "large.bin";
const LARGE_FILE_BYTES: usize = 12 << 20;

/// Accounts that are made before the attack: more than hashes run at the same time.
const SIGN_UPS: usize = 6;

const SAMPLE_EVERY: Duration = Duration::from_millis(50);

/// The server as the hostile connections know it.
#[derive(Debug, Clone)]
struct Target {
    address: SocketAddr,
    tokens: Arc<Vec<String>>,
    long_text: String,
    done: Arc<Done>,
}

impl Target {
    fn tokens_of_people(&self) -> &[String] {
        &self.tokens[..PEOPLE]
    }

    fn hostile_token(&self, n: usize) -> &str {
        &self.tokens[PEOPLE + n % HOSTILE_ACCOUNTS]
    }
}

/// The `n`-th network of a group, as an address of this machine.
fn network(group: usize, n: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, group as u8, n as u8, 1)
}

/// Runs the drill.
///
/// # Errors
/// If the server does not hold what it promises, with what it did.
pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let scale = if options.quick {
        Scale::SHORT
    } else {
        Scale::WHOLE
    };
    let page = options.site.temporary_directory()?;
    write_page(page.path())?;
    let page = page.path().to_str().context("a path that is text")?;
    let people = PEOPLE + HOSTILE_ACCOUNTS + IDLE_ACCOUNTS;
    let command = Command::new(&options.site.binary);
    let flags = ["--web-dir", page];
    let server = ChatServer::start_with(command, &options.site, people, &flags)?;
    let target = Target {
        address: server.address,
        tokens: Arc::new(server.tokens.clone()),
        long_text: format!("needle {}", "🦀".repeat(LONG_CHARACTERS)),
        done: Arc::default(),
    };
    let (long, listening) = (scale.long_messages, scale.listeners);
    say(&format!("{LONG_ROOMS} rooms of {long} long messages"));
    for at in 0..LONG_ROOMS {
        fill(&target, at, long)?;
    }
    say(&format!("{listening} connections that only listen"));
    let listeners = Listeners::start(&target, listening)?;
    let mut chat = Chat::start(&target)?;

    let pid = server.process.pid();
    sign_in(&target)?;
    say(&format!("{PEOPLE} people chat: {:?}", scale.before));
    let usual = chat.talk(scale.before)?;
    let rest = resident_bytes(pid)?;
    say(&format!("under attack: {:?}", scale.during));
    let peak = Peak::watch(pid);
    let cpu = server.process.cpu()?;
    let attackers = Attackers::start(target.clone(), scale.part);
    let attacked = chat.talk(scale.during);
    let spent = server.process.cpu()? - cpu;
    let outcome = attackers.stop();
    let (attacked, ()) = (attacked?, outcome?);
    say(&format!("afterwards: {:?}", scale.after));
    let after = chat.talk(scale.after)?;
    let left = resident_bytes(pid)?;
    listeners.stop()?;
    let memory = Memory {
        rest,
        peak: peak.stop(),
        left,
    };
    let note = note(&target.done, spent, scale.during);
    let rows = scale.rows(&[usual, attacked, after], memory, &note)?;
    for row in &rows {
        options.say(row);
    }
    Ok(rows)
}

/// What the attackers got done, for the table.
fn note(done: &Done, spent: Duration, during: Duration) -> String {
    let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
    format!(
        "{} questions, {} requests, {} MiB read, {} connections closed; the server used {:.0} % \
         of a core",
        load(&done.questions),
        load(&done.requests),
        load(&done.bytes_read) >> 20,
        load(&done.connections),
        100.0 * spent.as_secs_f64() / during.as_secs_f64()
    )
}

fn write_page(dir: &Path) -> anyhow::Result<()> {
    std::fs::write(dir.join("index.html"), "<!doctype html><title>Chat</title>")?;
    Ok(std::fs::write(
        dir.join(LARGE_FILE),
        vec![7; LARGE_FILE_BYTES],
    )?)
}

/// Makes a room of long messages. Its writer and its editor are two connections of one account.
fn fill(target: &Target, at: usize, messages: usize) -> anyhow::Result<()> {
    let token = target.hostile_token(at).to_owned();
    let mut streams = enter_by(&[token], |_| connect_from(network(2, at), target.address))?;
    let stream = streams.first_mut().context("one connection")?;
    let room = format!("long-{at}");
    ask(stream, json!({"type": "create", "room": room}))?;
    for n in 0..messages {
        // The account's rate is 100 at once and 20 a second.
        if n >= 90 {
            std::thread::sleep(Duration::from_millis(50));
        }
        let nonce = format!("fill-{n}");
        ask(
            stream,
            json!({"type": "send", "room": room, "text": target.long_text, "nonce": nonce}),
        )?;
    }
    Ok(())
}

/// Signs up as people do at some time: from then on the server keeps the memory of the password
/// hashes, which is not to count as the attack's.
fn sign_in(target: &Target) -> anyhow::Result<()> {
    for n in 0..SIGN_UPS {
        let mut stream = connect_from(network(4, n), target.address)?;
        let body = json!({"username": format!("newcomer-{n}"), "password": "a-long-password"});
        let body = body.to_string();
        let head = format!(
            "POST /register HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            target.address,
            body.len()
        );
        stream.write_all((head + &body).as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    Ok(())
}

/// Connections that only listen, read by a thread of their own.
struct Listeners {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Listeners {
    fn start(target: &Target, count: usize) -> anyhow::Result<Self> {
        let accounts = &target.tokens[PEOPLE + HOSTILE_ACCOUNTS..];
        let tokens: Vec<String> = accounts.iter().cycle().take(count).cloned().collect();
        let streams: Vec<TcpStream> = enter_by(&tokens, |at| {
            connect_from(network(3, at / IDLE_PER_ADDRESS), target.address)
        })?;
        let mut swarm = Swarm::new(streams)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                swarm.idle(Duration::from_millis(100))?;
            }
            Ok(())
        });
        Ok(Self { stop, thread })
    }

    /// # Errors
    /// If one of them was closed.
    fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(ended) => ended.context("a connection that only listened"),
            Err(_) => bail!("the listeners' thread panicked"),
        }
    }
}

/// The most memory that the server held.
struct Peak {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Peak {
    fn watch(pid: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            while !stopped.load(Ordering::Relaxed) {
                peak = peak.max(resident_bytes(pid).unwrap_or(u64::MAX));
                std::thread::sleep(SAMPLE_EVERY);
            }
            peak
        });
        Self { stop, thread }
    }

    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or(u64::MAX)
    }
}

fn say(what: &str) {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let passed = START.get_or_init(Instant::now).elapsed().as_secs();
    // Progress that cannot be printed is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{passed:>4} s  {what}");
}
