//! Tests of starting and stopping a whole server.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn config(dir: &std::path::Path) -> Config {
    Config {
        listen: Some("127.0.0.1:0".to_owned()),
        data_dir: Some(dir.to_owned()),
        ..Config::default()
    }
}

async fn status_line(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

async fn refusal(config: Config) -> String {
    Server::start(config)
        .await
        .expect_err("it started")
        .to_string()
}

#[tokio::test]
async fn it_starts_serves_stops_and_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let server = Server::start(config(dir.path())).await.unwrap();
        assert_eq!(
            status_line(server.address(), "/readyz").await,
            "HTTP/1.1 200 OK"
        );
        let address = server.address();
        server.stop().await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn refusals_are_sentences() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(config(dir.path())).await.unwrap();
    let address = server.address().to_string();
    let other = tempfile::tempdir().unwrap();
    let taken = Config {
        listen: Some(address.clone()),
        ..config(other.path())
    };
    let text = refusal(taken).await;
    assert!(
        text.starts_with(&format!("{address} is in use by another program")),
        "{text}"
    );
    let text = refusal(config(dir.path())).await;
    assert!(
        text.contains("Another chat-server uses the data directory"),
        "{text}"
    );
    let nowhere = Config {
        listen: Some("nowhere".to_owned()),
        ..config(other.path())
    };
    let text = refusal(nowhere).await;
    assert!(text.contains("can't listen on nowhere"), "{text}");
    let file = other.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let text = refusal(config(&file)).await;
    assert!(
        text.contains("data directory") && text.contains("--data-dir"),
        "{text}"
    );
    let pem = Some(file.clone());
    let no_tls = Config {
        tls_cert: pem.clone(),
        tls_key: pem,
        ..config(other.path())
    };
    let text = refusal(no_tls).await;
    assert!(
        text.contains("there is no certificate in PEM in it"),
        "{text}"
    );
    server.stop().await;
}
