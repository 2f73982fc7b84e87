//! The machine's limit: a bare epoll loop that writes the server's bytes to N sockets, in writes of
//! the same sizes.
//!
//! It is a process of its own, like the server. Its first connection controls it: `P` and a plan
//! (how many batches, their lengths, their bytes), then a `G` for each batch to be written to
//! everyone.
//!
//! Its load is a process of its own too, because 10,000 connections to it and as many to the server
//! are more descriptors than one process may have by default. It reads the path of a plan from each
//! line and answers with the cost of a delivery.

use std::io::{BufRead, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::unistd::write;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::chat::connect;
use super::child::Measured;
use super::machine::{LOAD_CPU, pin, raise_descriptor_limit};
use super::swarm::{PATIENCE, Swarm};
use super::ws::Seen;

/// Name of the hidden subcommand that is measured.
pub(crate) const SUBCOMMAND: &str = "limit-loop";

/// Name of the hidden subcommand that loads it.
pub(crate) const LOAD_SUBCOMMAND: &str = "limit-load";

/// The load's line once everyone is connected.
const READY: &str = "ready";

const PLAN: u8 = b'P';
const GO: u8 = b'G';

/// The controlling connection's number among epoll's events.
const CONTROL: u64 = u64::MAX;

/// The bytes of one run, batch by batch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Plan {
    batches: Vec<Vec<u8>>,
    /// Messages in each batch.
    sizes: Vec<usize>,
}

impl Plan {
    /// Puts `frames` into batches of these sizes.
    pub(crate) fn new(frames: &[&[u8]], sizes: Vec<usize>) -> Self {
        let mut frames = frames.iter();
        let batches = sizes
            .iter()
            .map(|size| {
                frames
                    .by_ref()
                    .take(*size)
                    .copied()
                    .collect::<Vec<_>>()
                    .concat()
            })
            .collect();
        Self { batches, sizes }
    }

    pub(crate) fn messages(&self) -> usize {
        self.sizes.iter().sum()
    }

    pub(crate) fn frame_bytes(&self) -> f64 {
        let bytes: usize = self.batches.iter().map(Vec::len).sum();
        bytes as f64 / self.messages().max(1) as f64
    }
}

/// The loop and its load, two processes.
#[derive(Debug)]
pub(crate) struct Limit {
    load: Measured,
    plan: NamedTempFile,
}

impl Limit {
    pub(crate) fn start(subscribers: usize) -> anyhow::Result<Self> {
        let load = Measured::start_self(&[LOAD_SUBCOMMAND, &subscribers.to_string()])?;
        load.wait_ready(|line| (line == READY).then_some(()))?;
        let plan = NamedTempFile::new()?;
        Ok(Self { load, plan })
    }

    /// Runs a plan with one batch in flight. Returns the CPU nanoseconds of one delivery.
    pub(crate) fn run(&mut self, plan: &Plan) -> anyhow::Result<f64> {
        let path = self.plan.path();
        std::fs::write(path, serde_json::to_vec(plan)?)?;
        let path = path.to_str().context("a temporary file's name")?;
        self.load.tell(path)?;
        self.load.wait_line(PATIENCE, |line| line.parse().ok())
    }
}

/// Runs the process that loads the measured one with the plans that it reads.
pub(crate) fn run_load(subscribers: usize) -> anyhow::Result<()> {
    raise_descriptor_limit()?;
    pin(LOAD_CPU)?;
    let mut bare = Bare::start(subscribers)?;
    let mut out = std::io::stdout();
    writeln!(out, "{READY}")?;
    out.flush()?;
    for path in std::io::stdin().lock().lines() {
        let plan: Plan = serde_json::from_slice(&std::fs::read(path?)?)?;
        writeln!(out, "{}", bare.run(&plan)?)?;
        out.flush()?;
    }
    Ok(())
}

/// The loop's process, with its connections.
#[derive(Debug)]
struct Bare {
    process: Measured,
    control: TcpStream,
    swarm: Swarm,
}

