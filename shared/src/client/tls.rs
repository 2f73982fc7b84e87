//! The trusted root certificates: the operating system's and those that the user adds.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

/// Why a root certificate can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootCertificateError {
    /// The text holds no certificate in PEM form.
    #[error("This is not a PEM certificate; one begins with -----BEGIN CERTIFICATE-----.")]
    NotPem,
    /// The certificate can't be read.
    #[error("The certificate is damaged, or can't be used as a root certificate.")]
    Damaged,
}

/// Why no TLS connection can be made from here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The operating system has no root certificates.
    #[error(
        "This computer has no root certificates to check the server's with; install them \
         (the package is mostly called ca-certificates) or name the server's own."
    )]
    NoRoots,
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}.")]
    Setup(String),
}

/// The trusted roots. Clones share the configuration, which is made when it is first needed.
#[derive(Clone, Default)]
pub(crate) struct Trust {
    extra: Vec<CertificateDer<'static>>,
    config: Arc<OnceCell<Arc<ClientConfig>>>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust(system roots and {} more)", self.extra.len())
    }
}

impl Trust {
    /// Also trusts the certificates in `pem`.
    pub(crate) fn add_pem(&mut self, pem: &[u8]) -> Result<(), RootCertificateError> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| RootCertificateError::NotPem)?;
        if certificates.is_empty() {
            return Err(RootCertificateError::NotPem);
        }
        let mut probe = RootCertStore::empty();
        for certificate in &certificates {
            probe
                .add(certificate.clone())
                .map_err(|_| RootCertificateError::Damaged)?;
        }
        self.extra.extend(certificates);
        self.config = Arc::default();
        Ok(())
    }

    /// The configuration of a TLS connection.
    pub(crate) async fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        self.config
            .get_or_try_init(|| async {
                let extra = self.extra.clone();
                // The system's roots are files, or a keychain that takes its time.
                tokio::task::spawn_blocking(move || build(extra))
                    .await
                    .map_err(|error| TlsError::Setup(error.to_string()))?
            })
            .await
            .cloned()
    }
}

fn build(extra: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(extra);
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let check =
            |pem: &str, error| assert_eq!(Trust::default().add_pem(pem.as_bytes()), Err(error));
        check("", RootCertificateError::NotPem);
        check("hello", RootCertificateError::NotPem);
        let junk = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        check(junk, RootCertificateError::Damaged);
    }
}
