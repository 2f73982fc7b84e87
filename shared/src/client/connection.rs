//! One WebSocket connection: how it begins, carries frames and ends.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Sink, SinkExt, Stream};
use hyper::header::{AUTHORIZATION, RETRY_AFTER};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::dial::{ByteStream, DialError, dial};
use super::http::bearer;
use super::{ClientConfig, CloseReason};
use crate::codec::encode;
use crate::limits::FRAME_BYTES_MAX;
use crate::protocol::{Bye, CloseCode, Hello, Reconnect};

/// How long the upgrade to WebSocket may take, once there is a stream.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a goodbye may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes that are read at a time.
const READ_BUFFER_BYTES: usize = 8_192;

/// Bytes that are written at a time.
const WRITE_BUFFER_BYTES: usize = 4_096;

/// How a connection, or the try to make one, ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Another one may be tried.
    Retry {
        /// Why, as a sentence.
        reason: String,
        reconnect: Reconnect,
        /// What the server asked to be waited for.
        asked: Option<Duration>,
    },
    /// None may.
    Final(CloseReason),
}

impl End {
    pub(crate) fn retry(reason: impl Into<String>) -> Self {
        let (reason, reconnect) = (reason.into(), Reconnect::WithBackoff);
        Self::Retry {
            reason,
            reconnect,
            asked: None,
        }
    }

    pub(crate) fn at_once(reason: impl Into<String>) -> Self {
        let (reason, reconnect) = (reason.into(), Reconnect::AtOnce);
        Self::Retry {
            reason,
            reconnect,
            asked: None,
        }
    }

    /// What a close means; `said` is its reason.
    fn closed(code: Option<u16>, said: &str) -> Self {
        let Some(close) = code.and_then(CloseCode::from_code) else {
            return Self::retry(if said.is_empty() { LOST } else { said });
        };
        let reconnect = close.reconnect();
        match (close, reconnect) {
            (CloseCode::NotSignedIn, _) => Self::Final(CloseReason::NotSignedIn),
            (CloseCode::Banned, _) => Self::Final(CloseReason::Banned(said.to_owned())),
            (CloseCode::Version, _) => Self::Final(CloseReason::Version(said.to_owned())),
            (_, Reconnect::Never | Reconnect::AfterLogIn) => {
                let said = if said.is_empty() {
                    explain(close)
                } else {
                    said
                };
                Self::Final(CloseReason::Refused(said.to_owned()))
            }
            _ => {
                let said = if said.is_empty() {
                    explain(close)
                } else {
                    said
                };
                Self::Retry {
                    reason: said.to_owned(),
                    reconnect,
                    asked: None,
                }
            }
        }
    }
}

const LOST: &str = "The connection to the server was lost.";

fn explain(close: CloseCode) -> &'static str {
    match close {
        CloseCode::Normal => "The server ended the connection.",
        CloseCode::GoingAway => "The server is going down.",
        CloseCode::ServerFault => "The server had a fault.",
        CloseCode::TimedOut => "The server heard nothing from here for too long.",
        CloseCode::TooManyConnections => "Too many connections to this server are open.",
        CloseCode::TooSlow => "The connection was too slow for all there was to read.",
        CloseCode::Flood => "Too much was sent to the server in too short a time.",
        _ => "The server does not understand this program; one of them is too old.",
    }
}

/// What came of reading.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A frame.
    Text(Utf8Bytes),
    /// A sign of life.
    Alive,
    /// The end.
    Ended(End),
}

/// An open connection. It reads and writes only while [`Connection::next`] is polled.
pub(crate) struct Connection {
    socket: WebSocketStream<Box<dyn ByteStream>>,
    outgoing: VecDeque<Message>,
    unflushed: bool,
    bye: Option<Bye>,
    /// What the server complained of last, about no command.
    complaint: Option<String>,
}

/// Connects, and says hello.
pub(crate) async fn open(config: &ClientConfig, hello: &Hello) -> Result<Connection, End> {
    let stream = dial(&config.server, &config.trust)
        .await
        .map_err(|error| match error {
            DialError::Tls(error) => End::Final(CloseReason::Tls(error)),
            other => End::retry(other.to_string()),
        })?;
    let mut request = config
        .server
        .ws_url()
        .into_client_request()
        .map_err(|error| End::Final(CloseReason::Refused(format!("No request: {error}."))))?;
    let token = bearer(&config.token).ok_or(End::Final(CloseReason::NotSignedIn))?;
    request.headers_mut().insert(AUTHORIZATION, token);
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let upgrade = client_async_with_config(request, stream, Some(limits));
    let (socket, _) = match timeout(UPGRADE_TIMEOUT, upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(tungstenite::Error::Http(response))) => return Err(refused(config, &response)),
        Ok(Err(error)) => {
            let server = &config.server;
            return Err(End::retry(format!("{server} can't be spoken to: {error}.")));
        }
        Err(_) => {
            return Err(End::retry(format!(
                "{} did not answer in time.",
                config.server
            )));
        }
    };
    let outgoing = VecDeque::from([Message::text(encode(&hello.to_frame()))]);
    Ok(Connection {
        socket,
        outgoing,
        unflushed: false,
        bye: None,
        complaint: None,
    })
}

