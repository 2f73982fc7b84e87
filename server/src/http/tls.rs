//! A certificate and its key, from files to something that accepts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why TLS can't be spoken. Each is a sentence for the operator; nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("The certificate {} can't be read: {reason}. Check --tls-cert.", .file.display())]
    Certificate { file: PathBuf, reason: String },
    #[error("The private key {} can't be read: {reason}. Check --tls-key.", .file.display())]
    Key { file: PathBuf, reason: String },
    #[error("The certificate and the private key don't work together: {0}.")]
    Pair(rustls::Error),
}

/// Reads a certificate chain and its private key, both in PEM.
///
/// # Errors
/// [`TlsError`].
pub fn load(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let unreadable = |error: PemError| TlsError::Certificate {
        file: cert.into(),
        reason: describe(&error, "certificate"),
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if chain.is_empty() {
        return Err(unreadable(PemError::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Key {
        file: key.into(),
        reason: describe(&error, "private key"),
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn describe(error: &PemError, what: &str) -> String {
    match error {
        PemError::Io(error) => error.to_string(),
        PemError::NoItemsFound => format!("there is no {what} in PEM in it"),
        _ => "it is not PEM".to_owned(),
    }
}
