//! The server that is measured, and its clients.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use super::child::{Measured, Talks};
use super::seed;
use super::swarm::{PATIENCE, Swarm};
use super::ws::{Seen, TEXT, client_frame, read_frame, read_upgrade, write_upgrade};

/// Connections that are opened at the same time. A listener's queue holds more.
const OPENED_AT_ONCE: usize = 128;

/// The text of every message: 100 bytes.
pub(crate) const MESSAGE: &str = "A hundred bytes of plain text, as someone might type them into \
a chat on a day with much to say: 123";

/// The server binary to measure, and the directory for its data.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) binary: PathBuf,
    pub(crate) data: PathBuf,
}

impl Site {
    /// Builds the server beside this program, unless `binary` is given.
    pub(crate) fn new(binary: Option<PathBuf>, data: Option<PathBuf>) -> anyhow::Result<Self> {
        let ours = std::env::current_exe()?;
        let beside = ours.parent().context("a program lies in a directory")?;
        let binary = match binary {
            Some(binary) => binary,
            None => {
                build()?;
                beside.join("chat-server")
            }
        };
        let data = data.unwrap_or_else(|| beside.to_owned());
        Ok(Self { binary, data })
    }

    pub(crate) fn temporary_directory(&self) -> anyhow::Result<TempDir> {
        let made = tempfile::Builder::new()
            .prefix("chat-bench-")
            .tempdir_in(&self.data);
        made.with_context(|| format!("no directory can be made in {}", self.data.display()))
    }
}

/// Builds the server as this program was built: in the same profile, by the same cargo.
fn build() -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "chat-server"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // Variables that `cargo run` sets for this package would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_") && name != "CARGO_HOME" && name != "CARGO_TARGET_DIR" {
            command.env_remove(&*name);
        }
    }
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let status = command
        .status()
        .context("cargo builds the server; or name one with --server")?;
    if !status.success() {
        bail!("the server could not be built: {status}");
    }
    Ok(())
}

/// A running server, and people who can connect to it.
#[derive(Debug)]
pub(crate) struct ChatServer {
    pub(crate) process: Measured,
    pub(crate) address: SocketAddr,
    pub(crate) tokens: Vec<String>,
    _data: TempDir,
}

impl ChatServer {
    /// A server without limits of rate and number, which would be in the way of the load.
    pub(crate) fn start(site: &Site, people: usize) -> anyhow::Result<Self> {
        Self::start_as(Command::new(&site.binary), site, people)
    }

    /// Starts the server by a command that ends with its program, such as one that counts its
    /// instructions.
    pub(crate) fn start_as(command: Command, site: &Site, people: usize) -> anyhow::Result<Self> {
        let unlimited = [
            "--rate-limit",
            "off",
            "--max-connections-per-user",
            "1000000",
            "--max-connections-per-address",
            "1000000",
        ];
        Self::start_with(command, site, people, &unlimited)
    }

    /// Starts the server with these flags, and default limits where they name none.
    pub(crate) fn start_with(
        mut command: Command,
        site: &Site,
        people: usize,
        flags: &[&str],
    ) -> anyhow::Result<Self> {
        let data = site.temporary_directory()?;
        let tokens = seed::people(data.path(), people)?;
        // The server gets nothing of the caller's environment, such as a database's address.
        command.env_clear().env("NO_COLOR", "1");
        command
            .args(["--listen", "127.0.0.1:0"])
            .args(flags)
            .arg("--data-dir")
            .arg(data.path());
        let process = Measured::start(command, Talks::Stderr)?;
        let address = process
            .wait_ready(listening)
            .with_context(|| format!("{} did not start", site.binary.display()))?;
        Ok(Self {
            process,
            address,
            tokens,
            _data: data,
        })
    }

    /// Connects the first `count` people up to their welcome.
    pub(crate) fn enter(&self, count: usize) -> anyhow::Result<Vec<TcpStream>> {
        let tokens = self.tokens.get(..count).context("too few people")?;
        enter(self.address, tokens, None)
    }

