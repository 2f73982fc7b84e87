//! One address that takes every HTTP connection: others get in all the same.
//! macOS answers on 127.0.0.1 alone, so the test is not for it.
#![cfg(not(target_os = "macos"))]

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::{PATIENCE, Server};

/// Connections that the server takes.
const CONNECTIONS_MAX: usize = 100;

/// Connects from an address of this machine, asks once, and keeps the connection.
async fn keep_alive(from: [u8; 4], server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(server).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {server}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut start = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut start)).await;
    read.map_err(io::Error::other)??;
    assert_eq!(&start, b"HTTP/1.1 200");
    Ok(stream)
}

#[tokio::test]
async fn keep_alive_connections_of_one_address_lock_no_newcomer_out() {
    let max = CONNECTIONS_MAX.to_string();
    let server = Server::start_with(&["--max-http-connections", &max]).await;
    let mut held = Vec::new();
    for _ in 0..3 * CONNECTIONS_MAX {
        held.push(keep_alive([127, 0, 0, 1], server.address).await.unwrap());
    }
    for from in 2..7 {
        held.push(keep_alive([127, 0, 0, from], server.address).await.unwrap());
    }
    let lines = server.log.lines();
    let mut said = lines
        .iter()
        .filter(|line| line.contains("closed to let others in"));
    let line = said.next().expect("the log says what was closed");
    assert!(line.contains("largest_network=127.0.0.1"), "{line}");
    assert_eq!(said.next(), None, "the line is not repeated for each");
}
