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
use super::{ClientConfig, CloseReason, texts};
use crate::codec::encode;
use crate::limits::FRAME_BYTES_MAX;
use crate::protocol::{Bye, CloseCode, Hello, Reconnect};

/// How long the upgrade to WebSocket may take, once there is a stream.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(15);

/// How long closing may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes that are read at a time.
const READ_BUFFER_BYTES: usize = 8_192;

/// Bytes that are written at a time.
const WRITE_BUFFER_BYTES: usize = 4_096;

/// How a connection, or the attempt to make one, ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Another attempt may succeed.
    Retry {
        /// Why, as a sentence.
        reason: String,
        reconnect: Reconnect,
        /// How long the server asked to wait.
        asked: Option<Duration>,
    },
    /// No further attempt is made.
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

    /// The meaning of a close frame; `said` is its reason.
    fn closed(code: Option<u16>, said: &str) -> Self {
        let Some(close) = code.and_then(CloseCode::from_code) else {
            return Self::retry(if said.is_empty() {
                texts::CONNECTION_LOST
            } else {
                said
            });
        };
        let reconnect = close.reconnect();
        match (close, reconnect) {
            (CloseCode::NotSignedIn, _) => Self::Final(CloseReason::NotSignedIn),
            (CloseCode::Banned, _) => Self::Final(CloseReason::Banned(said.to_owned())),
            (CloseCode::Version, _) => Self::Final(CloseReason::Version(said.to_owned())),
            (_, Reconnect::Never | Reconnect::AfterSignIn) => {
                let said = if said.is_empty() {
                    texts::explain(close)
                } else {
                    said
                };
                Self::Final(CloseReason::Refused(said.to_owned()))
            }
            _ => {
                let said = if said.is_empty() {
                    texts::explain(close)
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

/// The result of reading.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A frame.
    Text(Utf8Bytes),
    /// The server is alive; there is no frame.
    Alive,
    /// The connection ended.
    Ended(End),
}

/// An open connection. It reads and writes only while [`Connection::next`] is polled.
pub(crate) struct Connection {
    socket: WebSocketStream<Box<dyn ByteStream>>,
    outgoing: VecDeque<Message>,
    unflushed: bool,
    bye: Option<Bye>,
    /// The last error that answered no command; it may explain a close that follows.
    complaint: Option<String>,
}

/// Connects and queues `hello`.
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
        .map_err(|error| End::Final(CloseReason::Refused(texts::no_request(&error))))?;
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
            return Err(End::retry(texts::no_websocket(server, &error)));
        }
        Err(_) => {
            return Err(End::retry(texts::no_answer(&config.server)));
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

/// How an upgrade ended that the server answered with an HTTP status.
fn refused<B>(config: &ClientConfig, response: &tungstenite::http::Response<B>) -> End {
    let status = response.status();
    let header = response.headers().get(RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
    let server = &config.server;
    let reason = match status.as_u16() {
        401 => return End::Final(CloseReason::NotSignedIn),
        403 => {
            let reason = texts::not_let_in(server);
            return End::Final(CloseReason::Refused(reason));
        }
        429 => texts::too_many_connections(server),
        500.. => texts::cannot_answer(server, &status),
        _ => texts::not_a_chat_server(server, &status),
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
            Ok(Some(Message::Binary(_))) => Incoming::Ended(End::retry(texts::NOT_UNDERSTOOD)),
            Ok(Some(Message::Close(frame))) => Incoming::Ended(self.end(frame.as_ref())),
            Ok(None) => Incoming::Ended(self.end(None)),
            Err(tungstenite::Error::Io(_)) => Incoming::Ended(self.end(None)),
            Err(tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => Incoming::Ended(self.end(None)),
            Err(error) => {
                let reason = texts::connection_failed(&error);
                Incoming::Ended(End::retry(reason))
            }
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        may_read: bool,
    ) -> Poll<Result<Option<Message>, tungstenite::Error>> {
        // After a failed write, the server's reason for it may still be readable.
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

    /// Writes what is queued, then closes the connection.
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
        // The connection is dropped either way.
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_has_an_end() {
        for close in CloseCode::ALL {
            let is_final = matches!(close.reconnect(), Reconnect::Never | Reconnect::AfterSignIn);
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