    /// Connects the first `count` people and waits until nothing more is sent to them.
    pub(crate) fn swarm(&self, count: usize) -> anyhow::Result<Swarm> {
        let mut swarm = Swarm::new(self.enter(count)?)?;
        swarm.settle()?;
        Ok(swarm)
    }
}

fn listening(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening")?;
    let address = rest.split("address=").nth(1)?;
    address.split(' ').next()?.parse().ok()
}

/// Connects with the token, sends hello and waits for the welcome.
pub(crate) fn enter(
    address: SocketAddr,
    tokens: &[String],
    receive_buffer: Option<usize>,
) -> anyhow::Result<Vec<TcpStream>> {
    enter_by(tokens, |_| connect(address, receive_buffer))
}

/// As [`enter`], each on the connection that `connect` makes for it.
pub(crate) fn enter_by(
    tokens: &[String],
    mut connect: impl FnMut(usize) -> anyhow::Result<TcpStream>,
) -> anyhow::Result<Vec<TcpStream>> {
    let hello = client_frame(
        TEXT,
        br#"{"type":"hello","version":1,"client":"chat-bench"}"#,
    );
    let mut all = Vec::with_capacity(tokens.len());
    for some in tokens.chunks(OPENED_AT_ONCE) {
        let mut opened = Vec::with_capacity(some.len());
        for token in some {
            let mut stream = connect(all.len() + opened.len())?;
            write_upgrade(&mut stream, "/ws", Some(token))?;
            opened.push(stream);
        }
        for stream in &mut opened {
            read_upgrade(stream)?;
            write(stream, &hello)?;
        }
        for stream in &mut opened {
            await_frame(stream, |seen, _| seen == Seen::Welcome)?;
        }
        all.append(&mut opened);
    }
    Ok(all)
}

pub(crate) fn connect(
    address: SocketAddr,
    receive_buffer: Option<usize>,
) -> anyhow::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    ready(socket, address)
}

/// Connects from an address of this machine, such as 127.1.2.3.
pub(crate) fn connect_from(from: Ipv4Addr, address: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    ready(socket, address)
}

fn ready(socket: Socket, address: SocketAddr) -> anyhow::Result<TcpStream> {
    socket.connect(&address.into())?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

pub(crate) fn write(stream: &mut TcpStream, bytes: &[u8]) -> anyhow::Result<()> {
    Ok(std::io::Write::write_all(stream, bytes)?)
}

fn await_frame(stream: &mut TcpStream, wanted: impl Fn(Seen, &[u8]) -> bool) -> anyhow::Result<()> {
    loop {
        let (seen, payload) = read_frame(stream)?;
        if wanted(seen, &payload) {
            return Ok(());
        }
        if matches!(seen, Seen::Error | Seen::Close(_)) {
            bail!("the server said {}", String::from_utf8_lossy(&payload));
        }
    }
}

/// Sends a command and waits for its reply.
pub(crate) fn ask(stream: &mut TcpStream, mut command: Value) -> anyhow::Result<()> {
    command["id"] = json!("asked");
    write(stream, &client_frame(TEXT, command.to_string().as_bytes()))?;
    await_frame(stream, |seen, payload| {
        let is_answer = payload.windows(12).any(|part| part == br#""re":"asked""#);
        seen != Seen::Error && is_answer
    })
}

/// The frame that sends [`MESSAGE`].
pub(crate) fn send_frame(room: &str, nonce: u64) -> Vec<u8> {
    let nonce = format!("n{nonce}");
    let send = json!({"type": "send", "room": room, "text": MESSAGE, "nonce": nonce});
    client_frame(TEXT, send.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_bytes() {
        assert_eq!(MESSAGE.len(), 100);
    }

    #[test]
    fn the_address_is_read() {
        let line = "2026-01-01T00:00:00Z  INFO listening address=127.0.0.1:3999 url=http://x";
        assert_eq!(listening(line), Some(([127, 0, 0, 1], 3_999).into()));
        assert_eq!(listening("INFO store kind=\"sqlite\""), None);
    }
}
