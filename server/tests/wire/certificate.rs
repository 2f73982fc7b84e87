//! SIGHUP reads the certificate again, and harms nothing.

use std::time::{Duration, Instant};

use chat_shared::RoomName;
use chat_shared::client::{Accounts, ClientConfig, ServerUrl, connect};

use crate::support::Server;
use crate::support::tls::TestCertificate;

/// How long a reload may take.
const RELOAD_MAX: Duration = Duration::from_secs(30);

/// Whether a client that trusts only `certificate` reaches the server.
async fn is_used(url: &ServerUrl, certificate: &str) -> bool {
    let accounts = Accounts::new(url.clone()).root_certificate(certificate.as_bytes());
    let signed_in = accounts.unwrap().sign_in("ann", "correct horse").await;
    signed_in.is_ok()
}

async fn until_used(url: &ServerUrl, certificate: &str) {
    let deadline = Instant::now() + RELOAD_MAX;
    while !is_used(url, certificate).await {
        assert!(Instant::now() < deadline, "the certificate is not used");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_an_unusable_one_is_not() {
    let mut certificate = TestCertificate::new();
    let first = certificate.pem();
    let server = Server::start_with(&certificate.flags()).await;
    let url = format!("https://localhost:{}", server.address.port());
    let url = ServerUrl::parse(&url).unwrap();
    let accounts = Accounts::new(url.clone())
        .root_certificate(first.as_bytes())
        .unwrap();
    accounts.register("ann", "correct horse").await.unwrap();
    let session = accounts.sign_in("ann", "correct horse").await.unwrap();
    let config = ClientConfig::new(url.clone(), session.token)
        .root_certificate(first.as_bytes())
        .unwrap();
    let (client, _events) = connect(config);
    let lobby = RoomName::lobby();
    client.send(&lobby, "before").await.unwrap();

    certificate.renew();
    let second = certificate.pem();
    assert!(!is_used(&url, &second).await);
    server.signal("HUP");
    until_used(&url, &second).await;
    assert!(!is_used(&url, &first).await);
    assert_eq!(client.send(&lobby, "after").await.unwrap().seq, 2);

    std::fs::write(&certificate.key_file, "no key").unwrap();
    server.signal("HUP");
    let log = || server.log.tail();
    let deadline = Instant::now() + RELOAD_MAX;
    while !log().contains("the old one stays") {
        assert!(Instant::now() < deadline, "nothing was logged: {}", log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(is_used(&url, &second).await);
}

#[tokio::test]
async fn a_server_without_a_certificate_survives_sighup() {
    let server = Server::start().await;
    server.signal("HUP");
    let deadline = Instant::now() + RELOAD_MAX;
    while !server.log.tail().contains("no certificate to reload") {
        assert!(Instant::now() < deadline, "{}", server.log.tail());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.newcomer("ann").await;
}
