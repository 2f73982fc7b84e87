//! WebSocket connections: sign-in, commands, catching up, and how they end.
//!
//! The gateway knows sockets and the protocol; rooms decide what a command does. Start at
//! `connection_loop`, then `welcome` and `commands`.

mod catch_up;
mod checks;
mod commands;
mod connection_loop;
mod lists;
mod lookalikes;
mod people;
mod rate;
mod socket;
mod translate;
mod welcome;

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::Parts;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;

use self::rate::CommandRate;
use crate::accounts::Identity;
use crate::hub::Hub;
use crate::network::{ClientNetwork, NetworkCounts};
use crate::send_queue::Socket;

/// Bytes that the kernel keeps for one connection; more waits in its send queue, which is bounded.
const SEND_BUFFER_BYTES: usize = 128 << 10;

/// Milliseconds between two sweeps of the rate limiter's memory.
const RATE_SWEEP_MS: u64 = 60_000;

/// Commands that read (history, events, members, rooms, search, resume, read markers) for one
/// user in a second, in the long run.
pub const READS_PER_SECOND: u32 = 100;

/// Reads that one user may make at once after a pause.
pub const READS_BURST: u32 = 500;

/// The rate of reads, unless the operator turns rates off.
const READ_RATE: Option<(NonZeroU32, NonZeroU32)> = match (
    NonZeroU32::new(READS_PER_SECOND),
    NonZeroU32::new(READS_BURST),
) {
    (Some(per_second), Some(burst)) => Some((per_second, burst)),
    _ => None,
};

/// Bounds that the operator sets.
#[derive(Debug, Clone, Copy)]
pub struct GatewayLimits {
    /// Connections of one person.
    pub per_user: usize,
    /// Connections from one network.
    pub per_network: usize,
    /// Changes a second and burst for one person; `None`: no limit.
    pub rate: Option<(NonZeroU32, NonZeroU32)>,
}

/// A cheap handle on what every connection needs.
#[derive(Debug, Clone)]
pub struct Gateway {
    hub: Hub,
    limits: GatewayLimits,
    networks: NetworkCounts,
    /// Commands that change something.
    rate: CommandRate,
    /// Commands that read.
    reads: CommandRate,
}

impl Gateway {
    pub fn new(hub: Hub, limits: GatewayLimits) -> Self {
        let rate = CommandRate::new(limits.rate);
        let reads = CommandRate::new(limits.rate.and(READ_RATE));
        tokio::spawn({
            let (rate, reads) = (rate.clone(), reads.clone());
            async move {
                let mut sweep = tokio::time::interval(Duration::from_millis(RATE_SWEEP_MS));
                loop {
                    sweep.tick().await;
                    rate.forget_idle();
                    reads.forget_idle();
                }
            }
        });
        Self {
            hub,
            limits,
            networks: NetworkCounts::default(),
            rate,
            reads,
        }
    }

    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Serves a connection that is no socket, until it ends.
    #[cfg(test)]
    pub(crate) async fn serve_in_memory(&self, stream: tokio::io::DuplexStream, known: Identity) {
        let (read, write) = tokio::io::split(stream);
        let socket = Socket::deferred(write);
        let network = ClientNetwork::of(std::net::Ipv4Addr::LOCALHOST.into());
        connection_loop::run(
            self.clone(),
            (read, Bytes::new()),
            socket,
            Some(known),
            network,
        )
        .await;
    }

    /// Serves a connection once its upgrade is done. `known`: who the upgrade said it is.
    pub fn serve(
        &self,
        upgrade: hyper::upgrade::OnUpgrade,
        known: Option<Identity>,
        network: ClientNetwork,
    ) {
        let gateway = self.clone();
        tokio::spawn(async move {
            let upgraded = match upgrade.await {
                Ok(upgraded) => upgraded,
                Err(error) => return tracing::debug!(%error, "an upgrade was not completed"),
            };
            match upgraded.downcast::<TokioIo<TcpStream>>() {
                Ok(Parts { io, read_buf, .. }) => {
                    let stream = io.into_inner();
                    if let Err(error) =
                        SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES)
                    {
                        tracing::debug!(%error, "a socket's send buffer size could not be set");
                    }
                    let (read, write) = stream.into_split();
                    let socket = Socket::Tcp(write);
                    connection_loop::run(gateway, (read, read_buf), socket, known, network).await;
                }
                Err(upgraded) => {
                    let (read, write) = tokio::io::split(TokioIo::new(upgraded));
                    let socket = Socket::deferred(write);
                    connection_loop::run(gateway, (read, Bytes::new()), socket, known, network)
                        .await;
                }
            }
        });
    }
}
