//! From a listening socket to requests, and to an end.
//!
//! Every wait before the upgrade is bounded here: the TLS handshake, a request's head, a whole
//! connection. After an upgrade, the handler that upgraded ends the connection.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::connections::{Busy, HttpConnections, Place};
use super::{Peer, TrustedProxies, client_network};
use crate::listen::{Listener, Stream};
use crate::network::ClientNetwork;

/// Connections that speak HTTP at the same time, unless the operator or the system's descriptors
/// allow fewer; upgraded ones count no more.
pub const HTTP_CONNECTIONS_MAX: usize = 4_096;

/// In which a TLS handshake must be done.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// In which a request's head must come, from the end of the one before on.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a request's head.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Headers of a request.
const HEADERS_MAX: usize = 64;

/// A connection that spoke HTTP for this long ends after the request that it is at.
const CONNECTION_LIFETIME_MAX: Duration = Duration::from_secs(10 * 60);

/// How long requests in flight have when the server, or the connection, ends.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long accepting pauses where the system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(250);

/// Everything that serving a connection needs.
#[derive(Clone)]
pub struct Service {
    pub tls: Option<TlsAcceptor>,
    pub router: Router,
    pub connections: HttpConnections,
    pub proxies: TrustedProxies,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Serves until `shutdown`, then lets what is in flight end.
pub async fn serve(listener: Listener, service: Service, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection's task broke");
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let network = ClientNetwork::of(peer.ip());
                    if let Some(entered) = service.connections.enter(network) {
                        let (service, stopped) = (service.clone(), stopped.clone());
                        let served =
                            move |place| connection(stream, peer, place, service, stopped);
                        connections.spawn(until_closed(served, entered));
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "new connections can't be accepted for now");
                    service.connections.make_room();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    let _ = stop.send(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests still in flight are cut off"
        );
        connections.shutdown().await;
    }
}

/// The peer went away before it was accepted; the next one may be fine.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// Serves a connection until its end, or until its place is needed for another one.
async fn until_closed<F: Future<Output = ()>>(
    served: impl FnOnce(Arc<Place>) -> F,
    (place, closed): (Arc<Place>, oneshot::Receiver<()>),
) {
    tokio::select! {
        () = served(place) => {}
        _ = closed => {}
    }
}

async fn connection(
    stream: Stream,
    peer: SocketAddr,
    place: Arc<Place>,
    service: Service,
    stopped: watch::Receiver<bool>,
) {
    let stream = match stream {
        Stream::Tcp(stream) => stream,
        #[cfg(unix)]
        Stream::Unix(stream) => return speak_http(stream, peer, place, service, stopped).await,
    };
    // Chat is many small writes, each of which someone waits for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
    }
    let Some(tls) = service.tls.clone() else {
        return speak_http(stream, peer, place, service, stopped).await;
    };
    match tokio::time::timeout(TLS_HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => speak_http(stream, peer, place, service, stopped).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}

