//! A byte stream to a server, with TLS where its address asks for it.

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

/// How long the stream may take: the look-up of the name, the connection and TLS.
const DIAL_TIMEOUT: Duration = Duration::from_secs(15);

/// What a connection is read from and written to.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// Why there is no stream. `Display` is a sentence for people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("{server} can't be reached: {cause}. Is the address right, and does the server run?")]
    Unreachable { server: ServerUrl, cause: io::Error },
    #[error("{server} did not answer in time. Is the address right, and does the server run?")]
    TimedOut { server: ServerUrl },
    #[error(
        "{server} has a certificate that is not trusted here ({cause}). Where you trust the \
         server all the same, name its root certificate."
    )]
    NotTrusted { server: ServerUrl, cause: String },
    #[error("{server} does not speak TLS as it should: {cause}. Should it be http:// instead?")]
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
    // A message is small and someone waits for it.
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
