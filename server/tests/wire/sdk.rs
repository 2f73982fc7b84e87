//! The SDK against the real server: over TLS with a certificate of its own, and through a crash.

use std::time::Duration;

use chat_shared::RoomName;
use chat_shared::client::{Accounts, ClientConfig, Event, Events, ServerUrl, connect};
use chat_shared::protocol::{PageKind, ServerFrame};
use tokio::time::timeout;

use crate::support::Server;
use crate::support::tls::TestCertificate;

const SOON: Duration = Duration::from_secs(30);

async fn next_chat(events: &mut Events) -> (u64, String) {
    let wait = async {
        loop {
            match events.next().await.expect("the connection lives") {
                Event::Frame(ServerFrame::Chat(chat)) => return (chat.seq, chat.message),
                Event::Closed(reason) => panic!("closed: {reason}"),
                _ => {}
            }
        }
    };
    timeout(SOON, wait).await.expect("a message comes")
}

#[tokio::test]
async fn over_tls_and_through_a_crash_each_message_comes_once() {
    let certificate = TestCertificate::new();
    let mut server = Server::start_for_restarts_with(&certificate.flags()).await;

    let url = format!("wss://localhost:{}", server.address.port());
    let url = ServerUrl::parse(&url).unwrap();
    let pem = certificate.pem();
    let accounts = Accounts::new(url.clone())
        .root_certificate(pem.as_bytes())
        .unwrap();
    accounts.register("ann", "correct horse").await.unwrap();
    let session = accounts.sign_in("ann", "correct horse").await.unwrap();
    let config = ClientConfig::new(url, session.token)
        .root_certificate(pem.as_bytes())
        .unwrap();
    let (client, mut events) = connect(config);
    let lobby = RoomName::lobby();

    assert_eq!(client.send(&lobby, "before").await.unwrap().seq, 1);
    assert_eq!(next_chat(&mut events).await, (1, "before".to_owned()));
    server.kill();
    // The message is pending in the SDK until the server is back.
    let sending = tokio::spawn({
        let (client, lobby) = (client.clone(), lobby.clone());
        async move { client.send(&lobby, "meanwhile").await }
    });
    server.restart().await;
    let ack = timeout(SOON, sending).await.unwrap().unwrap().unwrap();
    assert_eq!(ack.seq, 2);
    assert_eq!(next_chat(&mut events).await, (2, "meanwhile".to_owned()));

    let page = client
        .history(&lobby, PageKind::Newest, None)
        .await
        .unwrap();
    let texts: Vec<_> = page
        .messages
        .iter()
        .map(|chat| chat.message.as_str())
        .collect();
    assert_eq!(texts, ["before", "meanwhile"]);
    client.close().await;
}
