//! The cost of opening a connection with its token, compared with a bare tungstenite accept.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use tokio_tungstenite::tungstenite;

use super::Options;
use super::chat::{ChatServer, connect};
use super::child::Measured;
use super::machine::raise_descriptor_limit;
use super::table::Row;
use super::ws::{read_upgrade, write_upgrade};

/// Name of the hidden subcommand.
pub(crate) const SUBCOMMAND: &str = "accept-loop";

/// Connections that the bare loop keeps open, as the server does while it is measured.
const KEPT_MAX: usize = 1_000;

/// Time until people who left are no longer online and that was announced.
const GONE: Duration = Duration::from_secs(6);

/// Work that follows the last welcome is part of its cost.
const AFTERMATH: Duration = Duration::from_millis(20);

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let (connections, gone) = match options.quick {
        true => (100, Duration::ZERO),
        false => (1_000, GONE),
    };
    let server = ChatServer::start(&options.site, connections)?;
    let accepting = Measured::start_self(&[SUBCOMMAND])?;
    let port: u16 = accepting.wait_ready(|line| line.parse().ok())?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let (mut ours, mut bare) = (vec![], vec![]);
    for repeat in 0..=options.repeats {
        let before = server.process.cpu()?;
        let streams = server.enter(connections)?;
        std::thread::sleep(AFTERMATH);
        let spent = server.process.cpu()? - before;
        drop(streams);
        std::thread::sleep(gone);

        let before = accepting.cpu()?;
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            let mut stream = connect(address, None)?;
            write_upgrade(&mut stream, "/", Some(&server.tokens[0]))?;
            read_upgrade(&mut stream)?;
            streams.push(stream);
        }
        let bare_spent = accepting.cpu()? - before;
        if repeat > 0 {
            ours.push(spent.as_secs_f64() * 1e6 / connections as f64);
            bare.push(bare_spent.as_secs_f64() * 1e6 / connections as f64);
        }
    }
    let what = format!("{connections} connections opened, token to welcome");
    let row = Row::pairs(
        what,
        "CPU µs each",
        &ours,
        "a bare tungstenite accept",
        &bare,
    )
    .note("all enter one lobby, whose presence is in it");
    options.say(&row);
    Ok(vec![row])
}

/// Runs the process that is measured.
pub(crate) fn run_loop() -> anyhow::Result<()> {
    raise_descriptor_limit()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?.port())?;
    out.flush()?;
    let mut kept = VecDeque::new();
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(tungstenite::accept(stream)?);
    }
    Ok(())
}