async fn speak_http(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    place: Arc<Place>,
    service: Service,
    mut stopped: watch::Receiver<bool>,
) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let busy = place.begin(client_network(request.headers(), peer, &service.proxies));
        let router = service.router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let Ok(response) = router.oneshot(request).await;
            Ok::<_, Infallible>(response.map(|body| Tracked { body, _busy: busy }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        _ = stopped.wait_for(|stopped| *stopped) => None,
        () = tokio::time::sleep(CONNECTION_LIFETIME_MAX) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(GRACE, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

/// A body whose connection counts as busy until it was sent.
struct Tracked {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Notify;

    const CONNECTIONS_MAX: usize = 8;

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: tokio::task::JoinHandle<()>,
    }

    async fn start(router: Router) -> Running {
        start_with(None, router).await
    }

    async fn start_with(tls: Option<TlsAcceptor>, router: Router) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        let service = Service {
            tls,
            router,
            connections: HttpConnections::new(CONNECTIONS_MAX),
            proxies: TrustedProxies::default(),
        };
        let ended = tokio::spawn(serve(listener.into(), service, shutdown));
        Running {
            address,
            stop,
            ended,
        }
    }

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn handlers_know_the_peer() {
        let router = Router::new().route("/", get(|peer: Peer| async move { peer.0.to_string() }));
        let server = start(router).await;
        let answer = ask(server.address, REQUEST).await;
        assert!(answer.contains("\r\n\r\n127.0.0.1:"), "{answer}");
        server.stop.send(()).unwrap();
        server.ended.await.unwrap();
        assert!(TcpStream::connect(server.address).await.is_err());
    }

    #[tokio::test]
    async fn requests_in_flight_end_and_idle_connections_are_closed() {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (said, heard) = (Arc::clone(&begun), Arc::clone(&go_on));
        let handler = move || async move {
            said.notify_one();
            heard.notified().await;
            "late"
        };
        let server = start(Router::new().route("/", get(handler))).await;
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        let asked = tokio::spawn(ask(server.address, REQUEST));
        begun.notified().await;
        server.stop.send(()).unwrap();
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
        assert!(!server.ended.is_finished());
        go_on.notify_one();
        assert!(asked.await.unwrap().ends_with("late"));
        server.ended.await.unwrap();
    }

    /// Asks and keeps the connection.
    async fn keep_alive(from: [u8; 4], address: SocketAddr) -> io::Result<TcpStream> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let mut stream = socket.connect(address).await?;
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await?;
        let mut start = [0; 12];
        stream.read_exact(&mut start).await?;
        assert_eq!(&start, b"HTTP/1.1 200");
        Ok(stream)
    }

    // macOS answers on 127.0.0.1 alone.
    #[cfg(not(target_os = "macos"))]
    #[tokio::test]
    async fn keep_alive_connections_of_one_address_lock_no_other_out() {
        let server = start(Router::new().route("/", get(|| async { "hi" }))).await;
        let mut held = Vec::new();
        for _ in 0..3 * CONNECTIONS_MAX {
            held.push(keep_alive([127, 0, 0, 1], server.address).await.unwrap());
        }
        let mut newcomers = Vec::new();
        for from in 2..6 {
            newcomers.push(keep_alive([127, 0, 0, from], server.address).await.unwrap());
        }
        // The newcomers keep their connections however many more come from the one address.
        for _ in 0..CONNECTIONS_MAX {
            held.push(keep_alive([127, 0, 0, 1], server.address).await.unwrap());
        }
        for stream in &mut newcomers {
            stream.write_all(REQUEST.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("hi"), "{answer}");
        }
        server.stop.send(()).unwrap();
        server.ended.await.unwrap();
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let server = start(Router::new()).await;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n",
            "a".repeat(HEAD_BYTES_MAX)
        );
        assert!(
            ask(server.address, &request)
                .await
                .starts_with("HTTP/1.1 431 ")
        );
        server.stop.send(()).unwrap();
        server.ended.await.unwrap();
    }

    #[tokio::test]
    async fn tls_is_spoken_with_the_certificate_that_was_given() {
        let made = rcgen::generate_simple_self_signed(["chat.example".to_owned()]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let certificate = crate::http::Certificate::load(&cert, &key).unwrap();
        let tls = certificate.acceptor().unwrap();
        let server = start_with(Some(tls), Router::new().route("/", get(|| async { "hi" }))).await;

        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let plain = TcpStream::connect(server.address).await.unwrap();
        let mut stream = tokio_rustls::TlsConnector::from(Arc::new(client))
            .connect("chat.example".try_into().unwrap(), plain)
            .await
            .unwrap();
        stream.write_all(REQUEST.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("\r\n\r\nhi"), "{answer}");

        let mismatched = rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap();
        std::fs::write(&key, mismatched.signing_key.serialize_pem()).unwrap();
        let error = crate::http::Certificate::load(&cert, &key)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("don't work together"), "{error}");
        server.stop.send(()).unwrap();
        server.ended.await.unwrap();
    }
}
