//! A certificate for `localhost` that its own key signs, and both ends of TLS with it.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A certificate and its key, in files that end with this value.
pub(crate) struct TestCertificate {
    /// The file of the certificate, in PEM.
    pub(crate) file: String,
    /// The file of the key, in PEM.
    pub(crate) key_file: String,
    _dir: TempDir,
    made: rcgen::CertifiedKey<rcgen::KeyPair>,
}

impl TestCertificate {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str| dir.path().join(name).display().to_string();
        let certificate = Self {
            file: file("cert.pem"),
            key_file: file("key.pem"),
            _dir: dir,
            made: make(),
        };
        certificate.write();
        certificate
    }

    /// Replaces the certificate and its key, in the same files.
    pub(crate) fn renew(&mut self) {
        self.made = make();
        self.write();
    }

    fn write(&self) {
        let key = self.made.signing_key.serialize_pem();
        std::fs::write(&self.key_file, key).expect("a file");
        std::fs::write(&self.file, self.pem()).expect("a file");
    }

    pub(crate) fn pem(&self) -> String {
        self.made.cert.pem()
    }

    /// The flags of a chat server that shows this certificate.
    pub(crate) fn flags(&self) -> [&str; 4] {
        ["--tls-cert", &self.file, "--tls-key", &self.key_file]
    }

    /// A client that trusts this certificate alone.
    pub(crate) fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("versions of the provider")
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    /// A server that shows this certificate.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let key = self.made.signing_key.serialize_der();
        let key = PrivateKeyDer::try_from(key).expect("a key");
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("versions of the provider")
            .with_no_client_auth()
            .with_single_cert(vec![self.der()], key)
            .expect("a certificate and its key");
        TlsAcceptor::from(Arc::new(config))
    }

    fn der(&self) -> CertificateDer<'static> {
        self.made.cert.der().clone()
    }
}

fn make() -> rcgen::CertifiedKey<rcgen::KeyPair> {
    let names = vec!["localhost".to_owned()];
    rcgen::generate_simple_self_signed(names).expect("a certificate")
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
