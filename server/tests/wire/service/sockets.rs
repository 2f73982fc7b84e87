//! A unix socket, a port at every address, and a socket that systemd passes.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpStream, UnixStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{READY, flags, readiness};
use crate::support::{Bare, PASSWORD};

#[tokio::test]
async fn people_talk_over_a_unix_socket() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("chat.sock");
    let listen = format!("unix:{}", path.display());
    let mut server = Bare::start(&[], &flags(&listen, data.path()), &[]);
    let line = server.logged("listening").await;
    assert!(line.contains(&format!("address={listen}")), "{line}");
    let connect = || UnixStream::connect(&path);
    assert_eq!(readiness(connect().await.unwrap()).await, READY);

    for call in ["/register", "/login"] {
        let body = json!({"username": "ann", "password": PASSWORD}).to_string();
        let answer = post(connect().await.unwrap(), call, &body).await;
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        let Some((_, body)) = answer.split_once("\r\n\r\n") else {
            panic!("{answer}");
        };
        let body: Value = serde_json::from_str(body).unwrap();
        if let Some(token) = body["token"].as_str() {
            talk(connect().await.unwrap(), token).await;
        }
    }

    // Another server does not take the path, and the file of one that was killed is in nobody's way.
    let other = tempfile::tempdir().unwrap();
    let second = Bare::start(&[], &flags(&listen, other.path()), &[]);
    second.logged("in use by another program").await;
    assert_eq!(readiness(connect().await.unwrap()).await, READY);
    server.kill();
    assert!(path.exists());
    let mut server = Bare::start(&[], &flags(&listen, data.path()), &[]);
    server.logged("listening").await;
    assert_eq!(readiness(connect().await.unwrap()).await, READY);
    server.stop().await;
    assert!(!path.exists(), "it is removed by a server that stops");
}

async fn post(mut stream: UnixStream, path: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Says one message over a WebSocket.
async fn talk(stream: UnixStream, token: &str) {
    let mut request = "ws://localhost/ws".into_client_request().unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("Authorization", bearer);
    let (mut ws, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap();
    for frame in [
        json!({"type": "hello", "version": 1}),
        json!({"type": "send", "room": "lobby", "text": "hi", "nonce": "n1"}),
    ] {
        ws.send(Message::text(frame.to_string())).await.unwrap();
    }
    loop {
        let frame = ws.next().await.unwrap().unwrap();
        if frame.to_text().unwrap().contains("\"ack\"") {
            return;
        }
    }
}

#[tokio::test]
async fn a_port_is_served_on_ipv4_and_ipv6() {
    let data = tempfile::tempdir().unwrap();
    // Free a moment ago, at every address.
    let port =
        TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).map(|it| it.local_addr().unwrap().port());
    let Ok(port) = port else { return };
    let flags = ["--data-dir", data.path().to_str().unwrap()];
    let server = Bare::start(&[], &flags, &[("PORT", &port.to_string())]);
    server.logged("listening").await;
    let v4 = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
    assert_eq!(readiness(v4.unwrap()).await, READY);
    let v6 = TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await;
    assert_eq!(readiness(v6.unwrap()).await, READY);
}
