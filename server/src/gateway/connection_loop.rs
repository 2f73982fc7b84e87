//! The life of one connection on the server: welcome, commands, end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_shared::codec;
use chat_shared::limits::COMMANDS_IN_FLIGHT_MAX;
use chat_shared::protocol::{CloseCode, Command, ErrorCode, ErrorFrame, ServerFrame};
use tokio::io::AsyncRead;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::commands::TooSoon;
use super::socket::{Incoming, Reader};
use super::welcome::{Rejected, begin};
use super::{Gateway, commands};
use crate::accounts::Identity;
use crate::hub::Connection;
use crate::network::ClientNetwork;
use crate::send_queue::{SendQueue, Socket};

/// Milliseconds in which a peer may still send after our close, so that the close reaches it.
const LINGER_MS: u64 = 2_000;

/// Commands rejected for their rate within [`FLOOD_WINDOW`] that are a flood. One more closes the
/// connection, on a slow store as on a fast one.
const FLOOD_REJECTIONS_MAX: u32 = 200;

/// Commands rejected for their rate within [`FLOOD_WINDOW`] whose nonces are looked up. Beyond
/// that number, commands get `rate_limited` without a lookup, so that a flood costs the store nothing.
const LOOKUPS_MAX: u32 = 100;

/// Reads rejected for their rate within [`FLOOD_WINDOW`] that are answered at once. Each one beyond
/// that number is answered after [`READ_PAUSE`], in which the server takes nothing from the
/// connection, so that a flood of reads costs little.
const QUICK_READ_REJECTIONS_MAX: u32 = 100;

/// See [`QUICK_READ_REJECTIONS_MAX`].
const READ_PAUSE: Duration = Duration::from_millis(50);

/// How long a connection that floods waits for the replies to its commands before it is closed.
const FLOOD_PATIENCE: Duration = Duration::from_secs(5);

/// The time in which rejections are counted together.
const FLOOD_WINDOW: Duration = Duration::from_secs(10);

/// Runs a connection from the upgrade to its end. `leftover` are bytes that came right behind the
/// upgrade request.
pub(super) async fn run<R: AsyncRead + Unpin>(
    gateway: Gateway,
    (read, leftover): (R, Bytes),
    socket: Socket,
    known: Option<Identity>,
    network: ClientNetwork,
) {
    let send_queue = SendQueue::new(socket);
    send_queue.set_network(network);
    let mut reader = Reader::new(read, leftover, send_queue.clone()).await;
    {
        let mut drain = pin!(send_queue.drain());
        let drained = tokio::select! {
            () = live(&gateway, &mut reader, &send_queue, known, network) => false,
            () = &mut drain => true,
        };
        if !send_queue.is_closing() {
            send_queue.end();
        }
        if !drained {
            drain.await;
        }
    }
    let _ = timeout(Duration::from_millis(LINGER_MS), reader.discard()).await;
}

/// Serves until the peer is gone or there is a reason to close.
async fn live<R: AsyncRead + Unpin>(
    gateway: &Gateway,
    reader: &mut Reader<R>,
    send_queue: &Arc<SendQueue>,
    known: Option<Identity>,
    network: ClientNetwork,
) {
    let reason = "too many connections from there";
    let Some(mut place) = gateway.places.take(network) else {
        return send_queue.close(CloseCode::TooManyConnections, reason);
    };
    let serving = serve(gateway, reader, send_queue, known, network);
    if place.hold(serving).await.is_none() {
        send_queue.close(CloseCode::TooManyConnections, reason);
    }
}

async fn serve<R: AsyncRead + Unpin>(
    gateway: &Gateway,
    reader: &mut Reader<R>,
    send_queue: &Arc<SendQueue>,
    known: Option<Identity>,
    network: ClientNetwork,
) {
    // Boxed, since it is large and over soon.
    match Box::pin(begin(gateway, reader, send_queue, known)).await {
        Ok(Some(guard)) => {
            let username = &guard.connection.identity.username;
            tracing::debug!(%username, "connected");
            let connection = guard.connection.clone();
            ConnectionLoop::new(gateway.clone(), connection, network)
                .serve(reader)
                .await;
            tracing::debug!(%username, "disconnected");
        }
        Ok(None) => {}
        Err(Rejected(code, reason)) => send_queue.close(code, reason),
    }
}

struct ConnectionLoop {
    gateway: Gateway,
    connection: Arc<Connection>,
    network: ClientNetwork,
    /// Places for unanswered commands.
    in_flight: Arc<Semaphore>,
    /// Of commands that change something.
    rejections: Rejections,
    read_rejections: Rejections,
}

/// Commands that were rejected for their rate in one window of time.
#[derive(Debug)]
struct Rejections {
    since: Instant,
    count: u32,
}

impl Rejections {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            count: 0,
        }
    }

    /// Counts one more, and returns how many there are in its window.
    fn count(&mut self, now: Instant) -> u32 {
        if now.duration_since(self.since) >= FLOOD_WINDOW {
            *self = Self::new(now);
        }
        self.count = self.count.saturating_add(1);
        self.count
    }
}

