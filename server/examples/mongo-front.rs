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
#[path = "../tests/wire/support/tls.rs"]
#[allow(dead_code, reason = "it is shared with the tests")]
mod tls;

use std::io::Read;

use mongo_proxy::{Account, Front, Proxy};
use mongo_server::TestDatabase;
use tls::TestCertificate;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let certificate = TestCertificate::new();
    let front = Front {
        account: Some(Account {
            name: "chat".to_owned(),
            password: "correct-horse".to_owned(),
        }),
        tls: Some(certificate.acceptor()),
    };
    // The FerretDB lives as long as this process.
    let proxy = Proxy::start_with(&TestDatabase::new().url, front).await;
    println!(
        "mongodb://chat:correct-horse@localhost:{}/?appName=FerretDB&tls=true&tlsCAFile={}",
        proxy.address.port(),
        certificate.file
    );
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await??;
    Ok(())
}
