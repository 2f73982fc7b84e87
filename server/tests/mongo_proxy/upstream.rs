//! The MongoDB behind the proxy, reached as its URL says: its primary, with TLS or without.

use std::path::Path;
use std::sync::Arc;

use mongodb::Client;
use mongodb::bson::doc;
use mongodb::options::{ClientOptions, Tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The user and password of a URL, with the `@` behind them; empty where it has none.
pub(super) fn user_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    authority.rfind('@').map_or("", |at| &authority[..=at])
}

/// The options of a URL that say how its user signs in: `authSource` and `authMechanism`.
pub(super) fn user_options(url: &str) -> String {
    let options = url.split_once('?').map_or("", |(_, options)| options);
    let of_user = options.split('&').filter(|pair| pair.starts_with("auth"));
    of_user.map(|pair| format!("&{pair}")).collect()
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The server behind the proxy.
#[derive(Clone)]
pub(super) struct Upstream {
    host: String,
    tls: Option<TlsConnector>,
}

impl Upstream {
    pub(super) async fn find(options: ClientOptions) -> Self {
        let tls = match &options.tls {
            Some(Tls::Enabled(tls)) => {
                let file = tls.ca_file_path.as_ref().expect("tlsCAFile in the URL");
                Some(connector(file))
            }
            _ => None,
        };
        let first = options.hosts[0].to_string();
        let client = Client::with_options(options).expect("a client");
        let admin = client.database("admin");
        let hello = admin.run_command(doc! { "hello": 1 }).await;
        let hello = hello.expect("a MongoDB that answers");
        let host = hello.get_str("primary").map_or(first, str::to_owned);
        Self { host, tls }
    }

    pub(super) async fn connect(&self) -> std::io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(&self.host).await?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = self
            .host
            .rsplit_once(':')
            .map_or(&*self.host, |(name, _)| name);
        let name = ServerName::try_from(name.to_owned()).map_err(std::io::Error::other)?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }
}

fn connector(authorities: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let all = CertificateDer::pem_file_iter(authorities).expect("tlsCAFile can be read");
    roots.add_parsable_certificates(all.flatten());
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