impl ConnectionLoop {
    fn new(gateway: Gateway, connection: Arc<Connection>, network: ClientNetwork) -> Self {
        Self {
            gateway,
            connection,
            network,
            in_flight: Arc::new(Semaphore::new(COMMANDS_IN_FLIGHT_MAX)),
            rejections: Rejections::new(Instant::now()),
            read_rejections: Rejections::new(Instant::now()),
        }
    }

    /// Reads until either side ends it.
    async fn serve<R: AsyncRead + Unpin>(&mut self, reader: &mut Reader<R>) {
        let in_flight = self.in_flight.clone();
        loop {
            let Ok(permit) = in_flight.clone().acquire_owned().await else {
                return;
            };
            let incoming = reader.next().await;
            self.connection.heard();
            match incoming {
                Incoming::Alive => {}
                Incoming::Gone => return,
                Incoming::Broken(code, reason) => {
                    let error = ErrorFrame::new(ErrorCode::BadFrame, format!("{reason}."));
                    self.connection.send(&ServerFrame::Error(error));
                    self.connection.send_queue.close(code, reason);
                    return;
                }
                // Nothing is accepted after a close, however slowly the close leaves.
                Incoming::Text(_) if self.connection.send_queue.is_closing() => return,
                Incoming::Text(text) => self.take(&text, permit).await,
            }
        }
    }

    async fn take(&mut self, text: &str, permit: OwnedSemaphorePermit) {
        let decoded = codec::decode_client_frame(text).map_err(ErrorFrame::from);
        let frame = match decoded.and_then(|frame| self.connection.dialect.command(frame)) {
            Ok(frame) => frame,
            Err(error) => return self.connection.send(&ServerFrame::Error(error)),
        };
        let over = self.over_rate(&frame.command);
        if self.rejections.count > FLOOD_REJECTIONS_MAX {
            drop(permit);
            return self.close_flood().await;
        }
        let is_rejected_read = over.is_some() && commands::is_read(&frame.command);
        if is_rejected_read && self.read_rejections.count > QUICK_READ_REJECTIONS_MAX {
            sleep(READ_PAUSE).await;
        }
        let has_quotas = self.gateway.limits.rate.is_some();
        // Boxed, so that an idle connection does not hold the memory that commands need.
        let (hub, connection) = (&self.gateway.hub, &self.connection);
        let limits = commands::Limits {
            too_soon: over,
            has_quotas,
            is_disk_low: self.gateway.disk.is_low(),
        };
        Box::pin(commands::handle(hub, connection, frame, limits, permit)).await;
    }

    /// Closes a connection that floods, once the commands before have their replies: what was not
    /// acknowledged was not stored, as far as the store answers in time.
    async fn close_flood(&self) {
        let all = u32::try_from(COMMANDS_IN_FLIGHT_MAX).unwrap_or(u32::MAX);
        let _ = timeout(FLOOD_PATIENCE, self.in_flight.acquire_many(all)).await;
        let queue = &self.connection.send_queue;
        queue.close(CloseCode::Flood, "flood; come back in a minute");
    }

    /// How long to wait, where the command comes too soon. Commands that change something and
    /// commands that read have a rate each; `typing` and `ping` cost next to nothing and have none.
    fn over_rate(&mut self, command: &Command) -> Option<TooSoon> {
        let username = &self.connection.identity.username;
        if commands::is_read(command) {
            let retry_after_ms = self.gateway.reads.over(username)?;
            self.read_rejections.count(Instant::now());
            return Some(TooSoon {
                retry_after_ms,
                may_be_looked_up: false,
            });
        }
        if matches!(command, Command::Typing(_) | Command::Ping) {
            return None;
        }
        let over = self.gateway.rate.over(username);
        let over = over.or_else(|| self.over_newcomers_rate());
        let retry_after_ms = over?;
        let count = self.rejections.count(Instant::now());
        Some(TooSoon {
            retry_after_ms,
            may_be_looked_up: count <= LOOKUPS_MAX,
        })
    }

    /// Milliseconds to wait, where the new accounts of this network send too much together. Clients
    /// on this machine are not counted: behind a proxy that does not say whom it forwards, all
    /// clients are.
    fn over_newcomers_rate(&self) -> Option<u64> {
        let gateway = &self.gateway;
        let is_new = self.connection.identity.is_new(gateway.hub.now());
        if !is_new || self.network.is_loopback() {
            return None;
        }
        gateway.newcomers.over(&self.network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_are_counted_in_a_window() {
        let begin = Instant::now();
        let mut rejections = Rejections::new(begin);
        for expected in 1..=3 {
            assert_eq!(rejections.count(begin + Duration::from_secs(1)), expected);
        }
        assert_eq!(rejections.count(begin + FLOOD_WINDOW), 1, "a new window");
        assert_eq!(rejections.count(begin + FLOOD_WINDOW), 2);
    }
}
