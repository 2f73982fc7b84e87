//! Opens a byte stream to a server, with TLS if its address asks for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::tls::Trust;
use super::{ServerUrl, TlsError};

/// How long a stream may take: looking up the name, connecting and the TLS handshake.
const DIAL_TIMEOUT: Duration = Duration::from_secs(15);

/// The stream of a connection, with or without TLS.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// Why there is no stream. `Display` is a sentence for people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error(
        "{server} can't be reached: {cause}. Check the address and that the server is running."
    )]
    Unreachable { server: ServerUrl, cause: io::Error },
    #[error("{server} did not answer in time. Check the address and that the server is running.")]
    TimedOut { server: ServerUrl },
    #[error(
        "{server} has a certificate that this computer does not trust ({cause}). If you trust the \
         server, give its root certificate."
    )]
    NotTrusted { server: ServerUrl, cause: String },
    #[error("{server} does not speak TLS: {cause}. Try http:// instead of https://.")]
    NoTls { server: ServerUrl, cause: io::Error },
    #[error("{0}")]
    Tls(#[from] TlsError),
}

pub(crate) async fn dial(
    server: &ServerUrl,
    trust: &Trust,
) -> Result<Box<dyn ByteStream>, DialError> {
    timeout(DIAL_TIMEOUT, dial_untimed(server, trust))
        .await
        .unwrap_or_else(|_| {
            Err(DialError::TimedOut {
                server: server.clone(),
            })
        })
}

async fn dial_untimed(server: &ServerUrl, trust: &Trust) -> Result<Box<dyn ByteStream>, DialError> {
    let unreachable = |cause| DialError::Unreachable {
        server: server.clone(),
        cause,
    };
    let stream = TcpStream::connect((server.host(), server.port()))
        .await
        .map_err(unreachable)?;
    // Messages are small, and people wait for them.
    stream.set_nodelay(true).map_err(unreachable)?;
    if !server.is_tls() {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(server.host())
        .map_err(|error| unreachable(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let connector = TlsConnector::from(Arc::clone(&trust.config().await?));
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(cause) => Err(tls_failed(server, cause)),
    }
}

fn tls_failed(server: &ServerUrl, cause: io::Error) -> DialError {
    let server = server.clone();
    match cause
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::InvalidCertificate(why)) => DialError::NotTrusted {
            server,
            cause: format!("{why}"),
        },
        _ => DialError::NoTls { server, cause },
    }
}
