//! URLs of MongoDB as people have them: with TLS, with options of other drivers, with a mistake.

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::proxy::{Front, Proxy};
use crate::secrets::last_line;
use crate::support::mongo_server::TestDatabase;
use crate::support::tls::TestCertificate;
use crate::support::{Server, mongo_flags};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untrusted_certificate_is_told_from_a_server_that_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TestCertificate::new().acceptor();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // The client ends the handshake, as it does not trust the certificate.
            tokio::spawn(acceptor.accept(client));
        }
    });
    let url = format!("mongodb://ann:hunter42@localhost:{port}/?tls=true");
    let last = last_line(url).await;
    assert!(last.contains("tlsCAFile"), "{last}");
    assert!(!last.contains("Start it"), "{last}");
}

/// A MongoDB without TLS ends a connection that begins with TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_asked_of_a_plain_port_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.read(&mut [0; 4_096]).await;
        }
    });
    let last = last_line(format!("mongodb://{address}/?tls=true")).await;
    assert!(last.contains("wrong where it has none"), "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn the_name_of_another_replica_set_is_told() {
    let database = TestDatabase::new();
    let proxy = Proxy::start(&database.url).await;
    let last = last_line(format!("mongodb://{}/?replicaSet=hunter42", proxy.address)).await;
    assert!(last.contains("replica set that the URL names"), "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_option_is_named() {
    for (options, name) in [
        ("tls=hunter42", "tls"),
        ("retryWrites=true&proxyHost=hunter42", "proxyHost"),
        ("maxPoolSize=hunter42", "maxPoolSize"),
    ] {
        let last = last_line(format!("mongodb://ann:hunter42@127.0.0.1:1/?{options}")).await;
        assert!(last.contains(&format!("the option {name} ")), "{last}");
    }
}

/// A URL as Atlas hands it out, and the authority of its certificate in a file that this machine
/// trusts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn an_authority_that_the_machine_trusts_is_trusted() {
    let database = TestDatabase::new();
    let certificate = TestCertificate::new();
    let front = Front {
        account: None,
        tls: Some(certificate.acceptor()),
    };
    let proxy = Proxy::start_with(&database.url, front).await;
    // With the user of the tests' MongoDB, where it has one.
    let by_name = format!("localhost:{}", proxy.address.port());
    let url = proxy.url().replace(&proxy.address.to_string(), &by_name);
    let url = format!(
        "{url}&tls=true&compressors=zstd,snappy&socketTimeoutMS=30000\
         &retryWrites=true&w=majority&appName=Cluster0"
    );
    let trusted = [("SSL_CERT_FILE", certificate.file.as_str())];
    let flags = mongo_flags(&url, &database);
    let server = Server::start_under(&[], &trusted, &flags).await;
    let lines = server.log.lines();
    let ignored = |line: &String| line.contains("compressors, socketTimeoutMS");
    assert!(lines.iter().any(ignored), "{lines:#?}");
}
