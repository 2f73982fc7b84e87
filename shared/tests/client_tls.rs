//! The SDK under TLS, with a certificate of the server's own making.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chat_shared::client::{Accounts, ClientConfig, Event, Events, HttpError, ServerUrl, connect};
use futures::StreamExt;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::accept_async;

const SOON: Duration = Duration::from_secs(30);

struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    url: ServerUrl,
    root: String,
}

impl Server {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        Self {
            listener,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            url: ServerUrl::parse(&url).unwrap(),
            root: made.cert.pem(),
        }
    }

    /// The next stream; `None` where the client did not want it.
    async fn accept(&self) -> Option<TlsStream<TcpStream>> {
        let (stream, _) = timeout(SOON, self.listener.accept())
            .await
            .unwrap()
            .unwrap();
        timeout(SOON, self.acceptor.accept(stream))
            .await
            .unwrap()
            .ok()
    }
}

async fn lost(events: &mut Events) -> String {
    match timeout(SOON, events.next()).await.unwrap() {
        Some(Event::Disconnected { reason, .. }) => reason,
        other => panic!("not disconnected: {other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_of_its_own_making_is_trusted_when_named() {
    let server = Server::start().await;
    let config = ClientConfig::new(server.url.clone(), "token");
    let (_client, _events) = connect(config.root_certificate(server.root.as_bytes()).unwrap());
    let mut socket = accept_async(server.accept().await.unwrap()).await.unwrap();
    let hello = timeout(SOON, socket.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(
        hello.to_text().unwrap().contains(r#""type":"hello""#),
        "{hello}"
    );

    let accounts = Accounts::new(server.url.clone());
    let accounts = accounts.root_certificate(server.root.as_bytes()).unwrap();
    let answering = async {
        let mut stream = server.accept().await.unwrap();
        let mut request = [0; 4096];
        let n = stream.read(&mut request).await.unwrap();
        let body = r#"{"ok":true,"msg":"Account created"}"#;
        let head = format!(
            "HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream
            .write_all(format!("{head}{body}").as_bytes())
            .await
            .unwrap();
        stream.flush().await.unwrap();
        String::from_utf8_lossy(&request[..n]).to_string()
    };
    let (done, request) = tokio::join!(accounts.register("ann", "password"), answering);
    done.unwrap();
    assert!(request.starts_with("POST /register"), "{request}");
}

#[tokio::test]
async fn a_certificate_that_nobody_named_is_not_trusted() {
    let server = Server::start().await;
    // Another server's certificate, so that there is a root even where the system has none.
    let other = Server::start().await;
    let config = ClientConfig::new(server.url.clone(), "token");
    let (_client, mut events) = connect(config.root_certificate(other.root.as_bytes()).unwrap());
    assert!(server.accept().await.is_none());
    let reason = lost(&mut events).await;
    assert!(reason.contains("does not trust"), "{reason}");

    let accounts = Accounts::new(server.url.clone());
    let accounts = accounts.root_certificate(other.root.as_bytes()).unwrap();
    let (done, stream) = tokio::join!(accounts.sign_in("ann", "password"), server.accept());
    assert!(stream.is_none());
    assert!(matches!(done, Err(HttpError::Unreachable(why)) if why.contains("does not trust")));
}

#[tokio::test]
async fn a_server_without_tls_is_distinguished_from_an_untrusted_one() {
    let server = Server::start().await;
    let config = ClientConfig::new(server.url.clone(), "token");
    let (_client, mut events) = connect(config.root_certificate(server.root.as_bytes()).unwrap());
    let (mut stream, _) = timeout(SOON, server.listener.accept())
        .await
        .unwrap()
        .unwrap();
    stream
        .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        .await
        .unwrap();
    let reason = lost(&mut events).await;
    assert!(reason.contains("http://"), "{reason}");
}