impl Bare {
    fn start(subscribers: usize) -> anyhow::Result<Self> {
        let process = Measured::start_self(&[SUBCOMMAND, &subscribers.to_string()])?;
        let port: u16 = process.wait_ready(|line| line.parse().ok())?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let control = connect(address, None)?;
        let streams: Result<_, _> = (0..subscribers).map(|_| connect(address, None)).collect();
        Ok(Self {
            process,
            control,
            swarm: Swarm::new(streams?)?,
        })
    }

    fn run(&mut self, plan: &Plan) -> anyhow::Result<f64> {
        let mut told = vec![PLAN];
        told.extend(u32::try_from(plan.batches.len())?.to_be_bytes());
        for batch in &plan.batches {
            told.extend(u32::try_from(batch.len())?.to_be_bytes());
        }
        self.control.write_all(&told)?;
        for batch in &plan.batches {
            self.control.write_all(batch)?;
        }
        // The loop has read the plan once its socket is empty, so that only batches are measured.
        std::thread::sleep(Duration::from_millis(50));
        let before = self.process.cpu()?;
        let subscribers = self.swarm.len();
        let (mut delivered, mut expected) = (0, 0);
        for size in &plan.sizes {
            self.control.write_all(&[GO])?;
            expected += size * subscribers;
            let deadline = Instant::now() + PATIENCE;
            while delivered < expected {
                self.swarm.poll(PATIENCE, |_, seen| {
                    delivered += usize::from(seen == Seen::Chat);
                })?;
                if Instant::now() > deadline {
                    bail!("the limit's batch did not arrive");
                }
            }
        }
        self.swarm.captured();
        let spent = self.process.cpu()? - before;
        Ok(spent.as_nanos() as f64 / delivered.max(1) as f64)
    }
}

/// Runs the process that is measured.
pub(crate) fn run_loop(subscribers: usize) -> anyhow::Result<()> {
    raise_descriptor_limit()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?.port())?;
    out.flush()?;
    let accept = || -> anyhow::Result<TcpStream> {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let mut control = accept()?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&control, EpollEvent::new(EpollFlags::EPOLLIN, CONTROL))?;
    let mut sockets = Vec::with_capacity(subscribers);
    for index in 0..subscribers {
        let stream = accept()?;
        stream.set_nonblocking(true)?;
        epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        sockets.push(stream);
    }
    let mut plan = Vec::new().into_iter();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let count = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        for event in &events[..count] {
            // The load has ended: subscribers send nothing else.
            if event.data() != CONTROL {
                return Ok(());
            }
            let mut command = [0];
            if control.read(&mut command)? == 0 {
                return Ok(());
            }
            match command[0] {
                PLAN => plan = read_plan(&mut control)?.into_iter(),
                GO => {
                    let batch = plan.next().context("no batch is left")?;
                    for socket in &sockets {
                        write_all(socket, &batch)?;
                    }
                }
                other => bail!("an unknown command {other}"),
            }
        }
    }
}

fn read_plan(control: &mut impl Read) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut number = || -> anyhow::Result<usize> {
        let mut bytes = [0; 4];
        control.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes) as usize)
    };
    let count = number()?;
    let lens: Vec<usize> = (0..count).map(|_| number()).collect::<Result<_, _>>()?;
    lens.into_iter()
        .map(|len| {
            let mut batch = vec![0; len];
            control.read_exact(&mut batch)?;
            Ok(batch)
        })
        .collect()
}

/// Writes all bytes, as a rule in one write. Waits if the socket is full.
fn write_all(socket: &TcpStream, mut bytes: &[u8]) -> anyhow::Result<()> {
    while !bytes.is_empty() {
        match write(socket, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::EAGAIN) => std::thread::yield_now(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_parsed() {
        let plan = Plan::new(&[b"one", b"two", b"three"], vec![2, 1]);
        assert_eq!(plan.batches, [b"onetwo".to_vec(), b"three".to_vec()]);
        assert_eq!(plan.messages(), 3);
        let mut told = 2_u32.to_be_bytes().to_vec();
        told.extend(6_u32.to_be_bytes());
        told.extend(5_u32.to_be_bytes());
        told.extend(b"onetwothree");
        assert_eq!(read_plan(&mut told.as_slice()).unwrap(), plan.batches);
    }
}
