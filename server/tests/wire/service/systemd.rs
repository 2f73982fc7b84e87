//! Checks the notifications that the server sends to systemd, and the socket that systemd passes. The
//! tests play systemd.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tokio::net::{TcpStream, UnixDatagram};
use tokio::time::{Instant, sleep, timeout};

use super::{READY, flags, readiness};
use crate::support::{Bare, PATIENCE, note, runs};

/// Reads the server's notifications until one is `text`.
async fn until_notified(socket: &UnixDatagram, text: &str) {
    let mut message = [0; 256];
    loop {
        let received = timeout(PATIENCE, socket.recv(&mut message)).await;
        let length = received
            .unwrap_or_else(|_| panic!("no notification {text}"))
            .unwrap();
        if std::str::from_utf8(&message[..length]).unwrap().trim() == text {
            return;
        }
    }
}

#[tokio::test]
async fn systemd_learns_that_it_is_ready_alive_and_stopping() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    let variables = [
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "200000"),
    ];
    let mut server = Bare::start(&[], &flags("127.0.0.1:0", data.path()), &variables);
    until_notified(&systemd, "READY=1").await;
    server.logged("listening").await;
    until_notified(&systemd, "WATCHDOG=1").await;
    until_notified(&systemd, "WATCHDOG=1").await;
    server.stop().await;
    until_notified(&systemd, "STOPPING=1").await;
}

#[tokio::test]
async fn a_passed_socket_is_served() {
    let activate = "systemd-socket-activate";
    if !runs(activate, &["--version"]) {
        return note("no systemd-socket-activate here: socket activation is not tested");
    }
    let data = tempfile::tempdir().unwrap();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let listen = address.to_string();
    // What --listen says does not matter then.
    let server = Bare::start(
        &[activate, "-l", &listen],
        &flags("192.0.2.1:1", data.path()),
        &[],
    );
    let deadline = Instant::now() + PATIENCE;
    let stream = loop {
        match TcpStream::connect(address).await {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < deadline, "{error}: {}", server.log.tail()),
        }
        sleep(Duration::from_millis(20)).await;
    };
    // The server is started by this connection, and then serves it.
    assert_eq!(readiness(stream).await, READY);
    let line = server.logged("listening").await;
    assert!(line.contains(&listen), "{line}");
}