/// What an answer to the upgrade means that is no upgrade.
fn refused<B>(config: &ClientConfig, response: &tungstenite::http::Response<B>) -> End {
    let status = response.status();
    let header = response.headers().get(RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
    let server = &config.server;
    let reason = match status.as_u16() {
        401 => return End::Final(CloseReason::NotSignedIn),
        403 => {
            let reason = format!("{server} does not let this program in.");
            return End::Final(CloseReason::Refused(reason));
        }
        429 => format!("{server} has too many connections from here."),
        500.. => format!("{server} can't answer now ({status})."),
        _ => format!("What answers at {server} is no chat server ({status}); check the address."),
    };
    let (reconnect, asked) = (Reconnect::WithBackoff, seconds.map(Duration::from_secs));
    End::Retry {
        reason,
        reconnect,
        asked,
    }
}

impl Connection {
    /// Takes a frame to be written.
    pub(crate) fn queue(&mut self, text: String) {
        self.outgoing.push_back(Message::text(text));
    }

    /// The server is about to close the connection.
    pub(crate) fn bye(&mut self, bye: Bye) {
        self.bye = Some(bye);
    }

    /// An error came that may be why the connection ends.
    pub(crate) fn complaint(&mut self, said: String) {
        self.complaint = Some(said);
    }

    /// Writes what is to be written and, if `may_read`, reads. Cancelling it loses nothing.
    pub(crate) async fn next(&mut self, may_read: bool) -> Incoming {
        let incoming = poll_fn(|cx| self.poll(cx, may_read)).await;
        match incoming {
            Ok(Some(Message::Text(text))) => Incoming::Text(text),
            Ok(Some(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Incoming::Alive,
            Ok(Some(Message::Binary(_))) => Incoming::Ended(End::retry(
                "The server sent what is no frame of this protocol.",
            )),
            Ok(Some(Message::Close(frame))) => Incoming::Ended(self.end(frame.as_ref())),
            Ok(None) => Incoming::Ended(self.end(None)),
            Err(tungstenite::Error::Io(_)) => Incoming::Ended(self.end(None)),
            Err(tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => Incoming::Ended(self.end(None)),
            Err(error) => {
                let reason = format!("The connection to the server was lost: {error}.");
                Incoming::Ended(End::retry(reason))
            }
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        may_read: bool,
    ) -> Poll<Result<Option<Message>, tungstenite::Error>> {
        // A failed write is no news while the server's reason for it can still be read.
        let written = self.poll_write(cx);
        if may_read && let Poll::Ready(message) = Pin::new(&mut self.socket).poll_next(cx) {
            return Poll::Ready(message.transpose());
        }
        match written {
            Poll::Ready(Err(error)) if !may_read => Poll::Ready(Err(error)),
            _ => Poll::Pending,
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), tungstenite::Error>> {
        let mut socket = Pin::new(&mut self.socket);
        loop {
            if self.outgoing.is_empty() {
                if self.unflushed {
                    std::task::ready!(socket.as_mut().poll_flush(cx))?;
                    self.unflushed = false;
                }
                return Poll::Ready(Ok(()));
            }
            std::task::ready!(socket.as_mut().poll_ready(cx))?;
            if let Some(message) = self.outgoing.pop_front() {
                socket.as_mut().start_send(message)?;
                self.unflushed = true;
            }
        }
    }

    fn end(&mut self, frame: Option<&CloseFrame>) -> End {
        let complaint = self.complaint.take().unwrap_or_default();
        let mut end = match frame {
            Some(frame) if frame.reason.is_empty() => {
                End::closed(Some(frame.code.into()), &complaint)
            }
            Some(frame) => End::closed(Some(frame.code.into()), &frame.reason),
            None => End::closed(None, &complaint),
        };
        if let (Some(bye), End::Retry { reason, asked, .. }) = (self.bye.take(), &mut end) {
            *reason = bye.reason;
            *asked = Some(Duration::from_millis(bye.reconnect_after_ms));
        }
        end
    }

    /// Says goodbye: what is to be written is written, then the connection is closed.
    pub(crate) async fn close(mut self) {
        let goodbye = async {
            while !self.outgoing.is_empty() || self.unflushed {
                poll_fn(|cx| self.poll_write(cx)).await?;
            }
            let frame = CloseFrame {
                code: WireCode::Normal,
                reason: Utf8Bytes::default(),
            };
            self.socket.send(Message::Close(Some(frame))).await?;
            while poll_fn(|cx| Pin::new(&mut self.socket).poll_next(cx))
                .await
                .is_some()
            {}
            Ok::<_, tungstenite::Error>(())
        };
        // The connection is given up either way.
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_has_an_end() {
        for close in CloseCode::ALL {
            let is_final = matches!(close.reconnect(), Reconnect::Never | Reconnect::AfterLogIn);
            match End::closed(Some(close.code()), "") {
                End::Final(reason) => {
                    assert!(is_final, "{close:?}");
                    assert!(reason.to_string().ends_with('.'), "{reason}");
                }
                End::Retry {
                    reason, reconnect, ..
                } => {
                    assert_eq!(reconnect, close.reconnect(), "{close:?}");
                    assert!(reason.ends_with('.'), "{reason}");
                }
            }
        }
    }
}
