//! URLs of MongoDB as people have them: with TLS, with options of other drivers, with a mistake.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::proxy::Proxy;
use crate::secrets::last_line;
use crate::support::mongo_server::TestDatabase;

/// The longest wait for a server to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A port with TLS before `upstream`, and the file of the certificate that it shows.
async fn tls_before(upstream: String) -> (u16, tempfile::NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), made.cert.pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await?;
                let mut store = TcpStream::connect(upstream).await?;
                copy_bidirectional(&mut client, &mut store).await
            });
        }
    });
    (port, file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untrusted_certificate_is_told_from_a_server_that_is_down() {
    let (port, _) = tls_before("127.0.0.1:9".to_owned()).await;
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
    let proxy = Proxy::start(&database.url).await;
    let (port, certificate) = tls_before(proxy.address.to_string()).await;
    // With the user of the tests' MongoDB, where it has one.
    let plain = proxy.url();
    let url = plain.replace(&proxy.address.to_string(), &format!("localhost:{port}"));
    let url = format!(
        "{url}&tls=true&compressors=zstd,snappy&socketTimeoutMS=30000\
         &retryWrites=true&w=majority&appName=Cluster0"
    );
    let mut server = Command::new(env!("CARGO_BIN_EXE_chat-server"))
        .env("MONGO_URL", url)
        .env("SSL_CERT_FILE", certificate.path())
        .args([
            "--listen",
            "127.0.0.1:0",
            "--mongo-database",
            &database.name,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = server.stderr.take().unwrap();
    let (lines, said) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = lines.send(line);
        }
    });
    let mut all = Vec::new();
    let started = loop {
        match said.recv_timeout(PATIENCE) {
            Ok(line) => all.push(line),
            Err(_) => break false,
        }
        if all.iter().any(|line| line.contains("listening")) {
            break true;
        }
    };
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(started, "{all:#?}");
    let ignored = |line: &String| line.contains("compressors, socketTimeoutMS");
    assert!(all.iter().any(ignored), "{all:#?}");
}
