//! The server as a service of its machine: where it listens, what it tells systemd, and the form of
//! its log.
#![cfg(unix)]

mod configuration;
mod log;
mod proxies;
mod sockets;
mod systemd;

use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The flags of a server that listens there.
fn flags<'a>(listen: &'a str, data: &'a Path) -> [&'a str; 4] {
    ["--listen", listen, "--data-dir", data.to_str().unwrap()]
}

/// The status line of an answer to `GET /readyz`.
async fn readiness(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

const READY: &str = "HTTP/1.1 200 OK";
