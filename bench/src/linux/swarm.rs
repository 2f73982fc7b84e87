//! Many connections that one epoll loop reads. It counts frames and keeps none.

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::ws::{FrameReader, Seen, client_pong};

/// Bytes that one read takes.
const READ_BYTES: usize = 64 << 10;

/// Events that one wait takes.
const EVENTS_MAX: usize = 1_024;

/// How long an expected frame may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Presence is sent once a second, so a longer silence means that nothing more will come.
const SILENCE: Duration = Duration::from_millis(1_500);

/// One connection.
#[derive(Debug)]
struct Member {
    stream: TcpStream,
    reader: FrameReader,
}

/// All connections, with the loop that reads them.
#[derive(Debug)]
pub(crate) struct Swarm {
    epoll: Epoll,
    members: Vec<Member>,
    buffer: Vec<u8>,
    /// The index of the member whose bytes are captured, the last one.
    captured_member: usize,
    /// All bytes that it got since the last call of [`Swarm::captured`].
    captured: Vec<u8>,
}

impl Swarm {
    pub(crate) fn new(streams: Vec<TcpStream>) -> anyhow::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut members = Vec::with_capacity(streams.len());
        for (index, stream) in streams.into_iter().enumerate() {
            stream.set_nonblocking(true)?;
            epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
            let reader = FrameReader::default();
            members.push(Member { stream, reader });
        }
        Ok(Self {
            epoll,
            captured_member: members.len().saturating_sub(1),
            members,
            buffer: vec![0; READ_BYTES],
            captured: Vec::new(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The members' local ports without the first `skip`.
    pub(crate) fn ports(&self, skip: usize) -> anyhow::Result<HashSet<u16>> {
        let members = self.members.iter().skip(skip);
        members
            .map(|member| Ok(member.stream.local_addr()?.port()))
            .collect()
    }

    /// The bytes that the last member got since the last call.
    pub(crate) fn captured(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.captured)
    }

    /// Waits for frames, at most `wait`, and passes each to `on_frame` with its member. Answers pings.
    /// Returns `false` if nothing came.
    pub(crate) fn poll(
        &mut self,
        wait: Duration,
        mut on_frame: impl FnMut(usize, Seen),
    ) -> anyhow::Result<bool> {
        let mut events = [EpollEvent::empty(); EVENTS_MAX];
        let wait = EpollTimeout::try_from(wait).unwrap_or(EpollTimeout::MAX);
        let count = match self.epoll.wait(&mut events, wait) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        for event in &events[..count] {
            self.read(usize::try_from(event.data())?, &mut on_frame)?;
        }
        Ok(count > 0)
    }

    fn read(&mut self, index: usize, on_frame: &mut impl FnMut(usize, Seen)) -> anyhow::Result<()> {
        let member = self.members.get_mut(index).context("an unknown member")?;
        let count = match member.stream.read(&mut self.buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            result => result.with_context(|| format!("connection {index}"))?,
        };
        if count == 0 {
            bail!("connection {index} was ended");
        }
        let bytes = &self.buffer[..count];
        if index == self.captured_member {
            self.captured.extend_from_slice(bytes);
        }
        let (mut pings, mut ended) = (0, None);
        member.reader.feed(bytes, &mut |seen| {
            match seen {
                Seen::Ping => pings += 1,
                Seen::Close(_) | Seen::Error => ended = Some(seen),
                _ => {}
            }
            on_frame(index, seen);
        });
        if let Some(ended) = ended {
            bail!("connection {index} got {ended:?}");
        }
        for _ in 0..pings {
            self.write(index, &client_pong())?;
        }
        Ok(())
    }

    /// Writes all bytes, waiting while the socket is full.
    pub(crate) fn write(&mut self, index: usize, mut bytes: &[u8]) -> anyhow::Result<()> {
        let member = self.members.get_mut(index).context("an unknown member")?;
        let deadline = Instant::now() + PATIENCE;
        while !bytes.is_empty() {
            match member.stream.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if Instant::now() > deadline {
                        bail!("connection {index} takes nothing");
                    }
                    std::thread::yield_now();
                }
                Err(error) => return Err(error).with_context(|| format!("connection {index}")),
            }
        }
        Ok(())
    }

    /// Waits until nothing but pings comes.
    pub(crate) fn settle(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut last_frame = Instant::now();
        while last_frame.elapsed() < SILENCE {
            self.poll(SILENCE, |_, seen| {
                if seen != Seen::Ping {
                    last_frame = Instant::now();
                }
            })?;
            if Instant::now() > deadline {
                bail!("the connections don't come to rest");
            }
        }
        self.captured.clear();
        Ok(())
    }

    /// Answers pings and reads frames for this long.
    pub(crate) fn idle(&mut self, duration: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + duration;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.poll(left, |_, _| {})?;
        }
    }
}
