//! A client that sends frames before the reply to its upgrade request: they are not lost.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::frames::{FIN, TEXT, masked};
use crate::support::{PATIENCE, Server};

const FINAL_TEXT: u8 = FIN | TEXT;

#[tokio::test]
async fn a_frame_sent_with_the_upgrade_request_is_read() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let mut all = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: {}\r\n\r\n",
        server.address,
        ann.bearer()
    )
    .into_bytes();
    all.extend(masked(FINAL_TEXT, br#"{"type":"hello","version":1}"#));
    let send = br#"{"type":"send","room":"lobby","text":"at once","nonce":"n-1","id":"first"}"#;
    all.extend(masked(FINAL_TEXT, send));
    all.extend(masked(FINAL_TEXT, br#"{"type":"ping","id":"last"}"#));
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    tcp.write_all(&all).await.unwrap();

    let mut got = Vec::new();
    let is_there = |got: &[u8], text: &[u8]| got.windows(text.len()).any(|part| part == text);
    let hear = async {
        while !is_there(&got, br#""re":"last""#) || !is_there(&got, br#""re":"first""#) {
            let count = tcp.read_buf(&mut got).await.unwrap();
            assert!(
                count > 0,
                "it was closed: {}",
                String::from_utf8_lossy(&got)
            );
        }
    };
    timeout(PATIENCE, hear).await.unwrap();
    let got = String::from_utf8_lossy(&got);
    assert!(got.starts_with("HTTP/1.1 101"), "{got}");
    let place = |text: &str| {
        got.find(text)
            .unwrap_or_else(|| panic!("no {text} in {got}"))
    };
    assert!(place(r#""type":"welcome""#) < place(r#""type":"ack""#));
}
