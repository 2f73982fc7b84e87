//! Runs FerretDB as a company runs MongoDB: with TLS and a user. It prints the URL, and ends when
//! its standard input does.
//!
//! ```sh
//! cargo run -p chat-server --example mongo-front
//! CHAT_TEST_MONGO_URL='mongodb://…' cargo xtask test mongo     # in another terminal
//! ```
#![expect(clippy::print_stdout, reason = "the URL is what it is run for")]

#[path = "../tests/mongo_proxy/mod.rs"]
#[allow(dead_code, reason = "it is shared with the tests")]
mod mongo_proxy;
#[path = "../tests/mongo_server/mod.rs"]
#[allow(dead_code, reason = "it is shared with the tests")]
mod mongo_server;

use std::io::Read;
use std::sync::Arc;

use mongo_proxy::{Account, Front, Proxy};
use mongo_server::TestDatabase;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    let authority = tempfile::NamedTempFile::new()?;
    std::fs::write(authority.path(), made.cert.pem())?;
    let front = Front {
        account: Some(Account {
            name: "chat".to_owned(),
            password: "correct-horse".to_owned(),
        }),
        tls: Some(TlsAcceptor::from(Arc::new(tls))),
    };
    // The FerretDB lives as long as this process.
    let proxy = Proxy::start_with(&TestDatabase::new().url, front).await;
    println!(
        "mongodb://chat:correct-horse@localhost:{}/?appName=FerretDB&tls=true&tlsCAFile={}",
        proxy.address.port(),
        authority.path().display()
    );
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await??;
    Ok(())
}
