//! WebSocket connections: sign-in, commands, catching up, and how they end.
//!
//! The gateway knows sockets and the protocol; rooms decide what a command does. Start at
//! `connection_loop`, then `welcome` and `commands`.

mod admins;
mod catch_up;
mod checks;
pub(crate) mod commands;
pub(crate) mod connection_loop;
mod invites;
mod lists;
mod lookalikes;
mod people;
mod policy;
mod rate;
mod socket;
pub(crate) mod translate;
mod welcome;

#[cfg(feature = "fuzzing")]
pub(crate) use lookalikes::candidates as lookalikes;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_shared::Username;
use hyper::upgrade::Parts;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;

use self::rate::CommandRate;
use crate::accounts::Identity;
use crate::disk::DiskSpace;
use crate::hub::Hub;
use crate::network::{ClientNetwork, SharedPlaces};
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

/// New accounts of one network have together this many times the rate of one account, so that
/// many accounts do not make a flood.
const NEWCOMERS_SHARES: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

fn newcomers_rate((rate, burst): (NonZeroU32, NonZeroU32)) -> (NonZeroU32, NonZeroU32) {
    let shared = |of_one: NonZeroU32| of_one.saturating_mul(NEWCOMERS_SHARES);
    (shared(rate), shared(burst))
}

/// Bounds that the operator sets.
#[derive(Debug, Clone, Copy)]
pub struct GatewayLimits {
    /// Connections in all.
    pub all: usize,
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
    disk: DiskSpace,
    places: SharedPlaces,
    /// Turns for connections that enter.
    entering: Arc<Semaphore>,
    /// Commands that change something.
    rate: CommandRate<Username>,
    /// The same, of all new accounts of one network together.
    newcomers: CommandRate<ClientNetwork>,
    /// Commands that read.
    reads: CommandRate<Username>,
}

impl Gateway {
    pub fn new(hub: Hub, limits: GatewayLimits, disk: DiskSpace) -> Self {
        let rate = CommandRate::new(limits.rate);
        let newcomers = CommandRate::new(limits.rate.map(newcomers_rate));
        let reads = CommandRate::new(limits.rate.and(READ_RATE));
        tokio::spawn({
            let (rate, newcomers, reads) = (rate.clone(), newcomers.clone(), reads.clone());
            async move {
                let mut sweep = tokio::time::interval(Duration::from_millis(RATE_SWEEP_MS));
                loop {
                    sweep.tick().await;
                    rate.forget_idle();
                    newcomers.forget_idle();
                    reads.forget_idle();
                }
            }
        });
        Self {
            hub,
            limits,
            disk,
            places: SharedPlaces::new(limits.all, limits.per_network),
            entering: Arc::new(Semaphore::new(welcome::ENTERING_MAX)),
            rate,
            newcomers,
            reads,
        }
    }

    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Serves WebSocket frames on a stream of any kind until the connection ends. `leftover` are
    /// bytes that were read from it already; `known` is the identity that the upgrade request
    /// showed. A TCP socket is served faster by [`Gateway::serve`].
    pub async fn serve_stream(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        leftover: Bytes,
        known: Option<Identity>,
        network: ClientNetwork,
    ) {
        let (read, write) = tokio::io::split(stream);
        let socket = Socket::deferred(write);
        connection_loop::run(self.clone(), (read, leftover), socket, known, network).await;
    }

    /// Serves a connection, in a task of its own, once its upgrade is done. `known` is the identity
    /// that the upgrade request showed.
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
            let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
                Ok(Parts { io, read_buf, .. }) => {
                    let stream = io.into_inner();
                    bound_send_buffer(&stream);
                    let (read, write) = stream.into_split();
                    let socket = Socket::Tcp(write);
                    return connection_loop::run(gateway, (read, read_buf), socket, known, network)
                        .await;
                }
                Err(upgraded) => upgraded,
            };
            #[cfg(unix)]
            let upgraded = match upgraded.downcast::<TokioIo<tokio::net::UnixStream>>() {
                Ok(Parts { io, read_buf, .. }) => {
                    let stream = io.into_inner();
                    return gateway.serve_stream(stream, read_buf, known, network).await;
                }
                Err(upgraded) => upgraded,
            };
            match upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>() {
                Ok(Parts { io, read_buf, .. }) => {
                    let stream = io.into_inner();
                    bound_send_buffer(stream.get_ref().0);
                    gateway.serve_stream(stream, read_buf, known, network).await;
                }
                Err(_) => tracing::error!("an upgraded connection is of no known kind"),
            }
        });
    }
}

fn bound_send_buffer(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_send_buffer_size(SEND_BUFFER_BYTES) {
        tracing::debug!(%error, "a socket's send buffer size could not be set");
    }
}
