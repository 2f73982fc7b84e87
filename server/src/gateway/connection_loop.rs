//! The life of one connection on the server: welcome, commands, end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_shared::codec::{self, ClientFrame};
use chat_shared::limits::COMMANDS_IN_FLIGHT_MAX;
use chat_shared::protocol::{
    CloseCode, Command, CommandFrame, DemoFrame, ErrorCode, ErrorFrame, Send, ServerFrame,
};
use chat_shared::{Nonce, RoomName};
use tokio::io::AsyncRead;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::socket::{Incoming, Reader};
use super::welcome::{Rejected, begin};
use super::{Gateway, commands};
use crate::accounts::Identity;
use crate::hub::{Connection, Dialect, random_hex};
use crate::messages;
use crate::network::ClientNetwork;
use crate::send_queue::{SendQueue, Socket};

/// Milliseconds in which a peer may still send after our close, so that the close reaches it.
const LINGER_MS: u64 = 2_000;

/// Commands refused for their rate in a row that are a flood.
const FLOOD_REFUSALS_MAX: u32 = 200;

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
    let linger = async { while !matches!(reader.next().await, Incoming::Gone) {} };
    let _ = timeout(Duration::from_millis(LINGER_MS), linger).await;
}

/// Serves until the peer is gone or there is a reason to close.
async fn live<R: AsyncRead + Unpin>(
    gateway: &Gateway,
    reader: &mut Reader<R>,
    send_queue: &Arc<SendQueue>,
    known: Option<Identity>,
    network: ClientNetwork,
) {
    let Some(_place) = gateway.networks.take(network, gateway.limits.per_network) else {
        return send_queue.close(
            CloseCode::TooManyConnections,
            "too many connections from there",
        );
    };
    // Boxed, since it is large and over soon.
    match Box::pin(begin(gateway, reader, send_queue, known)).await {
        Ok(Some(guard)) => {
            let username = &guard.connection.identity.username;
            tracing::debug!(%username, "connected");
            let connection = guard.connection.clone();
            ConnectionLoop::new(gateway.clone(), connection)
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
    /// Places for unanswered commands.
    in_flight: Arc<Semaphore>,
    refused_in_a_row: u32,
}

impl ConnectionLoop {
    fn new(gateway: Gateway, connection: Arc<Connection>) -> Self {
        Self {
            gateway,
            connection,
            in_flight: Arc::new(Semaphore::new(COMMANDS_IN_FLIGHT_MAX)),
            refused_in_a_row: 0,
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
        let frame = match (codec::decode_client_frame(text), self.connection.dialect) {
            (Ok(ClientFrame::Command(frame)), Dialect::Main) => frame,
            (Ok(ClientFrame::Demo(frame)), Dialect::Demo) => match demo_command(frame) {
                Ok(frame) => frame,
                Err(error) => return self.connection.send(&ServerFrame::Error(error)),
            },
            (Err(error), _) => return self.connection.send(&ServerFrame::Error(error.into())),
            (Ok(_), _) => {
                let error = messages::misplaced_frame();
                return self.connection.send(&ServerFrame::Error(error));
            }
        };
        let over = self.over_rate(&frame.command);
        // Boxed, so that an idle connection does not hold the memory that commands need.
        let (hub, connection) = (&self.gateway.hub, &self.connection);
        Box::pin(commands::handle(hub, connection, frame, over, permit)).await;
    }

    /// Milliseconds to wait, where the command comes too soon. Commands that change something and
    /// commands that read have a rate each; `typing` and `ping` cost next to nothing and have none.
    fn over_rate(&mut self, command: &Command) -> Option<u64> {
        let username = &self.connection.identity.username;
        if commands::is_read(command) {
            return self.gateway.reads.over(username);
        }
        if matches!(command, Command::Typing(_) | Command::Ping) {
            return None;
        }
        let over = self.gateway.rate.over(username);
        match over {
            Some(_) => self.refused_in_a_row += 1,
            None => self.refused_in_a_row = 0,
        }
        if self.refused_in_a_row > FLOOD_REFUSALS_MAX {
            self.connection
                .send_queue
                .close(CloseCode::Flood, "flood; come back in a minute");
        }
        over
    }
}

/// The command for a frame of the FastAPI demo's page, which only sends to the lobby.
fn demo_command(frame: DemoFrame) -> Result<CommandFrame, ErrorFrame> {
    let Some(text) = frame.message else {
        return Err(messages::missing_message());
    };
    let nonce = Nonce::parse(&random_hex(16))
        .map_err(|error| ErrorFrame::new(ErrorCode::Internal, error.to_string()))?;
    let send = Send {
        room: RoomName::lobby(),
        text,
        nonce,
        reply_to: None,
    };
    Ok(CommandFrame {
        id: None,
        command: Command::Send(send),
    })
}
