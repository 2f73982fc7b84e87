//! Runs nats-server as a comparison for the fan-out, with WebSocket clients that speak only
//! `CONNECT`, `SUB`, `PUB` and `MSG`.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use tempfile::TempDir;

use super::chat::{MESSAGE, Site, connect, write};
use super::child::{Measured, Talks};
use super::load::{Load, drive};
use super::swarm::Swarm;
use super::ws::{BINARY, Seen, client_frame, read_upgrade, write_upgrade};

/// Where nats-server is looked for. Debian installs it in /usr/sbin, which is not on every user's
/// PATH.
const PROGRAMS: [&str; 2] = ["/usr/sbin/nats-server", "nats-server"];

#[derive(Debug)]
pub(crate) struct Nats {
    process: Measured,
    swarm: Swarm,
    _config: TempDir,
}

impl Nats {
    pub(crate) fn start(site: &Site, subscribers: usize) -> anyhow::Result<Self> {
        let directory = site.temporary_directory()?;
        let config = directory.path().join("nats.conf");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        std::fs::File::create(&config)?.write_all(settings(address, free_port()?).as_bytes())?;
        let program = PROGRAMS
            .into_iter()
            .find(|path| Path::new(path).exists())
            .unwrap_or(PROGRAMS[1]);
        let mut command = Command::new(program);
        command.arg("--config").arg(&config);
        let process = Measured::start(command, Talks::Stderr)?;
        process.wait_ready(|line| line.contains("Server is ready").then_some(()))?;
        let mut streams = Vec::with_capacity(subscribers);
        let hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB room 1\r\n";
        for _ in 0..subscribers {
            let mut stream = connect(address, None)?;
            write_upgrade(&mut stream, "/", None)?;
            read_upgrade(&mut stream)?;
            write(&mut stream, &client_frame(BINARY, hello.as_bytes()))?;
            streams.push(stream);
        }
        let mut swarm = Swarm::new(streams)?;
        swarm.settle()?;
        Ok(Self {
            process,
            swarm,
            _config: directory,
        })
    }

    /// Runs the load and returns the server's CPU time for each delivery, in nanoseconds.
    pub(crate) fn round(&mut self, load: Load) -> anyhow::Result<f64> {
        let Self { process, swarm, .. } = self;
        let publish = format!("PUB room {}\r\n{MESSAGE}\r\n", MESSAGE.len());
        let publish = client_frame(BINARY, publish.as_bytes());
        // Frames carry several messages of the same length, and may split one, so bytes are counted
        // and divided by that length.
        let message = format!("MSG room 1 {}\r\n{MESSAGE}\r\n", MESSAGE.len()).len();
        let (mut bytes, mut counted) = (0, 0);
        let before = process.cpu()?;
        drive(
            swarm,
            load,
            |swarm, sender| swarm.write(sender, &publish),
            |seen| {
                if let Seen::Binary(len) = seen {
                    bytes += len;
                }
                let new = bytes / message - counted;
                counted += new;
                new
            },
        )?;
        let spent = process.cpu()? - before;
        let deliveries = load.messages * swarm.len();
        Ok(spent.as_nanos() as f64 / deliveries as f64)
    }
}

/// Returns the configuration. Pings are rare, so that clients receive only messages. nats-server
/// always opens a TCP port too; a free one avoids a clash on 4222.
fn settings(address: SocketAddr, client_port: u16) -> String {
    format!(
        "listen: \"127.0.0.1:{client_port}\"\nmax_connections: 1000000\nping_interval: \"1h\"\n\
         websocket {{\n  listen: \"{address}\"\n  no_tls: true\n}}\n"
    )
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
